"""All that a workspace remembers, in one object: tasks, claims, checkpoints, and the search over it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cairn_memory.blobs import BlobStore
from cairn_memory.claims import Claim, Claims, Proposals
from cairn_memory.errors import StoreDamaged, StoreError, explain
from cairn_memory.events import CheckpointWritten, ClaimScope, Event, Payload
from cairn_memory.inject import Injected, inject
from cairn_memory.log import EventLog
from cairn_memory.memory_files import MemoryFile, project_memory, user_memory
from cairn_memory.pages import Pages
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.compose import Material, Remembered
from cairn_memory.recall.facts import Facts
from cairn_memory.recall.made import from_json
from cairn_memory.tasks import SpendingBook, TaskTree, read_tasks, task_lines
from cairn_memory.versions import Versions

if TYPE_CHECKING:
    from cairn_memory.search import SearchIndex

logger = logging.getLogger(__name__)

OFF = "the memory is switched off (memory.enabled = false in your config.toml), so nothing is kept to be searched"

RANKED = 60
"""Claims that a window is offered."""


class Memory:
    """Made once for a workspace, on one event loop; `open` before use."""

    def __init__(self, workspace: Workspace, user: UserFolders, log: EventLog, blobs: BlobStore) -> None:
        self.workspace = workspace
        self.user = user
        self.log = log
        self.blobs = blobs
        self.enabled: Callable[[], bool] = lambda: True
        """Whether sessions are told what is remembered, and a search index is kept."""
        self.problems: list[str] = []
        self.versions = Versions(log, blobs)
        files: dict[ClaimScope, MemoryFile] = {
            "project": project_memory(workspace),
            "user": user_memory(user),
        }
        self.claims = Claims(self.versions, log, files)
        self.proposals = Proposals(self.claims, log)
        self.tasks = TaskTree()
        self.spending = SpendingBook(log)
        self.pages = Pages(workspace, log, self.versions)
        self._index: SearchIndex | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Reads what the log says of tasks, claims and files. Raises StoreError."""
        self.tasks = await read_tasks(self.log)
        await self.versions.open()
        await self.claims.open()
        if not self.enabled():
            await asyncio.to_thread(self._remove_index)

    @asynccontextmanager
    async def anew(self) -> AsyncGenerator[None]:
        """Around a rewriting of the log: nothing is written by the memory inside, and after it all of it is read anew.

        Raises StoreError when it cannot be read.
        """
        async with self.claims.anew():
            await self.pages.close(self.tasks)
            await self.versions.settled()
            try:
                yield
            finally:
                await self.versions.reopen()
                self.tasks.become(await read_tasks(self.log))
                self.pages.forget()
                await self.spending.forget()

    @asynccontextmanager
    async def without_index(self) -> AsyncGenerator[None]:
        """Has the index closed inside, and follows the log again after it if it did before."""

        async with self._opening:
            index, self._index = self._index, None
            if index is not None:
                await index.close()
            yield
        if index is not None:
            try:
                await self.index()
            except StoreError as error:  # the next search says it again
                logger.warning("%s", error)

    async def close(self) -> None:
        """Writes the last pages and lets go of the index; the log may be closed afterwards."""
        await self.spending.close()
        await self.pages.close(self.tasks)
        if self._index is not None:
            await self._index.close()

    def _remove_index(self) -> None:
        from cairn_memory.search.index import INDEX

        try:
            for path in self.workspace.local.glob(f"{INDEX}*"):
                path.unlink(missing_ok=True)
        except OSError as error:
            self.problems.append(str(explain(error, "the search index could not be removed")))

    def follow(self, payload: Payload, session: str, time: int) -> None:
        """Takes an event in that tasks or pages depend on; returns at once. Others are passed over."""
        self.tasks.apply(payload, session, time)
        self.pages.follow(payload, session, self.tasks)

    async def index(self) -> "SearchIndex":
        """The search, opened when it is first needed. Raises StoreError, also when the memory is switched off."""
        if not self.enabled():
            raise StoreError(OFF)
        from cairn_memory.search import SearchIndex  # needed later, and a host should start quickly
        from cairn_memory.sections import MemorySections

        async with self._opening:
            if self._index is None:
                self._index = await SearchIndex.open(
                    self.workspace.local, self.log, MemorySections(self), self.problems.append
                )
            return self._index

    def checkpoint(self, written: CheckpointWritten | None) -> Checkpoint | None:
        """The checkpoint of this event; None when there is none, or its data is gone or damaged: code makes another."""
        if written is None:
            return None
        try:
            return from_json(self.blobs.get(written.data))
        except (StoreDamaged, ValueError) as error:
            logger.warning("checkpoint %d: %s", written.number, error)
            return None

    async def standing_claims(self, about: str) -> tuple[list[Claim], list[Claim]]:
        """The rules in the order of their files, and what else is remembered, best first for `about`."""
        if not self.enabled():
            return [], []
        try:
            claims = await self.claims.all()
        except StoreError as error:
            logger.warning("nothing is remembered: %s", error)
            return [], []
        rules = [claim for claim in claims if claim.about == "rule"]
        others = [claim for claim in claims if claim.about != "rule"]
        if not others:
            return rules, []
        from cairn_memory.claims.ranked import (
            ranked,  # with the search's words: only where there is something to rank
        )

        return rules, ranked(others, about)[:RANKED]

    async def material(
        self, facts: Facts, checkpoint: Checkpoint | None, standing: str = "", about: str = ""
    ) -> Material:
        """What a window of a session can be made of; `about` is what memory is ranked against besides the facts."""
        newest = facts.words.last
        about = f"{about}\n{newest.text if newest else ''}\n{facts.goal}"
        rules, claims = await self.standing_claims(about)
        notes = [Remembered(f"e{seq}", f"- {text} (e{seq})") for seq, text in reversed(facts.notes)]
        return Material(
            facts,
            checkpoint,
            tasks=[task.text for task in self.open_tasks()],
            rules=remembered(rules),
            claims=remembered(claims),
            notes=notes,
            standing=standing,
        )

    async def injected(self, first_words: str, sessions: Sequence[Remembered], budget: int) -> Injected:
        """What a new session is told, ranked against the user's first words, within `budget` tokens."""
        rules, claims = await self.standing_claims(first_words)
        parts = {
            "rules": remembered(rules),
            "memory": remembered(claims),
            "tasks": self.open_tasks(),
            "sessions": sessions,
        }
        return inject(parts, budget)

    def task_lines(self) -> list[str]:
        """The whole tree as lines of Markdown."""
        return task_lines(self.tasks)

    def open_tasks(self) -> list[Remembered]:
        """What is left to do, below what it belongs to."""
        return open_tasks(self.tasks)

    async def record(self, session: str, *payloads: Payload) -> tuple[Event, ...]:
        """Stores what a person did to tasks or notes, beside whatever `session` does. Raises StoreError."""
        events = await self.log.append(session, *payloads)
        for event in events:
            self.follow(event.payload, event.session, event.time)
        return events

    async def newest_checkpoint(self, session: str) -> Event | None:
        """The event of the session's newest checkpoint. Raises StoreError."""
        kinds = (CheckpointWritten.kind,)
        events = await self.log.read(session=session, kinds=kinds, newest=True, limit=1)
        return events[0] if events else None


def open_tasks(tasks: TaskTree) -> list[Remembered]:
    """What is left to do, below what it belongs to."""
    left = {task.id for task in tasks.open_tasks()}
    shown = [
        task
        for task in tasks.order()
        if task.id in left or any(other.startswith(f"{task.id}.") for other in left)
    ]
    lines = task_lines(tasks, shown)
    return [Remembered(task.id, line) for task, line in zip(shown, lines, strict=True)]


def remembered(claims: Sequence[Claim]) -> list[Remembered]:
    """Claims as lines of a window."""
    return [Remembered(claim.id, f"- {claim.text} ({claim.id})") for claim in claims]

"""The memory's pages for people: checkpoint.md and notes.md of a session, progress.md of a task.

Each is made from the log and has one writer. What a person changes there counts: lines they add to or
take out of checkpoint.md go into the next checkpoint, lines they write into notes.md become notes.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence

from cairn_memory.carry import carried
from cairn_memory.errors import StoreError
from cairn_memory.events import CheckpointWritten, Event, NoteAdded, NoteRemoved, Payload, TaskChanged
from cairn_memory.log import EventLog
from cairn_memory.memory_files import MemoryFile, local_file
from cairn_memory.places import Workspace
from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.page import hand_edit, to_markdown
from cairn_memory.redact.restore import restored
from cairn_memory.tasks import TaskTree, progress
from cairn_memory.versions import NO_SESSION, Versions

logger = logging.getLogger(__name__)

SOON = 0.5
"""Seconds until a page follows a note or a change of a task: several come together."""

SHOWN = (NoteAdded.kind, TaskChanged.kind)
"""The events that pages follow."""

NOTES_HEAD = "# Notes\n\nWhat the agent noted. A bullet you add below becomes a note of yours.\n"
_CITED = re.compile(r" \(e(\d{1,15})(?:, in checkpoint \d+)?\)$")

LOOKED_AT = 1_000
"""Newest notes of a session, and changes of tasks, that pages are made from."""


class Pages:
    """Writes the pages, some a little later, all off the event loop. A page that cannot be written harms nothing."""

    def __init__(self, workspace: Workspace, log: EventLog, versions: Versions) -> None:
        self._workspace = workspace
        self._log = log
        self._versions = versions
        self._notes: set[str] = set()
        self._tasks: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._made: dict[str, str] = {}
        """Name of a page -> the text it was last given by us."""
        self._noting = asyncio.Lock()

    def follow(self, payload: Payload, session: str, tree: TaskTree) -> None:
        """Lets the pages follow an event soon; returns at once."""
        match payload:
            case NoteAdded():
                self._notes.add(session)
            case TaskChanged():
                self._tasks.add(payload.task)
            case _:
                return
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_soon(tree), name="pages")

    async def close(self, tree: TaskTree) -> None:
        """Writes what is still to be written."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._write(tree)

    def forget(self) -> None:
        """What was written into pages is asked of the log again: it was rewritten."""
        self._made.clear()

    # --- checkpoint.md ------------------------------------------------------------------

    async def edited(self, session: str, newest: Checkpoint | None) -> Checkpoint | None:
        """The newest checkpoint with what a person changed in its page."""
        if newest is None:
            return None
        try:
            today = await self._versions.look(self._file(session, "checkpoint.md"))
        except StoreError as error:
            logger.warning("%s", error)
            return newest
        shown = to_markdown(newest)
        if not today or today == shown:
            return newest
        return hand_edit(shown, await asyncio.to_thread(self._log.masker.mask, today), newest)

    async def show(self, session: str, made: Checkpoint, seen: Checkpoint | None) -> None:
        """Writes the page of `made`. What was changed in the page since it was that of `seen` stays in it."""
        before = to_markdown(seen) if seen else ""

        def change(today: str) -> str:
            if not today or not before or today == before:
                return to_markdown(made)
            mask = self._log.masker.mask  # a secret that somebody typed stays in their page, and nowhere else
            return restored(to_markdown(hand_edit(before, mask(today), made)), today, mask)

        try:
            file = self._file(session, "checkpoint.md")
            await self._versions.edit(
                file, change, by="writer", reason=f"checkpoint {made.number}", session=session
            )
        except StoreError as error:
            logger.warning("checkpoint.md of %s was not written: %s", session, error)

    # --- notes.md, progress.md ----------------------------------------------------------

    async def take_notes(self, session: str) -> None:
        """What a person wrote into notes.md becomes notes, what they took out is none any more."""
        try:
            async with self._noting:
                if await self._take_notes(session):
                    await self._show_notes(session)
        except StoreError as error:
            logger.warning("notes.md of %s was not looked at: %s", session, error)

    async def _take_notes(self, session: str) -> bool:
        """Whether a person wrote into notes.md. The page must be shown anew after it."""
        file = self._file(session, "notes.md")
        today = await self._versions.look(file)
        base = await self._base(file) if today else ""
        if today == base:
            return False
        had, has = _bullets(base), _bullets(today)
        new = [text for text in has if text not in had]
        gone = [cited for text, cited in had.items() if text not in has and cited]
        events = [
            *(NoteAdded(text=text, by="user") for text in new),
            *(NoteRemoved(note=seq) for seq in gone),
        ]
        if events:
            await self._log.append(session, *events)
        return True

    async def _write_soon(self, tree: TaskTree) -> None:
        while self._notes or self._tasks:
            await asyncio.sleep(SOON)
            await self._write(tree)

    async def _write(self, tree: TaskTree) -> None:
        notes, self._notes = self._notes, set()
        tasks, self._tasks = self._tasks, set()
        try:
            for session in notes:
                async with self._noting:
                    await self._take_notes(session)
                    await self._show_notes(session)
            changes = (
                await self._log.read(kinds=(TaskChanged.kind,), newest=True, limit=LOOKED_AT) if tasks else []
            )
            for number in tasks:
                await self._show_task(number, tree, changes)
        except StoreError as error:
            logger.warning("a page was not written: %s", error)
        except asyncio.CancelledError:  # `close` writes them
            self._notes |= notes
            self._tasks |= tasks
            raise

    async def _show_notes(self, session: str) -> None:
        file, text = (
            self._file(session, "notes.md"),
            "\n".join((NOTES_HEAD, *await self._shown_notes(session), "")),
        )
        await self._give(file, lambda today: text, text, reason="notes", session=session)

    async def _shown_notes(self, session: str) -> list[str]:
        """The lines of notes.md: each note with its event, and the checkpoint that took it in."""
        kinds = (NoteAdded.kind, NoteRemoved.kind, CheckpointWritten.kind)
        events = await self._log.read(session=session, kinds=kinds, newest=True, limit=LOOKED_AT)
        taken = {
            number: event.payload.number
            for event in events
            if isinstance(event.payload, CheckpointWritten)
            for number in event.payload.notes
        }
        removed = {event.payload.note for event in events if isinstance(event.payload, NoteRemoved)}
        return [
            _note(event.payload.text, event.seq, taken.get(event.seq))
            for event in events
            if isinstance(event.payload, NoteAdded) and event.seq not in removed
        ]

    async def _show_task(self, number: str, tree: TaskTree, changes: Sequence[Event]) -> None:
        task = tree.get(number)
        if task is None:
            return
        file = local_file(self._workspace, f"tasks/{number}/progress.md")
        base, text = await self._base(file), progress(tree, task, changes)

        def change(today: str) -> str:
            return carried(base, today, text)

        await self._give(file, change, text, reason=f"{number} {task.state}")

    async def _give(
        self,
        file: MemoryFile,
        change: Callable[[str], str],
        text: str,
        *,
        reason: str,
        session: str = NO_SESSION,
    ) -> None:
        """Writes a page that was made as `text`. Cut off, it is written all the same: the log says then what was."""
        self._made.pop(file.name, None)
        await self._versions.edit(file, change, by="agent", reason=reason, session=session)
        self._made[file.name] = text

    async def _base(self, file: MemoryFile) -> str:
        """The text that we last gave the page, "" when there is none."""
        if (known := self._made.get(file.name)) is not None:
            return known
        ours = [version for version in await self._versions.history(file) if version.by != "user"]
        text = self._made[file.name] = await self._versions.text(ours[-1]) if ours else ""
        return text

    def _file(self, session: str, name: str) -> MemoryFile:
        return local_file(self._workspace, f"sessions/{session}/{name}")


def _bullets(page: str) -> dict[str, int]:
    """The bullets of notes.md: text -> the event it cites, 0 for none."""
    found: dict[str, int] = {}
    for line in page.splitlines():
        if line.startswith(("- ", "* ")) and line[2:].strip():
            cited = _CITED.search(line)
            text = line[2 : cited.start()] if cited else line[2:]
            found[text.strip()] = int(cited[1]) if cited else 0
    return found


def _note(text: str, seq: int, checkpoint: int | None) -> str:
    where = f", in checkpoint {checkpoint}" if checkpoint else ""
    return f"- {' '.join(text.split())} (e{seq}{where})"

"""What is kept, and how it goes: where it lies, export and import, deletion, retention, masking of what is stored.

One of these at a time, and each to its end, also when whoever asked for it goes away meanwhile.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cairn_agents.config.settings import MemorySettings
from cairn_agents.info import RunInfo
from cairn_agents.outfit import RunError
from cairn_memory.archive.export import Exported, export
from cairn_memory.archive.restore import Restored, restore
from cairn_memory.checkup import memory_files
from cairn_memory.claims import Claim
from cairn_memory.erase import Erasure, erase
from cairn_memory.errors import StoreError
from cairn_memory.events import ClaimScope
from cairn_memory.inventory import Kept, inventory
from cairn_memory.memory import Memory
from cairn_memory.memory_files import read_text
from cairn_memory.redact.stored import Mask, Redacted, redact_stored
from cairn_memory.retention import Expired, Policy, expire
from cairn_memory.scopes import Everything, OneSession, Scope

logger = logging.getLogger(__name__)

T = TypeVar("T")

NAMED = 5
"""Sessions that a message names."""


class Sessions(Protocol):
    """What must be known of the sessions, and who is to let go of them."""

    def running(self) -> "Sequence[RunInfo]": ...

    def quiet(self, sessions: Collection[str] | None = None) -> AbstractAsyncContextManager[None]:
        """No session begins or is taken up inside; what is held of `sessions` (None: of all) at rest is let go of,
        and read anew after it."""
        ...


class Keeping:
    """For one workspace; made and called on the host's event loop."""

    def __init__(self, sessions: Sessions, memory: Memory, settings: Callable[[], MemorySettings]) -> None:
        self.settings = settings
        self._sessions = sessions
        self._memory = memory
        self._alone = asyncio.Lock()
        self._work: set[asyncio.Task[Any]] = set()

    async def where(self) -> list[Kept]:
        """Everything that is kept for the project and the user."""
        return await inventory(self._memory.workspace, self._memory.user)

    async def export(self, target: Path, session: str = "") -> Exported:
        """Writes a session, or with "" the whole project, to `target`. Raises StoreError; then `target` is as it was."""
        memory = self._memory
        return await self._to_the_end(lambda: export(memory.log, memory.workspace, target, session))

    async def restore(self, source: Path) -> Restored:
        """Takes an archive in. Raises StoreError; then nothing was taken."""
        memory = self._memory

        async def work() -> Restored:
            async with self._sessions.quiet(), memory.anew():
                return await restore(memory.log, memory.workspace, source)

        return await self._to_the_end(work)

    async def merge(self, source: Path, scope: ClaimScope) -> list[Claim]:
        """Takes the claims of another MEMORY.md in; those that came. Its rules bind from then on: ask the user first.

        Raises RunError when there is no such file, StoreError when it cannot be taken.
        """
        text = await asyncio.to_thread(read_text, source)
        if text is None:
            raise RunError(f"there is no file {source}; nothing was imported")
        return await self._to_the_end(lambda: self._memory.claims.import_text(text, scope))

    async def delete(self, scope: Scope) -> Erasure:
        """Deletes for good, and proves it. Raises RunError while a session of `scope` is at work, StoreError."""
        memory = self._memory
        sessions = [scope.session] if isinstance(scope, OneSession) else None
        user_files = [memory.user.data / "prompts"] if isinstance(scope, Everything) else []

        async def work() -> Erasure:
            async with self._sessions.quiet(sessions):
                self._refuse_at_work(sessions, "nothing was deleted")
                async with memory.anew():
                    return await erase(
                        memory.log,
                        memory.workspace,
                        scope,
                        running=self._names(),
                        user_files=user_files,
                        index=memory.without_index(),
                    )

        return await self._to_the_end(work)

    async def expire(self) -> Expired:
        """Lets go of what the settings say is too old or too much. Raises StoreError."""
        memory, settings = self._memory, self.settings()
        policy = Policy(settings.keep_days, settings.keep_mb)

        async def work() -> Expired:
            async with self._sessions.quiet(), memory.anew():
                return await expire(
                    memory.log,
                    memory.workspace,
                    policy,
                    busy=self._names(),
                    index=memory.without_index(),
                )

        return await self._to_the_end(work)

    async def expire_at_start(self) -> None:
        """As `expire`, when there is a limit. Whatever goes wrong, the host goes on."""
        settings = self.settings()
        if not settings.keep_days and not settings.keep_mb:
            return
        try:
            done = await self.expire()
        except StoreError as error:
            logger.error("nothing went by age or size: %s", error)
            return
        logger.info("%d sessions went by age or size", len(done.sessions))

    async def redact(self) -> Redacted:
        """Masks every secret that is stored. Raises RunError while any session is at work, StoreError."""
        memory = self._memory

        async def work() -> Redacted:
            async with self._sessions.quiet():
                self._refuse_at_work(None, "nothing was masked")
                async with memory.anew():
                    return await redact_stored(
                        memory.log,
                        memory.workspace,
                        memory_files=self._mask_files,
                        index=memory.without_index(),
                    )

        return await self._to_the_end(work)

    async def close(self) -> None:
        """Returns when what is under way is done."""
        if self._work:
            await asyncio.wait(set(self._work))

    async def _mask_files(self, mask: Mask) -> int:
        """Masks the memory files through their versions; how many changed."""
        versions, changed = self._memory.versions, 0
        for file in memory_files(self._memory):
            before = versions.newest(file).number
            try:
                after = await versions.edit(file, mask, by="user", reason="secrets were masked")
            except StoreError as error:
                logger.warning("%s was not masked: %s", file.name, error)
                continue
            changed += after.reason == "secrets were masked" and after.number > before
        return changed

    def _names(self) -> list[str]:
        return [info.session for info in self._sessions.running()]

    def _refuse_at_work(self, sessions: Collection[str] | None, so: str) -> None:
        working = [name for name in self._names() if sessions is None or name in sessions]
        if working:
            names = ", ".join(sorted(working)[:NAMED])
            be, them = ("is", "it") if len(working) == 1 else ("are", "them")
            raise RunError(
                f"session {names} {be} at work; {so}: interrupt {them} first (cairn stop {working[0]})"
            )

    async def _to_the_end(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async def alone() -> T:
            async with self._alone:
                return await work()

        task = asyncio.create_task(alone(), name="keeping")
        self._work.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._work.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that went away will not ask for it

"""The versions of the memory's files. The file on disk is the truth; what it was is never lost.

Every change is an event with the whole text as a blob: ours, and one by hand, which is noticed
when the file is looked at and recorded before anything of ours is written. Blobs are masked;
the file itself keeps what a person wrote there.

A write: the new text is staged durably beside the file, its event is stored, and the file takes
its place by a rename. A kill leaves the file old or new, whole. What is still staged tells that the
rename is missing: then it is made up for at the next start, unless somebody edited meanwhile.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from cairn_memory.blobs import BlobStore
from cairn_memory.errors import MemoryFileError, StoreError
from cairn_memory.events import BlobRef, By, Event, FileVersioned, Payload
from cairn_memory.log import EventLog
from cairn_memory.memory_files import MemoryFile
from cairn_memory.redact.restore import restored
from cairn_memory.staging import NO_FILE, Staging, sha

_T = TypeVar("_T")
_PAGE = 500
_ATTEMPTS = 20
_EMPTY = BlobRef(digest=sha(""), size=0)

NO_SESSION = "host"
"""Stands for the session of what no session did: an edit by hand, say."""
NO_SESSIONS = ("", NO_SESSION)
"""Under what the log keeps what no session did."""

Change = Callable[[str], str]
"""Gives the new text for today's. It may be asked more than once, and raise what it likes: then nothing changes."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a memory file, numbered from 1. Number 0 is before the first: no text. `time` is Unix milliseconds.

    `seq` is its event. One by "user" was found on disk, or is an undo the user asked for: `reason` says it.
    """

    file: str
    number: int
    content: BlobRef = _EMPTY
    before: str = NO_FILE
    reason: str = ""
    by: By = "user"
    seq: int = 0
    time: int = 0
    session: str = NO_SESSION


@dataclass(frozen=True, slots=True)
class _Edit:
    """What one `edit` asked for."""

    change: Change
    by: By
    reason: str
    session: str = NO_SESSION
    also: Callable[[], Sequence[Payload]] = tuple


class Versions:
    """All memory files of a workspace. One for each log; its host's lock keeps others away."""

    def __init__(self, log: EventLog, blobs: BlobStore) -> None:
        self._log = log
        self._blobs = blobs
        self._staging = Staging(sha(str(blobs.folder))[:8], log.masker)
        self._newest: dict[str, Version] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._settled: set[str] = set()
        self._at_work: set[asyncio.Task[Any]] = set()

    async def open(self, files: Iterable[MemoryFile] = ()) -> tuple[str, ...]:
        """Finds the newest versions, and mends what a kill left of `files`; any other is mended when first used.

        Gives one line for each file that cannot be taken. Raises StoreError when the log cannot be read.
        """
        async for version in self._recorded():
            self._newest[version.file] = version
        problems: list[str] = []
        for file in files:
            try:
                await self.look(file)
            except StoreError as error:
                problems.append(str(error))
        return tuple(problems)

    async def settled(self) -> None:
        """Returns when nobody is at work on a file."""
        while self._at_work:
            await asyncio.wait(set(self._at_work))

    async def reopen(self) -> None:
        """Begins anew with what the log says now, after it was rewritten. Raises StoreError when it cannot be read."""
        await self.settled()
        self._newest.clear()
        self._settled.clear()
        self._staging.forget()
        await self.open()

    def newest(self, file: MemoryFile) -> Version:
        """The newest recorded version; number 0 when there is none."""
        return self._newest.get(file.name) or Version(file.name, 0)

    @property
    def names(self) -> list[str]:
        """The names of all files that have a version."""
        return sorted(self._newest)

    async def look(self, file: MemoryFile) -> str:
        """Today's text, "" when there is no file. An edit by hand is recorded as a version first. Raises StoreError."""
        return await self._alone(file, lambda: self._look(file))

    async def edit(
        self,
        file: MemoryFile,
        change: Change,
        *,
        by: By,
        reason: str,
        session: str = NO_SESSION,
        also: Callable[[], Sequence[Payload]] = tuple,
    ) -> Version:
        """Applies `change` to today's text; the new version, or the newest when nothing changes.

        Should somebody save the file meanwhile, their text is recorded and `change` applied to it.
        `also` are events that are stored together with the version. Mask what is new before. Raises
        StoreError, MemoryFileError for a file that cannot be taken; then the file is as it was.
        """
        edit = _Edit(change, by, reason, session, also)
        return await self._alone(file, lambda: self._edit(file, edit))

    async def undo(
        self, file: MemoryFile, number: int | None = None, *, by: By = "user", session: str = NO_SESSION
    ) -> Version:
        """Brings back version `number`, by default the one before the newest, as a new version.

        An edit by hand that was not recorded yet is the newest: it is recorded, then undone. Undoing again
        brings back what was undone. Raises MemoryFileError when there is no such version.
        """
        return await self._alone(file, lambda: self._undo(file, number, by, session))

    async def history(self, file: MemoryFile) -> list[Version]:
        """Its recorded versions, oldest first. `look` first, to have an edit by hand among them."""
        return [version async for version in self._recorded() if version.file == file.name]

    async def text(self, version: Version) -> str:
        """The whole text of a version, with secrets masked. Raises StoreDamaged when its blob is gone."""
        if not version.content.size:
            return ""
        return (await asyncio.to_thread(self._blobs.get, version.content)).decode("utf-8", "replace")

    async def _recorded(self) -> AsyncGenerator[Version]:
        since = 0
        while events := await self._log.read(since, kinds=(FileVersioned.kind,), limit=_PAGE):
            for event in events:
                if isinstance(event.payload, FileVersioned):
                    yield _version(event, event.payload)
            since = events[-1].seq

    async def _alone(self, file: MemoryFile, work: Callable[[], Awaitable[_T]]) -> _T:
        """Does `work` with nobody else at this file, and to its end even when the caller is cancelled."""

        async def locked() -> _T:
            async with self._locks[file.name]:
                if file.name not in self._settled:
                    newest = self.newest(file)
                    await asyncio.to_thread(
                        self._staging.settle, file, newest.number, newest.before, newest.content.digest
                    )
                    self._settled.add(file.name)
                return await work()

        task = asyncio.create_task(locked())
        self._at_work.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._at_work.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that was cancelled will not ask for it

    async def _look(self, file: MemoryFile) -> str:
        found, digest = await asyncio.to_thread(self._staging.today, file)
        text, newest = found or "", self.newest(file)
        if digest != newest.content.digest and (text or newest.content.size):
            how = "edited by hand" if newest.number else "found on disk"
            edit = _Edit(str, "user", how if found is not None else "removed by hand")
            await self._record(file, text, newest.content.digest if newest.number else NO_FILE, edit)
        return text

    async def _edit(self, file: MemoryFile, edit: _Edit) -> Version:
        for _ in range(_ATTEMPTS):
            text = await self._look(file)
            new = edit.change(text)
            if new == text or await self._write(file, text, new, edit):
                return self.newest(file)
        raise MemoryFileError(
            f"{file.path} was changed by somebody else at each of {_ATTEMPTS} tries, and was left to them; try again"
        )

    async def _undo(self, file: MemoryFile, number: int | None, by: By, session: str) -> Version:
        await self._look(file)
        newest = self.newest(file).number
        wanted = max(newest - 1, 0) if number is None else number
        known = {version.number: version for version in await self.history(file)}
        version = known.get(wanted, Version(file.name, 0))
        if version.number != wanted:
            raise MemoryFileError(
                f"{file.name} has no version {wanted}: they go from 0 (no text) to {newest}"
            )
        old = await self.text(version)
        mask = self._log.masker.mask
        edit = _Edit(lambda today: restored(old, today, mask), by, f"back to version {wanted}", session)
        return await self._edit(file, edit)

    async def _write(self, file: MemoryFile, text: str, new: str, edit: _Edit) -> bool:
        """Whether the file, which held `text`, holds `new` now; not when somebody saved it meanwhile."""
        number = self.newest(file).number + 1
        before = await asyncio.to_thread(self._staging.prepare, file, text, new, number)
        if before is None:
            return False
        self._settled.discard(file.name)  # until it has landed
        await self._record(file, new, before, edit)
        landed = await asyncio.to_thread(self._staging.finish, file, text, number)
        self._settled.add(file.name)
        return landed

    async def _record(self, file: MemoryFile, text: str, before: str, edit: _Edit) -> None:
        number = self.newest(file).number + 1
        safe = await asyncio.to_thread(self._log.masker.mask, text)
        content = await asyncio.to_thread(self._blobs.put, safe.encode("utf-8", "replace"))
        version = FileVersioned(
            file=file.name, number=number, content=content, before=before, reason=edit.reason, by=edit.by
        )
        event, *_ = await self._log.append(edit.session, version, *edit.also())
        self._newest[file.name] = _version(event, version)


def _version(event: Event, payload: FileVersioned) -> Version:
    return Version(
        payload.file,
        payload.number,
        payload.content,
        payload.before,
        payload.reason,
        payload.by,
        event.seq,
        event.time,
        event.session,
    )

"""Writes a session, or the whole project, into one archive; a kill leaves no half of one under its name."""

import asyncio
import contextlib
import hashlib
import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cairn_memory.archive.format import EVENTS, MANIFEST, MEMORY_NAME, Manifest, Member, to_line
from cairn_memory.blobs import BlobStore
from cairn_memory.errors import StoreError, explain
from cairn_memory.events import BlobRef, Event, SessionImported
from cairn_memory.files import sync_folder
from cairn_memory.leftovers import digests_in
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.scopes import Everything, OneSession, Scope
from cairn_memory.versions import NO_SESSIONS

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """What an archive holds, as counts. `missing` are blobs that are gone or damaged: without those."""

    events: int
    blobs: int
    files: int
    bytes: int
    missing: tuple[str, ...] = ()


async def export(log: EventLog, workspace: Workspace, target: Path, session: str = "") -> Exported:
    """Writes `session`, or with "" the whole project, to `target`, replacing what is there once all is written.

    It is streamed: memory does not grow with the project. Raises StoreError; then `target` is as before.
    """
    scope: Scope = OneSession(session) if session else Everything()
    work = target.with_name(f".{target.name[:60]}.export.tmp")
    writing = _Writing(work, workspace, session)
    try:
        try:
            await asyncio.to_thread(writing.begin)
            since = 0
            while events := await log.read(since, limit=_BATCH):
                await asyncio.to_thread(writing.add, [event for event in events if scope.takes(event)])
                since = events[-1].seq
            if not writing.events:
                raise StoreError(
                    f"there is nothing to export of {session or 'this project'}; no file was written"
                )
            done = await asyncio.to_thread(writing.end)
            os.replace(work, target)
            sync_folder(target.parent)
        finally:
            await asyncio.to_thread(writing.give_up)
    except OSError as error:
        raise explain(error, f"{target} could not be written") from error
    return done


@dataclass
class _Writing:
    """One archive in the making: events, then blobs, then memory files, then the manifest."""

    path: Path
    workspace: Workspace
    session: str
    events: int = 0
    _sessions: set[str] = field(default_factory=set[str])
    _digests: set[str] = field(default_factory=set[str])
    _members: list[Member] = field(default_factory=list[Member])
    _size: int = 0
    _file: BinaryIO | None = None

    def begin(self) -> None:
        self.give_up()  # what a kill left
        self._sha = hashlib.sha256()
        descriptor = os.open(
            self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
        )
        self._file = file = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._lines = self._zip.open(EVENTS, "w", force_zip64=True)

    def add(self, events: list[Event]) -> None:
        for event in events:
            line = to_line(event)
            self._lines.write(line)
            self._sha.update(line)
            self._size += len(line)
            self.events += 1
            if event.kind != SessionImported.kind:  # its digest is that of a file of elsewhere, not of a blob
                self._digests |= digests_in(event.text)
            self._sessions |= {event.session}.difference(NO_SESSIONS)

    def end(self) -> Exported:
        assert self._file is not None
        self._lines.close()
        self._members.append(Member(name=EVENTS, size=self._size, digest=self._sha.hexdigest()))
        missing = [digest for digest in sorted(self._digests) if not self._add_blob(digest)]
        blobs = len(self._members) - 1
        for name, path in self._memory_files():
            self._add_file(f"memory/{name}", path)
        manifest = Manifest(
            made=time.time_ns() // 1_000_000,
            events=self.events,
            sessions=tuple(sorted(self._sessions)),
            members=tuple(self._members),
        )
        self._zip.writestr(MANIFEST, manifest.model_dump_json())
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        return Exported(self.events, blobs, len(self._members) - 1 - blobs, size, tuple(missing))

    def give_up(self) -> None:
        """Closes and removes the file that is not finished; nothing when it has its name already."""
        if self._file is not None:
            with contextlib.suppress(OSError, ValueError):  # closed already, or the disk is full
                self._lines.close()
                self._zip.close()
            self._file.close()
        self.path.unlink(missing_ok=True)

    def _add_blob(self, digest: str) -> bool:
        path = BlobStore(self.workspace.blobs).path(BlobRef(digest=digest, size=0))
        if not path.is_file() or _sha256(path) != digest:
            return False
        self._add_file(f"blobs/{digest}", path)
        return True

    def _add_file(self, name: str, path: Path) -> None:
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, self._zip.open(name, "w", force_zip64=True) as target:
            while data := source.read(1_000_000):
                target.write(data)
                digest.update(data)
                size += len(data)
        self._members.append(Member(name=name, size=size, digest=digest.hexdigest()))

    def _memory_files(self) -> Iterator[tuple[str, Path]]:
        local = self.workspace.local
        memory = self.workspace.folder / "MEMORY.md"
        if not self.session and memory.is_file() and not memory.is_symlink():
            yield "project/MEMORY.md", memory
        pattern = f"sessions/{self.session}/*.md" if self.session else "*/*/*.md"
        for path in sorted(local.glob(pattern)):
            name = path.relative_to(local).as_posix()
            if MEMORY_NAME.fullmatch(name) and not path.is_symlink():
                yield name, path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

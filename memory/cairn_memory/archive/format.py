"""What an archive is: a ZIP file of events, blobs and memory files, and a manifest with the digest of each.

Version 1: `events.jsonl` (one event a line: seq, session, agent, kind, time, payload as text),
`blobs/<sha256>`, `memory/<name of a memory file>`, `manifest.json`. Nothing else may be in it.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cairn_memory.errors import StoreError
from cairn_memory.events import Event, load

EVENTS, MANIFEST = "events.jsonl", "manifest.json"
SESSION = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")
MEMORY_NAME = re.compile(
    r"project/MEMORY\.md|sessions/(?!\.)[A-Za-z0-9._-]{1,100}/(?:checkpoint|notes)\.md|tasks/T[0-9.]{1,40}/progress\.md"
)
_MEMBER = re.compile(rf"{re.escape(EVENTS)}|blobs/[0-9a-f]{{64}}|memory/(?:{MEMORY_NAME.pattern})")
_LARGEST = {"events": 8_000_000_000, "blobs/": 256_000_000, "memory": 1_000_000}
"""Bytes of a member, by how its name begins."""
_LARGEST_MANIFEST = 64_000_000
_LONGEST_LINE = 8_000_000
_CHUNK = 1_000_000


class ArchiveRefused(StoreError):
    """The file is no archive, or not the one that was written; nothing of it was taken."""


class Member(BaseModel):
    """One file in the archive: `size` in bytes, `digest` SHA-256."""

    model_config = ConfigDict(frozen=True)
    name: str
    size: Annotated[int, Field(ge=0)]
    digest: str


class Manifest(BaseModel):
    """What the archive holds, and how it is to be read."""

    model_config = ConfigDict(frozen=True)
    format: Literal["cairn-archive"] = "cairn-archive"
    version: Literal[1] = 1
    made: int = 0
    events: int = 0
    sessions: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)
    seq: Annotated[int, Field(ge=1, lt=2**62)]
    session: Annotated[str, Field(max_length=100)]
    agent: Annotated[str, Field(max_length=200)]
    kind: Annotated[str, Field(min_length=1, max_length=100)]
    time: Annotated[int, Field(ge=0, lt=2**62)]
    payload: str


def to_line(event: Event) -> bytes:
    values: dict[str, Any] = {"seq": event.seq, "session": event.session, "agent": event.agent}
    values |= {"kind": event.kind, "time": event.time, "payload": event.text}
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def read_events(archive: zipfile.ZipFile) -> Iterator[Event]:
    """The events, in order. Raises ArchiveRefused for a line that is none."""
    before = 0
    with archive.open(EVENTS) as file:
        while line := file.readline(_LONGEST_LINE):
            try:
                fields = _Line.model_validate_json(line)
                load(fields.kind, fields.payload)
                json.loads(fields.payload)
            except ValueError as error:
                raise ArchiveRefused(
                    f"after event {before} stands what is no event; nothing was taken"
                ) from error
            if fields.seq <= before or (fields.session and not SESSION.fullmatch(fields.session)):
                raise ArchiveRefused(
                    f"after event {before} the numbers or names are wrong; nothing was taken"
                )
            before = fields.seq
            yield Event(fields.seq, fields.session, fields.agent, fields.kind, fields.time, fields.payload)


def check(path: Path) -> Manifest:
    """Reads the whole archive at `path` and compares it with its manifest. Raises ArchiveRefused, with why.

    Blocking; it takes seconds for a large one, and writes nothing.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive)
            for member in manifest.members:
                _check_member(archive, member)
            count = sum(1 for _ in read_events(archive))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, KeyError, ValueError) as error:
        raise ArchiveRefused(
            f"{path.name} is no whole archive of Cairn ({error}); nothing was taken"
        ) from error
    if count != manifest.events:
        raise ArchiveRefused(
            f"{path.name} should hold {manifest.events} events and holds {count}; nothing was taken"
        )
    return manifest


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    names = archive.namelist()
    if MANIFEST not in names or len(names) != len(set(names)):
        raise ArchiveRefused("it has no manifest, or two files of one name; nothing was taken")
    if archive.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
        raise ArchiveRefused("its manifest is too large; nothing was taken")
    try:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST))
    except ValidationError as error:
        raise ArchiveRefused(
            "its manifest is not one of version 1: update Cairn; nothing was taken"
        ) from error
    listed = {member.name for member in manifest.members}
    if listed | {MANIFEST} != set(names) or len(listed) != len(manifest.members) or EVENTS not in listed:
        raise ArchiveRefused("its manifest and its files differ; nothing was taken")
    return manifest


def _check_member(archive: zipfile.ZipFile, member: Member) -> None:
    if not _MEMBER.fullmatch(member.name):
        raise ArchiveRefused(f"{member.name[:80]!r} may not be in an archive; nothing was taken")
    info = archive.getinfo(member.name)
    if info.file_size != member.size or member.size > _LARGEST[member.name[:6]]:
        raise ArchiveRefused(
            f"{member.name} is {info.file_size:,} bytes, not as it should be; nothing was taken"
        )
    digest, read = hashlib.sha256(), 0
    with archive.open(member.name) as file:
        while (data := file.read(_CHUNK)) and read <= member.size:
            digest.update(data)
            read += len(data)
    named = member.name.removeprefix("blobs/") if member.name.startswith("blobs/") else member.digest
    if read != member.size or not digest.hexdigest() == member.digest == named:
        raise ArchiveRefused(f"{member.name} is not what was written; nothing was taken")

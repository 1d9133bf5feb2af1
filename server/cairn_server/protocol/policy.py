"""What is kept, and how it goes, on the wire: where, export and import, deletion with its proof, retention, masking.

Paths are absolute. Sizes are bytes. A request of these takes as long as the work does: wait for it, it goes
on to its end also when the client leaves.
"""

from typing import Annotated, Literal

from pydantic import Field

from cairn_server.protocol.base import Id, Wire
from cairn_server.protocol.memory import ClaimInfo

FilePath = Annotated[str, Field(min_length=1, max_length=4_000)]


class KeptThing(Wire):
    """One thing that is kept: `files` of `bytes` at `path`, which may be read by `readers` ("" when nothing is there).

    `committed` says whether git takes it into commits, `whole` is false when there was no time to count all.
    """

    name: str
    path: str
    holds: str
    files: int
    bytes: int
    readers: str
    committed: bool
    scope: Literal["project", "user"]
    whole: bool


class Whereabouts(Wire):
    """`cairn/memory/where`: all that is kept, and the settings in force for it. 0 days or MB: no limit."""

    things: list[KeptThing]
    enabled: bool
    keep_days: int
    keep_mb: int
    remember: Literal["allow", "ask", "deny"]


class ExportMemory(Wire):
    """`cairn/memory/export`: `session`, or the whole project, as one file; one that is there is replaced."""

    path: FilePath
    session: Id | None = None


class ExportedMemory(Wire):
    """What the archive holds, as counts. `missing` are blobs that are gone or damaged."""

    path: str
    session: str
    events: int
    blobs: int
    files: int
    bytes: int
    missing: list[str]


class ImportMemory(Wire):
    """`cairn/memory/import`: an archive, or with `merge` a MEMORY.md, whose rules bind from then on."""

    path: FilePath
    merge: Literal["project", "user"] | None = None


class ImportedMemory(Wire):
    """What came. `sessions` gives names there and here, `present` were here already, `left` are files left out."""

    sessions: dict[str, str]
    present: list[str]
    events: int
    files: int
    left: list[str]
    claims: list[ClaimInfo]


class DeleteMemory(Wire):
    """`cairn/memory/delete`: a session with all that belongs to it, the project's memory and tasks, or everything."""

    what: Literal["session", "project", "everything"]
    session: Id | None = None


class DeletionProof(Wire):
    """Texts of what was deleted, `sought` so many, looked for in `files` of `bytes`; `hits` still hold one."""

    files: int
    bytes: int
    sought: int
    hits: list[str]
    unreadable: list[str]


class DeletedMemory(Wire):
    """What went, as counts, and the proof."""

    what: str
    session: str
    events: int
    blobs: int
    files: int
    proof: DeletionProof


class ExpiredMemory(Wire):
    """`cairn/memory/expire`: sessions that went by name; checkpoints that lost their content; blobs nobody used."""

    sessions: list[str]
    events: int
    checkpoints: int
    orphans: int


class RedactedMemory(Wire):
    """`cairn/memory/redact`: where secrets were masked, as counts. `skipped` could not be looked into."""

    events: int
    blobs: int
    files: int
    memory_files: int
    skipped: list[str]

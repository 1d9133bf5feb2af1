"""What is remembered, on the wire: claims, proposals, searches, and the memory's files with their versions.

Times are Unix milliseconds. A claim is named by its id (c3fa9c2), an event as e123, a task as T1.2.
"""

from typing import Annotated, Literal

from pydantic import Field

from cairn_memory.events import By, ClaimKind, ClaimScope
from cairn_server.protocol.base import Id, Name, Wire

QUERIES = 100
"""Searches in one request."""

Query = Annotated[str, Field(max_length=2_000)]
ClaimText = Annotated[str, Field(min_length=1, max_length=10_000)]


class ClaimInfo(Wire):
    """One line of a MEMORY.md. `line` counts from 1 and is 0 when it left its file at `ended`.

    `sources` are event numbers, `used` counts the windows it was in.
    """

    id: str
    text: str
    about: ClaimKind
    scope: ClaimScope
    line: int
    sources: list[int]
    time: int
    used: int
    last_used: int
    by: By
    session: str
    ended: int
    superseded_by: str


class ListClaims(Wire):
    """`cairn/memory/list`: with `history` also the claims that left their files."""

    scope: Literal["project", "user", "all"] = "all"
    history: bool = False


class ClaimList(Wire):
    """In the order of the files. `problems` name files that cannot be taken; `proposals` wait for an answer."""

    claims: list[ClaimInfo]
    problems: list[str]
    proposals: int


class SearchMemory(Wire):
    """`cairn/memory/search`: up to 100 `queries` at once. `literal` looks for the text letter by letter."""

    queries: list[Query] = Field(min_length=1, max_length=QUERIES)
    scope: Literal["history", "memory", "all"] = "all"
    limit: int = Field(default=10, ge=1, le=100)
    session: Id | None = None
    literal: bool = False


class SearchHit(Wire):
    """What answers. `event` is 0 when it is none, `line` that of the imported file, 0 when there is none."""

    event: int
    line: int
    session: str
    kind: str
    who: str
    score: float
    snippet: str
    ref: str
    title: str
    time: int


class SearchAnswer(Wire):
    """The hits of one query, best first. `problems` say what was not searched."""

    query: str
    hits: list[SearchHit]
    problems: list[str]


class SearchAnswers(Wire):
    """One answer a query, in their order."""

    answers: list[SearchAnswer]


class ShowMemory(Wire):
    """`cairn/memory/show`: `ref` is a claim's id, e123, T1.2, the name of a memory file, or one with #Section."""

    ref: Id


class Shown(Wire):
    """The whole text of what was asked for. `facts` are lines about it."""

    ref: str
    kind: str
    title: str
    text: str
    facts: list[str]
    session: str
    event: int
    time: int


class Locate(Wire):
    """`cairn/memory/locate`: `ref` as a search or a list gave it: a claim's id, e123, T1.2, a memory file, one with #Section."""

    ref: Id


class Located(Wire):
    """The file in which it stands, and the line, counted from 1."""

    path: str
    line: int


class Remember(Wire):
    """`cairn/memory/remember`: the user has `text` remembered; a rule binds. `replaces` are ids of claims."""

    text: ClaimText
    about: ClaimKind = "fact"
    scope: ClaimScope = "project"
    replaces: list[Id] = Field(default=[], max_length=20)


class RememberedClaim(Wire):
    """`added` is false when it was remembered already; `kept` could not be replaced, as they were edited."""

    claim: ClaimInfo
    added: bool
    kept: list[str]


class Forget(Wire):
    """`cairn/memory/forget`: `id` may be the beginning of one. It stays in the versions of its file."""

    id: Id
    reason: Name = ""


class Forgotten(Wire):
    """What was forgotten."""

    claim: ClaimInfo


class ProposalInfo(Wire):
    """A claim that somebody would have remembered, or with `forget` forgotten; the user is to say."""

    id: str
    text: str
    about: ClaimKind
    scope: ClaimScope
    sources: list[int]
    replaces: list[str]
    forget: bool
    reason: str
    by: By
    time: int
    session: str


class ProposalList(Wire):
    """`cairn/memory/proposals`: those that wait, oldest first."""

    proposals: list[ProposalInfo]


class AnswerProposal(Wire):
    """`cairn/memory/answer`: yes or no; `id` may be the beginning of one."""

    id: Id
    accepted: bool


class AnsweredProposal(Wire):
    """`claim` is what was remembered, if anything was."""

    proposal: ProposalInfo
    claim: ClaimInfo | None


class MemoryFileInfo(Wire):
    """A file of the memory. `version` is its newest (0: none), `problem` why it cannot be taken."""

    name: str
    path: str
    version: int
    by: str
    reason: str
    time: int
    size: int
    problem: str


class MemoryFileList(Wire):
    """`cairn/memory/files`."""

    files: list[MemoryFileInfo]


class FileRef(Wire):
    """`cairn/memory/log`: `file` is project, user, T1.2, or a whole name (sessions/ID/checkpoint.md)."""

    file: Id = "project"


class VersionInfo(Wire):
    """One version of a file, made by `by` for `reason` with event `event`."""

    number: int
    by: By
    reason: str
    time: int
    session: str
    event: int
    size: int


class VersionList(Wire):
    """Oldest first. An edit by hand is the newest."""

    file: str
    path: str
    versions: list[VersionInfo]


class DiffVersions(Wire):
    """`cairn/memory/diff`: from version `old` to `new` (the newest). Without `old` the one before `new`; 0 is no text."""

    file: Id = "project"
    old: int | None = Field(default=None, ge=0)
    new: int | None = Field(default=None, ge=0)


class VersionDiff(Wire):
    """A unified diff, "" when the two say the same."""

    file: str
    old: int
    new: int
    diff: str


class UndoVersion(Wire):
    """`cairn/memory/undo`: brings back version `number`, by default the one before the newest, as a new version."""

    file: Id = "project"
    number: int | None = Field(default=None, ge=0)


class Undone(Wire):
    """The version that the file has now, and what changed with it as a unified diff."""

    file: str
    version: VersionInfo
    diff: str


class Reindexed(Wire):
    """`cairn/memory/reindex`: `problem` says what is missing, "" when all is in the index."""

    events: int
    seconds: float
    problem: str


class MemoryFinding(Wire):
    """One thing that was looked at; `advice` says what to do, unless it is well."""

    level: Literal["ok", "warn", "fail"]
    what: str
    advice: str


class MemoryFindings(Wire):
    """`cairn/memory/doctor`."""

    findings: list[MemoryFinding]

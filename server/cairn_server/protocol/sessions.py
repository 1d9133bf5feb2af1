"""Runs and sessions on the wire: start one, take it up, list, read, import."""

from typing import Any, Literal

from pydantic import Field

from cairn_memory.events import Budget, State, Usage
from cairn_server.protocol.base import Id, Name, Wire, Words
from cairn_server.protocol.gate import ContractFile


class Settings(Wire):
    """What a client may choose for a run; what is left out comes from the configuration.

    `api_key` stays in the host's memory and is written nowhere.
    """

    model: Name | None = None
    base_url: Name | None = None
    api_key: Name | None = Field(default=None, repr=False)
    window: int | None = Field(default=None, ge=1_000, le=100_000_000)
    max_steps: int | None = Field(default=None, ge=0)
    max_tokens: int | None = Field(default=None, ge=0)
    max_cost: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """US dollars; of this and the other limits 0 is none, and each counts from where the session is."""
    max_seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    unattended: Literal["wait", "deny"] | None = None
    """What becomes of a call that needs an answer while nobody is there: it waits, or is denied after `deny_after` seconds."""
    deny_after: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    approve_all: bool = False
    contract: ContractFile | None = None
    """What the run may do unattended. On resume an empty text takes away the contract that the session has."""


class StartRun(Wire):
    """`cairn/run/start`: a new session works on `prompt` in `root` (absolute; the host's own by default)."""

    prompt: Words = Field(min_length=1)
    mode: Literal["build", "plan", "propose"] | None = None
    root: Name | None = None
    settings: Settings = Settings()


class ResumeRun(Wire):
    """`cairn/run/resume`: a session at rest goes on, with `prompt` as the user's next words if given.

    Without `session` the newest one that is not done. To one that runs, `prompt` is said at once.
    """

    session: Id | None = None
    prompt: Words | None = None
    settings: Settings = Settings()


class SessionRef(Wire):
    """Names one session; the beginning of its id is enough when no other begins so."""

    session: Id


class RunStarted(Wire):
    """The run's session, and the event number before its first new event."""

    session: str
    since: int


class Interrupted(Wire):
    """`cairn/run/interrupt`: `interrupted` is false when the session rested already."""

    interrupted: bool


class ShowSession(Wire):
    """`cairn/session/show`: events of one session after number `since`, at most `limit`; with `newest` the last of them."""

    session: Id
    since: int = Field(default=0, ge=0)
    limit: int = Field(default=500, ge=1, le=2_000)
    newest: bool = False


class EventPage(Wire):
    """Events in order. `more` when there are others after the last one here (with `newest`: before the first one)."""

    events: list["WireEvent"]
    more: bool


class WireEvent(Wire):
    """One event. `payload` is the object that `cairn_memory.events` declares for `kind`."""

    seq: int
    session: str
    agent: str
    kind: str
    time: int
    payload: dict[str, Any]


class SessionInfo(Wire):
    """One session in a list. `cost` is in US dollars, times are Unix milliseconds."""

    session: str
    goal: str
    root: str
    mode: str
    model: str
    state: State
    reason: str
    steps: int
    usage: Usage
    cost: float
    window: int
    fill: int
    """Tokens that the window holds now."""
    started: int
    updated: int
    budget: Budget


class SessionList(Wire):
    """`cairn/session/list`: newest first."""

    sessions: list[SessionInfo]


class AskDrift(Wire):
    """`cairn/session/drift`: what changed while a session rested; without `session` the newest that was interrupted."""

    session: Id | None = None


class DriftLine(Wire):
    """One thing that is other: what kind of change (changed, branch, commit, tests, ...), and of what. "" for a remark."""

    kind: str
    what: str


class SessionDrift(Wire):
    """What resuming `session` would find other than it left it. Nothing was asked of a model, and nothing written.

    `commits` came since, the newest first. `moved` is where its work tree lay before, "" when it lies there still.
    `killed`: its host stopped in mid-run. `page` is the same as Markdown.
    """

    session: str
    goal: str
    state: State
    reason: str
    rested: int
    lines: list[DriftLine]
    commits: list[str]
    moved: str
    killed: bool
    page: str


class Document(Wire):
    """`cairn/run/document`: the Markdown file that grows with the run."""

    path: str


class ReplayFile(Wire):
    """`cairn/session/replay`: the session as a file for `cairn replay`, as text."""

    text: str


class ImportSession(Wire):
    """`cairn/session/import`: a session out of another program's file at `path` (absolute)."""

    path: Name = Field(min_length=1)


class ImportedSession(Wire):
    """What came of it. `already` when the file had been imported before: then nothing was added.

    `messages` were read; `problems` says of what could not be, a line each.
    """

    session: str
    messages: int
    problems: list[str]
    already: bool

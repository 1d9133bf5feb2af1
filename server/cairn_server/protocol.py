"""What goes over the wire: params and results of every custom method, and the notifications.

The TypeScript types of the editor extension are generated from these models
(`python -m cairn_server.typescript`); CI fails when they are stale. Names are as in
Python: snake_case on the wire. Every string that a client may send has a bound.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cairn_memory.events import Budget, State, Usage

VERSION = 1
"""Raised when a client of the version before could no longer work."""

Id = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(max_length=2_000)]
Words = Annotated[str, Field(max_length=1_000_000)]


class Wire(BaseModel):
    """Base of all params and results: unknown fields are an error the sender is told about."""

    # Built when first used: no host waits at its start for methods that nobody calls.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Nothing(Wire):
    """No params, or no result."""


# --- what clients ask for ---------------------------------------------------------------


class Settings(Wire):
    """What a client may choose for a run; what is left out comes from the configuration.

    `api_key` stays in the host's memory and is written nowhere.
    """

    model: Name | None = None
    base_url: Name | None = None
    api_key: Name | None = Field(default=None, repr=False)
    window: int | None = Field(default=None, ge=1_000, le=100_000_000)
    max_steps: int | None = Field(default=None, ge=0)
    approve_all: bool = False


class StartRun(Wire):
    """`cairn/run/start`: a new session works on `prompt` in `root` (absolute; the host's own by default)."""

    prompt: Words = Field(min_length=1)
    mode: Literal["build", "plan"] | None = None
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
    """`cairn/session/show`: events of one session after number `since`, at most `limit`."""

    session: Id
    since: int = Field(default=0, ge=0)
    limit: int = Field(default=500, ge=1, le=2_000)


class EventPage(Wire):
    """Events in order. `more` when there are others after the last one here."""

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


class Approval(Wire):
    """A call that waits for a person; `detail` shows what will really happen.

    `grant` is what an answer for the session would allow from then on.
    """

    id: str
    session: str
    call: str
    name: str
    title: str
    detail: str
    reason: str
    grant: str
    time: int


class ApprovalList(Wire):
    """`cairn/approval/list`: everything that waits, oldest first."""

    approvals: list[Approval]


class AnswerApproval(Wire):
    """`cairn/approval/answer`: once, for this session, or no; `words` go to the agent."""

    id: Id
    decision: Literal["allow", "session", "deny"]
    words: Words = ""


class Answered(Wire):
    """`accepted` is false when somebody else had answered before."""

    accepted: bool


class Subscribe(Wire):
    """`cairn/events/subscribe`: from now on `cairn/event` for everything after `since`.

    `session` limits it to one session. With `stream` also `cairn/stream`, text as it comes.
    A second call replaces the first. The reply comes before the first notification.
    """

    session: Id | None = None
    since: int = Field(default=0, ge=0)
    stream: bool = True
    answers: bool = False
    """Whether this client can put an approval before a person; while one can, the host waits for it."""


class Subscribed(Wire):
    """`last_seq` is the newest event now: what comes up to it is history."""

    last_seq: int


class HostStatus(Wire):
    """`cairn/host/status`. `background` names commands that outlive their step, each as session/call."""

    version: str
    protocol: int
    pid: int
    workspace: str
    address: str
    uptime: float
    clients: int
    last_seq: int
    memory_mb: float
    running: list[SessionInfo]
    background: list[str]
    approvals: int
    model: str
    base_url: str
    sandbox: str
    problems: list[str]


class StopHost(Wire):
    """`cairn/host/stop`: refused while runs go on, unless `force`; they can be resumed later."""

    force: bool = False


class Stopped(Wire):
    """`stopped` is false when the host stays because of the `running` sessions. `background` ends with the host."""

    stopped: bool
    running: list[str]
    background: list[str]


class Document(Wire):
    """`cairn/run/document`: the Markdown file that grows with the run."""

    path: str


class ReplayFile(Wire):
    """`cairn/session/replay`: the session as a file for `cairn replay`, as text."""

    text: str


class ConfigReport(Wire):
    """`cairn/host/config`: the settings in force, where each comes from, and what is wrong."""

    effective: dict[str, Any]
    origins: dict[str, str]
    """For every key with its dots (`model.name`): "built-in", a file, or an environment variable."""
    files: list[str]
    problems: list[str]


# --- what the host sends by itself -------------------------------------------------------


class EventNotice(Wire):
    """`cairn/event`: one durable event. Numbers rise; a gap holds other sessions' events."""

    event: WireEvent


class StreamNotice(Wire):
    """`cairn/stream`: text as the model or a command produces it, to show and forget.

    `source` is "text", "reasoning", "tool" (a call is being written; `text` is its name) or
    "output" (of a command). What is dropped for a slow client is in the next event anyway.
    """

    session: str
    step: int
    source: Literal["text", "reasoning", "tool", "output"]
    text: str


NOTICES: dict[str, type[Wire]] = {"cairn/event": EventNotice, "cairn/stream": StreamNotice}

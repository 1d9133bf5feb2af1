"""Tasks, checkpoints and windows on the wire. Times are Unix milliseconds, costs US dollars."""

from typing import Annotated, Literal

from pydantic import Field

from cairn_memory.events import By, ReceiptItem, TaskState
from cairn_server.protocol.base import Id, Wire

Line = Annotated[str, Field(max_length=2_000)]
Number = Annotated[int, Field(ge=1, le=2**53)]


class TaskInfo(Wire):
    """A task of the workspace. `evidence` are event numbers; `session` last worked on it, `current` is what it does now.

    `agent` is that session's (build, plan), "" where there is none any more; `at_work` while it runs or waits for a person.
    `tokens` and `cost` were spent on it and on all below it; 0 when nobody asked for them.
    """

    id: str
    title: str
    state: TaskState
    needs: list[str]
    criteria: list[str]
    evidence: list[int]
    note: str
    by: By
    created: int
    changed: int
    session: str
    current: bool
    agent: str
    at_work: bool
    tokens: int
    cost: float
    line: str
    """The task as a line of Markdown, without indent."""


class ListTasks(Wire):
    """`cairn/task/list`: with `spending` also what each cost, which takes a look at every reply."""

    spending: bool = False


class TaskList(Wire):
    """All tasks of the workspace, each before those below it."""

    tasks: list[TaskInfo]


class ChangeTask(Wire):
    """`cairn/task/change`: the user changes a task; `create` makes one below task `id`, or a root without.

    `block` and `abandon` want a `note`. `done` takes `evidence`, else what the session did for it, else the user's word.
    """

    action: Literal["create", "start", "block", "done", "abandon", "reopen", "change"]
    id: Annotated[str, Field(max_length=200)] = ""
    title: Line | None = None
    note: Line | None = None
    needs: list[Id] | None = Field(default=None, max_length=50)
    criteria: list[Line] | None = Field(default=None, max_length=50)
    evidence: list[Number] | None = Field(default=None, max_length=50)


class ChangedTasks(Wire):
    """The tasks that are other than before."""

    tasks: list[TaskInfo]


class CheckpointInfo(Wire):
    """A checkpoint of a session up to event `covers`. `judged`: a model's judgement is in it.

    `dropped` says what of that judgement was not true, `problem` why there is none. `expired`: its text is gone.
    """

    number: int
    event: int
    covers: int
    time: int
    judged: bool
    dropped: list[str]
    problem: str
    expired: bool
    tokens: int
    cost: float
    ms: int


class CheckpointList(Wire):
    """`cairn/checkpoint/list`: oldest first."""

    session: str
    checkpoints: list[CheckpointInfo]


class ShowCheckpoint(Wire):
    """`cairn/checkpoint/show`: the newest one without `number`."""

    session: Id
    number: int | None = Field(default=None, ge=1)


class CheckpointPage(Wire):
    """A checkpoint as the Markdown page that people read."""

    session: str
    checkpoint: CheckpointInfo
    text: str


class MadeCheckpoint(Wire):
    """`cairn/session/checkpoint`: it stands (`checkpoint`), or its writer still works on it (null)."""

    session: str
    checkpoint: CheckpointInfo | None


class RebuildAsked(Wire):
    """`cairn/session/rebuild`: done before its next request; when it rests (`waits`), once it is taken up by this host."""

    session: str
    waits: bool


class PreviewWindow(Wire):
    """`cairn/window/preview`: what a window rebuilt right after event `at` would say, within `tokens`.

    `line` means the same of the file that a session was imported from. Without both: now. `facts_only` leaves
    out what a model judged.
    """

    session: Id
    at: Number | None = None
    line: Number | None = None
    tokens: int = Field(default=32_000, ge=100, le=10_000_000)
    facts_only: bool = False


class Receipt(Wire):
    """What went into a window of `budget` tokens, what did not, and how much was used.

    `standing` is how the session stands, `checkpoint` the one whose judgement is in it, 0 for none.
    """

    budget: int
    tokens: int
    standing: str
    checkpoint: int
    items: list[ReceiptItem]


class WindowPreview(Wire):
    """The text of the window after event `at`, and what it takes."""

    session: str
    at: int
    tokens: int
    text: str
    receipt: Receipt

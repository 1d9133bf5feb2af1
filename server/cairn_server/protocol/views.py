"""The views on the wire: rows that any client can draw as they are, and word of when they changed."""

from typing import Annotated, Literal

from pydantic import Field

from cairn_server.protocol.base import Id, Wire

ViewName = Literal["approvals", "tasks", "runs", "checkpoints", "memory"]
RowAction = Literal["", "answerApproval", "openTaskProgress", "openRun", "openCheckpoint", "openMemory"]


class ViewRow(Wire):
    """One line of a view. What would act or hide in a text is a mark, and each text has a bound: show it as text, never as markup.

    `id` is its own in the view and stays. `icon` and `color` are names of VS Code's icons and theme colours, `state` says
    the same in a word. `kinds` are words, with blanks between, for what can be done with the row, `action` is what Enter
    does ("" for nothing). `ref`, `session` and `at` (an event) are what methods call the thing. `closed`: its
    `children` are better not shown at first.
    """

    id: str
    label: str
    description: str
    tooltip: str
    state: str
    icon: str
    color: str
    kinds: str
    action: RowAction
    ref: str
    session: str
    at: int
    closed: bool
    children: "list[ViewRow]"


class ShowView(Wire):
    """`cairn/views/show`: the rows of a view as they are now. Checkpoints are those of `session`, else of the run to speak of."""

    view: ViewName
    session: Id | None = None


class ViewShown(Wire):
    """At most some hundred rows; where there are more, the last one says so."""

    view: ViewName
    rows: list[ViewRow]


class Standing(Wire):
    """How a workspace stands, for one line of an editor: in `label`, and at length in `tooltip` (lines of text).

    `asked` names the approvals that wait, the oldest first, some at most; `approvals` counts all, `badge` says it in words.
    `urgent`: a person is waited for. `active`: a run works or waits; `resumable`: one rests and is not done;
    `updated` is when the run that `label` speaks of changed last, in Unix milliseconds.
    """

    label: str
    tooltip: str
    icon: str
    action: Literal["answerApproval", "openRun", "runTask"]
    urgent: bool
    approvals: int
    asked: list[str]
    badge: str
    active: bool
    resumable: bool
    runs: int
    updated: int


class FollowViews(Wire):
    """`cairn/views/follow`: from now on `cairn/views/changed` comes to this client; with `on` false no more."""

    on: bool = True


class ViewsFollowed(Wire):
    """How things stand now, and in which workspace: clients of one repository see the same.

    `interrupted` is the newest session as a row, when it was interrupted: it may be offered to go on.
    """

    workspace: str
    standing: Standing
    interrupted: ViewRow | None


class ViewsNotice(Wire):
    """`cairn/views/changed`: these views may look other than before, and so do things stand. At most twenty times a second."""

    views: list[ViewName]
    standing: Standing


class FindRows(Wire):
    """`cairn/views/find`: what is remembered and what happened, as rows, best first."""

    query: Annotated[str, Field(max_length=2_000)]
    limit: int = Field(default=30, ge=1, le=100)


class RowsFound(Wire):
    rows: list[ViewRow]


class ShowApproval(Wire):
    """`cairn/approval/show`: one approval in words."""

    id: Id


class ApprovalChoice(Wire):
    """One way to answer. `asks` is what must be typed first, a pattern or words, `prompt` says so, `hint` says more, `value` is what stands there."""

    name: Literal["allow", "session", "always", "deny", "words"]
    decision: Literal["allow", "session", "always", "deny"]
    title: str
    description: str
    asks: Literal["", "pattern", "words"]
    prompt: str
    hint: str
    value: str


class ApprovalShown(Wire):
    """An approval as a person is asked. Not `open`: it has been answered, and `page` says so.

    `question` is one paragraph; when it is not `brief`, it does not say all, and `page` (plain text) has to be read
    before a yes. Leaving without a choice answers nothing.
    """

    id: str
    open: bool
    name: str
    question: str
    brief: bool
    page: str
    choices: list[ApprovalChoice]

"""Following on the wire: subscriptions, approvals, and what the host sends by itself."""

from typing import Annotated, Literal

from pydantic import Field

from cairn_server.protocol.base import Id, Wire, Words
from cairn_server.protocol.sessions import WireEvent
from cairn_server.protocol.views import ViewsNotice


class Approval(Wire):
    """A call that waits for a person; `detail` shows what will really happen.

    `grant` is what an answer for more than once would allow from then on: the tool's name, a blank, a pattern. `paths`
    are resolved; `demands` is what a command wants beyond the sandbox ("network", "unsandboxed"). `agent` asks (build, plan).
    """

    id: str
    session: str
    call: str
    name: str
    title: str
    detail: str
    reason: str
    grant: str
    risk: str
    rule: str
    paths: list[str]
    demands: list[str]
    agent: str
    time: int


class ApprovalList(Wire):
    """`cairn/approval/list`: everything that waits, oldest first."""

    approvals: list[Approval]


class AnswerApproval(Wire):
    """`cairn/approval/answer`: once, for this session, for good ("always"), or no; `words` go to the agent.

    With "session" and "always" `pattern` is what is allowed of the same tool from then on, instead of what was offered.
    """

    id: Id
    decision: Literal["allow", "session", "always", "deny"]
    words: Words = ""
    pattern: Annotated[str, Field(max_length=2_000)] = ""


class Answered(Wire):
    """The first answer counts. When this one was not `accepted`, `told` says in one line why, `by` who had answered."""

    accepted: bool
    told: str = ""
    by: str = ""


class Subscribe(Wire):
    """`cairn/events/subscribe`: from now on `cairn/event` for everything after `since`; after what is newest now, where it is null.

    `session` limits it to one session. With `stream` also `cairn/stream`, text as it comes.
    A second call replaces the first. The reply comes before the first notification.
    """

    session: Id | None = None
    since: Annotated[int, Field(ge=0)] | None = 0
    stream: bool = True
    answers: bool = False
    """Whether this client can put an approval before a person; while one can, the host waits for it."""


class Subscribed(Wire):
    """`last_seq` is the newest event now: what comes up to it is history."""

    last_seq: int


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


class WaitingNotice(Wire):
    """`cairn/waiting`: what waits for a person changed, in any session. To whoever follows events, whichever they are.

    `approvals` counts the open questions, `sessions` names where they are; `title` is the oldest one's.
    """

    approvals: int
    sessions: list[str]
    title: str


NOTICES: dict[str, type[Wire]] = {
    "cairn/event": EventNotice,
    "cairn/stream": StreamNotice,
    "cairn/waiting": WaitingNotice,
    "cairn/views/changed": ViewsNotice,
}

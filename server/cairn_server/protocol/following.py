"""Following on the wire: subscriptions, approvals, and what the host sends by itself."""

from typing import Literal

from pydantic import Field

from cairn_server.protocol.base import Id, Wire, Words
from cairn_server.protocol.sessions import WireEvent


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

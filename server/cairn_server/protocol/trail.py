"""A session's trail on the wire: how full its window was, and what happened on the way. Times are Unix milliseconds."""

from cairn_memory.events import Usage
from cairn_memory.trail import MarkKind
from cairn_server.protocol.base import Id, Wire


class AskTrail(Wire):
    """`cairn/session/trail`: with `write` also as a page and a picture beside the session's other files."""

    session: Id
    write: bool = False


class TrailPoint(Wire):
    """After `step` the window held `fill` tokens, and the session had cost `cost` US dollars."""

    step: int
    fill: int
    cost: float
    time: int


class TrailMark(Wire):
    """What happened after `step`, at `event`. `number` is the checkpoint's or the new window's, `fill` the tokens before it."""

    kind: MarkKind
    step: int
    event: int
    time: int
    number: int
    fill: int
    judged: bool


class SessionTrail(Wire):
    """Of a long session the fullest and the last step of each stretch; `counts` has all that happened, by kind.

    `page` and `picture` are the files that were written, "" for none.
    """

    session: str
    window: int
    steps: int
    usage: Usage
    cost: float
    points: list[TrailPoint]
    marks: list[TrailMark]
    counts: dict[str, int]
    page: str
    picture: str

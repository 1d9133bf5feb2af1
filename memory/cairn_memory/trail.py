"""The trail of a session: how full its window was after each step, and what happened on the way.

It tells in numbers only, so nothing that anybody said or did stands in what is drawn from it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Literal

from cairn_memory.events import (
    CheckpointWritten,
    Event,
    ModelReplied,
    Payload,
    SessionResumed,
    SessionRewound,
    SessionStarted,
    SideCallReplied,
    StateChanged,
    Usage,
    WindowStarted,
)
from cairn_memory.log import EventLog
from cairn_memory.sessions import KILLED

POINTS = 600
"""Steps that are told of; of more only the fullest and the last of each stretch."""
MARKS = 100
"""Of each kind; of more only some, evenly."""
_PAGE = 500

MarkKind = Literal[
    "checkpoint", "rebuild", "kill", "interrupt", "resume", "rewind", "budget", "failed", "done"
]


@dataclass(frozen=True, slots=True)
class Point:
    """After `step` the window held `fill` tokens, and the session had cost `cost` US dollars, at `time` (Unix ms)."""

    step: int
    fill: int
    cost: float
    time: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Something happened after `step`. `number` is that of the checkpoint or of the new window, else 0.

    `fill` is what the window held before it, `judged` says whether a model's judgement is in a checkpoint.
    """

    kind: MarkKind
    step: int
    event: int
    time: int
    number: int = 0
    fill: int = 0
    judged: bool = False


@dataclass(slots=True)
class Trail:
    """`window` tokens fit at the end of it; `usage` and `cost` are of everything, requests beside the loop included."""

    session: str
    window: int = 0
    steps: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    points: list[Point] = field(default_factory=list[Point])
    marks: list[Mark] = field(default_factory=list[Mark])
    counts: dict[MarkKind, int] = field(default_factory=dict[MarkKind, int])
    """How often each thing happened, also where not every mark is told of."""
    _fill: int = 0

    def apply(self, event: Event) -> None:
        """Takes one event in, in order; kinds without a place on the trail change nothing."""
        self._take(event.payload, event)

    @singledispatchmethod
    def _take(self, payload: Payload, event: Event) -> None:
        """Not on the trail."""

    @_take.register
    def _(self, payload: SessionStarted, event: Event) -> None:
        self.window = payload.window

    @_take.register
    def _(self, payload: SessionResumed, event: Event) -> None:
        self.window = payload.window or self.window
        self._mark("resume", event)

    @_take.register
    def _(self, payload: ModelReplied, event: Event) -> None:
        self.steps, self.usage, self.cost = payload.step, payload.totals, payload.total_cost
        self._fill = payload.usage.total
        self.points.append(Point(payload.step, self._fill, self.cost, event.time))

    @_take.register
    def _(self, payload: SideCallReplied, event: Event) -> None:
        self.usage, self.cost = self.usage + payload.usage, self.cost + payload.cost

    @_take.register
    def _(self, payload: CheckpointWritten, event: Event) -> None:
        self._mark("checkpoint", event, payload.number, payload.judged)

    @_take.register
    def _(self, payload: WindowStarted, event: Event) -> None:
        if payload.covers:
            self._mark("rebuild", event, payload.number)

    @_take.register
    def _(self, payload: SessionRewound, event: Event) -> None:
        self._mark("rewind", event)

    @_take.register
    def _(self, payload: StateChanged, event: Event) -> None:
        match payload.state:
            case "interrupted":
                self._mark("kill" if payload.reason == KILLED else "interrupt", event)
            case "budget" | "failed" | "done":
                self._mark(payload.state, event)
            case "running" | "waiting":
                pass

    def _mark(self, kind: MarkKind, event: Event, number: int = 0, judged: bool = False) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.marks.append(Mark(kind, self.steps, event.seq, event.time, number, self._fill, judged))


KINDS = tuple(
    each.kind
    for each in (
        SessionStarted,
        SessionResumed,
        ModelReplied,
        SideCallReplied,
        CheckpointWritten,
        WindowStarted,
        SessionRewound,
        StateChanged,
    )
)


async def read_trail(log: EventLog, session: str) -> Trail:
    """The whole trail, however long the session is, thinned to what can be drawn. Raises StoreError."""
    trail, since = Trail(session), 0
    while page := await log.read(since, session=session, kinds=KINDS, limit=_PAGE):
        for event in page:
            trail.apply(event)
        since = page[-1].seq
    trail.points = thinned(trail.points)
    trail.marks = _some(trail.marks)
    return trail


def thinned(points: Sequence[Point], most: int = POINTS) -> list[Point]:
    """At most `most` points: of each stretch the fullest and the last, so no peak and no fall is lost."""
    if len(points) <= most:
        return list(points)
    stretches = max(most // 2, 1)
    kept: dict[int, Point] = {}
    for number in range(stretches):
        stretch = points[len(points) * number // stretches : len(points) * (number + 1) // stretches]
        fullest = max(range(len(stretch)), key=lambda at: stretch[at].fill)
        for at in (fullest, len(stretch) - 1):
            kept[len(points) * number // stretches + at] = stretch[at]
    return [kept[at] for at in sorted(kept)]


def _some(marks: Iterable[Mark]) -> list[Mark]:
    by_kind: dict[MarkKind, list[Mark]] = {}
    for mark in marks:
        by_kind.setdefault(mark.kind, []).append(mark)
    kept = [
        found[len(found) * number // min(len(found), MARKS)]
        for found in by_kind.values()
        for number in range(min(len(found), MARKS))
    ]
    return sorted(kept, key=lambda mark: mark.event)

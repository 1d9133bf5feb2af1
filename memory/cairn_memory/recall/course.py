"""Which events make a session what it is: its own without what was taken back, and for a fork those before it began.

The log keeps everything; a window, a checkpoint and a preview are made of these.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cairn_memory.events import Event, SessionForked, SessionRewound
from cairn_memory.log import EventLog

PAGE = 500
TURNS = (SessionRewound.kind, SessionForked.kind)
DEEPEST = 50
"""Forks of forks that are followed."""


@dataclass(frozen=True, slots=True)
class Course:
    """`taken_back` are ranges of event numbers that do not count, each without its first and with its last."""

    taken_back: tuple[tuple[int, int], ...] = ()
    source: SessionForked | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Course":
        """The course that these events of one session say; others may be among them."""
        ranges: list[tuple[int, int]] = []
        undone: set[int] = set()
        source: SessionForked | None = None
        for event in sorted(events, key=lambda event: event.seq, reverse=True):
            payload = event.payload
            if isinstance(payload, SessionForked):
                source = payload
            if not isinstance(payload, SessionRewound) or not payload.conversation or event.seq in undone:
                continue
            if any(first < event.seq <= last for first, last in ranges):
                continue  # itself taken back by a later one
            if payload.undoes:
                undone.add(payload.undoes)
            else:
                ranges.append((payload.to, event.seq))
        return cls(tuple(ranges), source)

    def stands(self, seq: int) -> bool:
        """Whether event `seq` still counts."""
        return not any(first < seq <= last for first, last in self.taken_back)

    def before(self, seq: int) -> int:
        """The last number up to `seq` that may stand: ranges that do not are stepped over."""
        while found := next((each for each in self.taken_back if each[0] < seq <= each[1]), None):
            seq = found[0]
        return seq


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of a course that lies in one session, up to event `end` (None: to its end)."""

    session: str
    course: Course
    end: int | None = None


class Reading:
    """Reads a session's standing events from the first on, a page at a time; later ones too, as they come."""

    def __init__(self, log: EventLog, session: str) -> None:
        self._log = log
        self._session = session
        self._legs: list[Leg] = []
        self._at = 0
        self._cursor = 0

    async def page(self) -> list[Event]:
        """The next of them, [] when there is none by now. Raises StoreError."""
        if not self._legs:
            self._legs = await legs(self._log, self._session)
        while True:
            leg = self._legs[self._at]
            found = await self._log.read(self._cursor, session=leg.session, limit=PAGE, until=leg.end)
            if found:
                self._cursor = found[-1].seq
                if standing := [event for event in found if leg.course.stands(event.seq)]:
                    return standing
            elif self._at + 1 < len(self._legs):
                self._at += 1
                self._cursor = 0
            else:
                return []


async def legs(log: EventLog, session: str, end: int | None = None) -> list[Leg]:
    """The parts of a session's course, the oldest first. Raises StoreError."""
    found: list[Leg] = []
    while len(found) < DEEPEST:
        turns = await log.read(session=session, kinds=TURNS, limit=10_000, until=end)
        course = Course.of(turns)
        found.append(Leg(session, course, end))
        if course.source is None:
            break
        session, end = course.source.source, course.source.event
    return found[::-1]


async def newest(log: EventLog, session: str, limit: int) -> list[Event]:
    """The last `limit` standing events of a session, in order. Raises StoreError."""
    found: list[Event] = []
    for leg in reversed(await legs(log, session)):
        end = leg.end
        while len(found) < limit:
            page = await log.read(session=leg.session, newest=True, limit=limit, until=end)
            if not page:
                break
            found = [event for event in page if leg.course.stands(event.seq)] + found
            end = leg.course.before(page[0].seq - 1)
    return found[-limit:]

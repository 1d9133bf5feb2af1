"""The audit of a log, a page at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cairn_memory.audit.fold import KINDS, Audit
from cairn_memory.audit.row import AuditKind, Row
from cairn_memory.events import Event, TaskChanged
from cairn_memory.log import EventLog

EVENTS = 500
"""Events that are read at once."""
MOST_EVENTS = 10_000
"""Events that one page looks at, so that nobody waits long for it."""
REACH = 5_000
"""How many events before a page a call may have begun that ends in it; of one from before less is known."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows. With `more` the next page is asked for with this `since`."""

    rows: tuple[Row, ...]
    since: int
    more: bool


async def read_audit(
    log: EventLog,
    since: int = 0,
    *,
    session: str | None = None,
    kinds: Sequence[AuditKind] = (),
    after: int = 0,
    limit: int = 500,
) -> Page:
    """About `limit` rows of what ended after event `since` and time `after` (Unix milliseconds), in order.

    Without `kinds` rows of every kind. The last page also has what is at work now. Raises StoreError.
    """
    audit, rows, looked, at = Audit(), list[Row](), 0, max(since - REACH, 0)
    if at:
        await _take_tasks(log, audit, at)

    def take(events: Sequence[Event]) -> list[Row]:
        return [row for event in events for row in audit.apply(event) if event.seq > since]

    while page := await log.read(at, session=session, kinds=KINDS, limit=EVENTS):
        rows += _wanted(await asyncio.to_thread(take, page), kinds, after)
        at, looked = page[-1].seq, looked + len(page)
        if (len(rows) >= limit or looked >= MOST_EVENTS) and at > since:
            return Page(tuple(rows), at, True)
    rows += _wanted(audit.unfinished(), kinds, after)
    return Page(tuple(rows), max(at, since), False)


async def _take_tasks(log: EventLog, audit: Audit, until: int) -> None:
    """Which tasks were worked on at event `until`."""
    at = 0
    while page := await log.read(at, kinds=(TaskChanged.kind,), limit=EVENTS):
        for event in page:
            if event.seq > until:
                return
            audit.apply(event)
        at = page[-1].seq


def _wanted(rows: Sequence[Row], kinds: Sequence[AuditKind], after: int) -> list[Row]:
    return [row for row in rows if (not kinds or row.kind in kinds) and row.time >= after]

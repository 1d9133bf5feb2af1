"""Checks a whole store, as `cairn doctor` does: every hash, every event, every blob."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from cairn_memory.blobs import BlobStore
from cairn_memory.chain import START, Break, Mark, Row, find_breaks
from cairn_memory.database import looking, read_erased, read_restarts, read_rows, todays_mark
from cairn_memory.errors import StoreDamaged
from cairn_memory.events import BlobRef, CheckpointWritten
from cairn_memory.store import BLOBS, DATABASE, WATERMARK
from cairn_memory.watermark import read_mark

SALVAGED = "noticed and salvaged at an earlier start"
"""The `detail` of a problem that nobody needs to react to any more."""
ERASED = "erased on purpose"
"""The `detail` of events that somebody took out: told, and no damage."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the store is not as it was written.

    `kind` is "unreadable" (a file), "lost", "altered" or "erased" (events), "event" (one that
    does not load), "blob" or "watermark"; `where` names the file or the events.
    """

    kind: str
    where: str
    detail: str


def verify(folder: Path) -> list[Problem]:
    """All that is wrong with the store in `folder`; [] for a sound one, and for one that is not there yet.

    Reads everything, so it takes seconds for a large log. Changes nothing, raises
    nothing, and may run while a host works there.
    """
    database = folder / DATABASE
    try:
        mark = read_mark(folder / WATERMARK)  # before the rows: what is written meanwhile lies after it
        if not database.exists() or database.stat().st_size == 0:
            lost = mark is not None and mark.seq > 0
            return [Problem("lost", DATABASE, "the database is gone")] if lost else []
        with looking(database) as connection:
            return list(_Check(connection, mark, BlobStore(folder / BLOBS)).problems())
    except (sqlite3.Error, OSError) as error:
        return [Problem("unreadable", DATABASE, str(error))]


class _Check:
    """One pass over one view of the database."""

    def __init__(self, connection: sqlite3.Connection, mark: Mark | None, blobs: BlobStore) -> None:
        connection.execute("BEGIN")
        self._connection = connection
        self._restarts = read_restarts(connection)
        self._erased = {gap.first: gap for gap in read_erased(connection)}
        self._mark = todays_mark(connection, mark) if mark else None
        self._blobs = blobs
        self._seen_blobs: set[str] = set()
        self._last = Mark(0, START)
        self._chain_at_mark = START if mark and mark.seq == 0 else None
        self._of_events: list[Problem] = []

    def problems(self) -> Iterator[Problem]:
        for (answer,) in self._connection.execute("PRAGMA quick_check(10)"):
            if answer != "ok":
                yield Problem("unreadable", DATABASE, " ".join(answer.split()))
        try:
            for broken in find_breaks(self._rows(), self._restarts, self._last):
                yield from self._broken(broken)
        except sqlite3.Error as error:
            yield Problem("unreadable", DATABASE, f"after event {self._last.seq}: {error}")
            return
        finally:
            yield from self._of_events
        yield from self._end()

    def _rows(self) -> Iterator[Row]:
        for row in read_rows(self._connection):
            self._of_events += self._event(row)
            self._last = Mark(row.event.seq, row.chain)
            if self._mark and row.event.seq == self._mark.seq:
                self._chain_at_mark = row.chain
            yield row

    def _broken(self, broken: Break) -> Iterator[Problem]:
        known = broken.kind == "lost" and broken.last + 1 in self._restarts
        if known and self._was_erased(broken):
            return
        detail = SALVAGED if known else f"{broken.kind}, not noticed before"
        yield Problem(broken.kind, str(broken), detail)

    def _was_erased(self, lost: Break) -> bool:
        gap = self._erased.get(lost.first)
        return gap is not None and lost.last <= gap.last

    def _event(self, row: Row) -> Iterator[Problem]:
        try:
            payload = row.event.payload
        except ValueError as error:
            yield Problem("event", f"event {row.event.seq}", str(error).split("\n", 1)[0])
            return
        if isinstance(payload, CheckpointWritten) and payload.expired:
            return
        for ref in _blobs_of(payload):
            if ref.digest in self._seen_blobs:
                continue
            self._seen_blobs.add(ref.digest)
            try:
                self._blobs.get(ref)
            except StoreDamaged as error:
                yield Problem("blob", f"event {row.event.seq}", str(error))

    def _end(self) -> Iterator[Problem]:
        """What is missing after the last row, and whether the mark agrees."""
        going_on = max(self._restarts, default=0)
        if going_on > self._last.seq + 1:
            yield from self._broken(Break("lost", self._last.seq + 1, going_on - 1))
        if self._erased:
            count = sum(gap.last - gap.first + 1 for gap in self._erased.values())
            where = f"{count} event{'s' if count > 1 else ''} from {min(self._erased)} on"
            yield Problem("erased", where, ERASED)
        end = max(self._last.seq, going_on - 1)
        if self._mark is None:
            if end:
                yield Problem("watermark", WATERMARK, "missing or damaged")
        elif self._mark.seq > end:
            yield Problem("lost", str(Break("lost", end + 1, self._mark.seq)), "acknowledged, but not there")
        elif (self._chain_at_mark or self._restarts.get(self._mark.seq + 1)) != self._mark.chain:
            yield Problem("altered", f"event {self._mark.seq}", "not the one that was acknowledged")


def _blobs_of(value: object) -> Iterator[BlobRef]:
    if isinstance(value, BlobRef):
        yield value
    elif isinstance(value, BaseModel):
        for _, field in value:
            yield from _blobs_of(field)
    elif isinstance(value, tuple):
        for item in cast("tuple[Any, ...]", value):
            yield from _blobs_of(item)

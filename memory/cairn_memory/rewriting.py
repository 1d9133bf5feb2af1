"""Takes events out of the log, or changes what they say, on purpose: in one transaction, and leaving no bytes behind.

The running hash is computed anew from the first change on, so that nothing in the log
still depends on what was taken out; the number of an erased event is never given again.
The table `rewrites` says that the work is not over: until `finish` has run, at once or
at the next start, the watermark may hold the old hash, files wait to be removed, and old
bytes lie in free pages.
"""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from cairn_memory.chain import START, Erased, Mark, Row, link
from cairn_memory.database import read_erased, read_restarts, read_rows, todays_mark
from cairn_memory.errors import StoreError
from cairn_memory.events import Event, LogRewritten
from cairn_memory.leftovers import Leftover, clear_away, digests_in, from_json, to_json
from cairn_memory.watermark import Watermark

_BATCH = 500
"""Events read at a time: the table changes while it is walked over."""


class Rewriting(Protocol):
    """What is to become of the log. Asked in the writer's thread, within the transaction."""

    @property
    def reason(self) -> str:
        """One line for `verify` and the log. It must quote nothing of what goes."""
        ...

    def change(self, event: Event) -> str | None:
        """The payload `event` has from now on (its own text: no change); None erases it."""
        ...

    def leftovers(self) -> list[Leftover]:
        """What is to be removed once this is committed; asked after every event was seen."""
        ...


class Rewritten(NamedTuple):
    """How many events were erased and changed. `event` says so in the log, None when there was nothing to do."""

    erased: int
    changed: int
    end: Mark
    event: Event | None


def rewrite(connection: sqlite3.Connection, mark: Mark, rewriting: Rewriting) -> Rewritten:
    """Carries out `rewriting` within the transaction that is open; `mark` is the last acknowledged event.

    Unchanged rows that did not fit their hash before do not fit it afterwards: damage stays to be seen.
    """
    walk = _Walk(connection, rewriting)
    for row in _rows(connection):
        walk.take(row)
    leftovers = rewriting.leftovers()
    if not (walk.erased or walk.changed or leftovers):
        return Rewritten(0, 0, mark, None)
    walk.store_gaps()
    after = walk.base(mark.seq + 1)
    statement = "INSERT INTO rewrites (seq, before, after, leftovers) VALUES (?, ?, ?, ?)"
    connection.execute(statement, (mark.seq, mark.chain, after, to_json(leftovers)))
    note = LogRewritten(reason=rewriting.reason, erased=walk.erased, changed=walk.changed)
    now = time.time_ns() // 1_000_000
    event = Event(mark.seq + 1, "", "host", note.kind, now, note.model_dump_json())
    end = Mark(event.seq, link(after, event))
    connection.execute(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event.seq, event.session, event.agent, event.kind, event.time, event.text, end.chain),
    )
    return Rewritten(walk.erased, walk.changed, end, event)


def finish(connection: sqlite3.Connection, watermark: Watermark, folder: Path) -> None:
    """Ends what `rewrite` began, if anything: mark, files, then the bytes in the database itself.

    Raises sqlite3.Error, OSError, and StoreError while another program reads; then it can be called again.
    """
    rows = connection.execute("SELECT leftovers FROM rewrites ORDER BY id").fetchall()
    if not rows:
        return
    if watermark.mark is not None:
        mark = todays_mark(connection, watermark.mark)
        watermark.write(mark)
        watermark.write(mark)  # both slots: neither may go on holding a hash from before
    leftovers = [item for (text,) in rows for item in from_json(text)]
    clear_away(folder, leftovers, lambda: digests_in_use(connection))
    connection.execute("VACUUM")
    _empty_wal(connection)
    connection.execute("DELETE FROM rewrites")
    _empty_wal(connection)


def digests_in_use(connection: sqlite3.Connection) -> set[str]:
    """The blobs that the log points at."""
    return {
        digest for (text,) in connection.execute("SELECT payload FROM events") for digest in digests_in(text)
    }


def _empty_wal(connection: sqlite3.Connection) -> None:
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise StoreError(
            "what was deleted is out of the log, but its bytes are not out of the file yet, since another "
            "program reads it; it is tried again when Cairn starts next"
        )


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    since = 0
    while True:
        rows: list[Row] = []
        for row in read_rows(connection, since):
            rows.append(row)
            if len(rows) == _BATCH:
                break
        yield from rows
        if len(rows) < _BATCH:
            return
        since = rows[-1].event.seq


@dataclass
class _Walk:
    """One pass over all events in order: what they become, and their hashes from the first change on."""

    connection: sqlite3.Connection
    rewriting: Rewriting
    erased: int = 0
    changed: int = 0
    _chain: bytes = START
    _chain_before: bytes | None = START
    _gaps: list[Erased] = field(default_factory=list[Erased])

    def __post_init__(self) -> None:
        self._old_gaps = read_erased(self.connection)
        self._old_bases = read_restarts(self.connection)
        ends = {gap.last + 1 for gap in self._old_gaps}
        self._lost = {seq: base for seq, base in self._old_bases.items() if seq not in ends}
        self._next_gap = 0

    def base(self, seq: int) -> bytes:
        """The running hash that event `seq`, the next one, builds on."""
        self._pass_gaps(seq)
        return self._lost.get(seq) or self._chain

    def take(self, row: Row) -> None:
        seq = row.event.seq
        base = self.base(seq)
        text = self.rewriting.change(row.event)
        old_base = self._old_bases.get(seq, self._chain_before)
        self._chain_before = row.chain
        if text is None:
            self._erase(seq, base)
            return
        chain = row.chain
        if text != row.event.text or base != old_base:
            event = row.event
            if old_base is None or link(old_base, event) == chain:
                new = Event(event.seq, event.session, event.agent, event.kind, event.time, text)
                chain = link(base, new)
                self._trust(seq, base)
            self._update(row, text, chain)
        self._chain = chain

    def store_gaps(self) -> None:
        self._pass_gaps(None)
        self.connection.execute("DELETE FROM erased")
        self.connection.executemany("INSERT INTO erased VALUES (?, ?, ?, ?, ?)", self._gaps)

    def _update(self, row: Row, text: str, chain: bytes) -> None:
        seq = row.event.seq
        if text != row.event.text:
            self.changed += 1
            self.connection.execute(
                "UPDATE events SET payload = ?, chain = ? WHERE seq = ?", (text, chain, seq)
            )
        elif chain != row.chain:
            self.connection.execute("UPDATE events SET chain = ? WHERE seq = ?", (chain, seq))

    def _trust(self, seq: int, base: bytes) -> None:
        """A loss before `seq` whose hash was not known has one from now on."""
        if seq in self._lost and self._lost[seq] is None:
            self.connection.execute("UPDATE restarts SET chain = ? WHERE seq = ?", (base, seq))

    def _erase(self, seq: int, base: bytes) -> None:
        self.connection.execute("DELETE FROM events WHERE seq = ?", (seq,))
        self.erased += 1
        self._chain = base
        self._add(Erased(seq, seq, base, time.time_ns() // 1_000_000, self.rewriting.reason))

    def _pass_gaps(self, seq: int | None) -> None:
        """Earlier gaps before `seq` stay, with the running hash there as it is now."""
        while self._next_gap < len(self._old_gaps):
            gap = self._old_gaps[self._next_gap]
            if seq is not None and gap.last >= seq:
                return
            self._next_gap += 1
            self._add(gap._replace(chain=self._lost.get(gap.first) or self._chain))

    def _add(self, gap: Erased) -> None:
        if self._gaps and self._gaps[-1].last + 1 == gap.first:
            gap = gap._replace(first=self._gaps.pop().first)
        self._gaps.append(gap)

"""Looks whether a database is what was acknowledged, without changing a byte of it."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from cairn_memory.chain import START, Mark, find_breaks
from cairn_memory.database import looking, read_restarts, read_rows, todays_mark
from cairn_memory.errors import StoreDamaged, is_damage
from cairn_memory.migrations import MIGRATIONS, version_of

_CHECKED_WHOLE = 64_000_000
"""Bytes up to which SQLite's own check runs at every start; `cairn doctor` checks any size."""
_CHECKED_TAIL = 64
"""Events before the mark whose hashes are computed anew."""


@dataclass(frozen=True, slots=True)
class Examination:
    """The log is sound and goes on after `end`."""

    end: Mark


@dataclass(frozen=True, slots=True)
class Damage:
    """The log is not what was acknowledged, for this reason."""

    reason: str


def examine(database: Path, mark: Mark | None) -> Examination | Damage:
    """Compares `database` with `mark`, the last that was acknowledged (None: not known).

    Raises StoreDamaged when a later version of Cairn wrote it, sqlite3.Error and OSError
    when it cannot be looked at.
    """
    acknowledged = mark is not None and mark.seq > 0
    if not database.exists() or database.stat().st_size == 0:
        what = "empty" if database.exists() else "missing"
        return Damage(f"the database is {what}") if acknowledged else Examination(Mark(0, START))
    try:
        with looking(database) as connection:
            return _compare(connection, mark, database.stat().st_size)
    except sqlite3.Error as error:
        if is_damage(error) or "no such" in str(error):
            return Damage(f"the database is damaged: {error}")
        raise


def _compare(connection: sqlite3.Connection, mark: Mark | None, size: int) -> Examination | Damage:
    version = version_of(connection)
    if version > len(MIGRATIONS):
        raise StoreDamaged(
            f"the database has shape {version}, this Cairn knows up to {len(MIGRATIONS)}: update Cairn; "
            "nothing was changed"
        )
    if size < _CHECKED_WHOLE:
        answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if answer != "ok":
            return Damage(f"the database is damaged: {' '.join(answer.split())}")
    if version == 0 and not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        end = Mark(0, START)  # made, and killed before its first migration
    else:
        end = _end(connection)
    if mark is None:
        return Examination(end)
    mark = todays_mark(connection, mark)
    if end.seq < mark.seq:
        return Damage("the database ends before the last acknowledged event")
    if _chain_at(connection, mark.seq) != mark.chain:
        return Damage(f"event {mark.seq} is not the one that was acknowledged")
    restarts = read_restarts(connection)
    since = _checked_from(connection, mark.seq)
    for broken in find_breaks(read_rows(connection, since.seq), restarts, since):
        if broken.kind == "altered" or broken.last + 1 not in restarts:
            return Damage(f"{broken} {'was' if broken.first == broken.last else 'were'} {broken.kind}")
    return Examination(end)


def _end(connection: sqlite3.Connection) -> Mark:
    """Where the log goes on: after its last event, or after the last that was lost for good."""
    row = connection.execute("SELECT seq, chain FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    end = Mark(row[0], row[1]) if row else Mark(0, START)
    restarts = read_restarts(connection)
    last = max(restarts, default=0)
    chain = restarts.get(last)
    return Mark(last - 1, chain) if last > end.seq and chain is not None else end


def _chain_at(connection: sqlite3.Connection, seq: int) -> bytes | None:
    if seq == 0:
        return START
    row = connection.execute("SELECT chain FROM events WHERE seq = ?", (seq,)).fetchone()
    return row[0] if row else read_restarts(connection).get(seq + 1)


def _checked_from(connection: sqlite3.Connection, seq: int) -> Mark:
    """The event after which hashes are computed anew."""
    row = connection.execute(
        "SELECT seq, chain FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1 OFFSET ?",
        (seq, _CHECKED_TAIL),
    ).fetchone()
    return Mark(row[0], row[1]) if row else Mark(0, START)

"""Keeps what can be read of a damaged log. The files as they were found stay, in a folder beside it.

The order makes a kill harmless: first the damaged files get a second name in
`damaged-<time>/`, then the readable rows go into a new database, which gets the name
`cairn.db.salvaged` when it is whole; from then on `finish`, which every start calls,
puts it in place.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from cairn_memory.chain import START, Break, Erased, Mark, Row, find_breaks, link
from cairn_memory.database import connect
from cairn_memory.events import load
from cairn_memory.files import sync_folder
from cairn_memory.recover import Found, read_everything

_UNKNOWN_LOSS = 10_000
"""So many numbers are left out when nobody knows how many events were lost: none may be given twice."""
_SIDE_FILES = ("-wal", "-shm")
_NAMED_BREAKS = 5


def salvage(database: Path, watermark: Path, mark: Mark | None, reason: str) -> str:
    """Replaces `database` by a sound one with all rows that can be read, numbered as before.

    Returns what happened, in one line. Raises OSError and sqlite3.Error; then nothing
    was replaced.
    """
    aside = _set_aside(database, watermark)
    work = database.with_name(f"{database.name}.salvage")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        found = read_everything(aside / database.name, work, mark.seq if mark else None)
        runs = _runs(found)
        _write(work / "new.db", runs, found.erased, mark)
        os.replace(work / "new.db", _salvaged(database))
        sync_folder(database.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    finish(database)
    return f"{reason}; {_account(runs, found.erased, mark)}; the files as they were found: {aside.name}"


def finish(database: Path) -> None:
    """Puts a salvaged database in place, if there is one: the last step, again after a kill."""
    if not _salvaged(database).exists():
        return
    for suffix in _SIDE_FILES:  # they belong to the damaged one, and would be read into the new one
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    os.replace(_salvaged(database), database)
    sync_folder(database.parent)


def _salvaged(database: Path) -> Path:
    return database.with_name(f"{database.name}.salvaged")


def _set_aside(database: Path, watermark: Path) -> Path:
    """The damaged files under second names: a link costs no room, so this succeeds on a full disk."""
    stamp = time.strftime("damaged-%Y%m%dT%H%M%SZ", time.gmtime())
    aside, number = database.with_name(stamp), 1
    while aside.exists():
        aside, number = database.with_name(f"{stamp}-{number}"), number + 1
    aside.mkdir(mode=0o700)
    for suffix in ("", *_SIDE_FILES):
        source = database.with_name(database.name + suffix)
        if source.exists():
            try:
                os.link(source, aside / source.name)
            except OSError:  # a file system without links
                shutil.copy2(source, aside / source.name)
    if watermark.exists():
        shutil.copy2(watermark, aside / watermark.name)  # a copy: this file is written to again
    sync_folder(aside)
    sync_folder(aside.parent)
    return aside


Run = tuple[list[Row], bytes | None]
"""Rows that follow from one another, and the running hash before the first, when that is known."""


def _runs(found: Found) -> list[Run]:
    """The rows that are what was written, as runs. A row whose own hash is wrong is left out."""
    runs: list[Run] = []
    before, wrong = Mark(0, START), False
    for row in found.rows:
        seq = row.event.seq
        follows = before.seq == seq - 1
        base = before.chain if follows else found.restarts.get(seq)
        before = Mark(seq, row.chain)
        if base is not None and link(base, row.event) != row.chain:
            if follows and not wrong:
                wrong = True
                continue
            base = None  # after a wrong row either hash may be the wrong one: the row is taken on trust
        if base is None and not _loads(row):
            continue
        wrong = False
        if runs and base is not None and runs[-1][0][-1].event.seq == seq - 1:
            runs[-1][0].append(row)
        else:
            runs.append(([row], base))
    return runs


def _loads(row: Row) -> bool:
    try:
        load(row.event.kind, row.event.text)
        row.event.wire.encode()
    except (ValueError, TypeError):
        return False
    return True


def _write(path: Path, runs: list[Run], erased: list[Erased], mark: Mark | None) -> None:
    """A new database with `runs`, what is known to be erased, and where its numbers go on."""
    last = Mark(runs[-1][0][-1].event.seq, runs[-1][0][-1].chain) if runs else Mark(0, START)
    end = _end(runs, last, mark)
    known = {gap.last + 1: gap.chain for gap in erased}
    restarts = [
        (rows[0].event.seq, base)
        for rows, base in runs
        if (base != START or rows[0].event.seq > 1) and known.get(rows[0].event.seq, b"") != base
    ]
    if end != last:
        restarts.append((end.seq + 1, end.chain))
    with contextlib.closing(connect(path)) as connection:
        connection.execute("BEGIN")
        for rows, _ in runs:
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", _values(rows))
        connection.executemany("INSERT INTO restarts VALUES (?, ?)", restarts)
        connection.executemany("INSERT INTO erased VALUES (?, ?, ?, ?, ?)", erased)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _end(runs: list[Run], last: Mark, mark: Mark | None) -> Mark:
    """After the last row and the mark; one more when they do not agree, so that the next mark is the newer."""
    if mark is None:
        return Mark(last.seq + _UNKNOWN_LOSS, START)
    if last.seq < mark.seq:
        return mark
    agree = mark.seq == 0 or any(row.chain == mark.chain for row in _rows(runs) if row.event.seq == mark.seq)
    return last if agree else Mark(last.seq + 1, last.chain)


def _rows(runs: list[Run]) -> Iterable[Row]:
    return (row for rows, _ in runs for row in rows)


def _values(rows: Iterable[Row]) -> Iterable[tuple[object, ...]]:
    for event, chain in rows:
        yield event.seq, event.session, event.agent, event.kind, event.time, event.text, chain


def _account(runs: list[Run], erased: list[Erased], mark: Mark | None) -> str:
    """How much was kept, and which events were not."""
    kept = sum(len(rows) for rows, _ in runs)
    breaks = [b for b in find_breaks(_rows(runs), {}, Mark(0, START)) if b.kind == "lost"]
    gaps = {(gap.first, gap.last) for gap in erased}
    lost = [b for b in breaks if (b.first, b.last) not in gaps]
    last = runs[-1][0][-1].event.seq if runs else 0
    if mark is not None and mark.seq > last:
        lost.append(Break("lost", last + 1, mark.seq))
    if not lost:
        return f"all {kept} events were kept" if mark is not None else f"{kept} events were kept"
    names = ", ".join(map(str, lost[:_NAMED_BREAKS])) + (" and others" if len(lost) > _NAMED_BREAKS else "")
    return f"{kept} events were kept, lost: {names}"

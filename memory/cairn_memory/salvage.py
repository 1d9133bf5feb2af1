"""Keeps what can be read of a damaged log. The files as they were found stay, in a folder beside it.

The order makes a kill harmless: first the damaged files get a second name in
`damaged-<time>/`, then the readable rows go into a new database, which gets the name
`cairn.db.salvaged` when it is whole; from then on `finish`, which every start calls,
puts it in place.
"""

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from cairn_memory.chain import START, Break, Mark, Row, find_breaks, link
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
        end = _write(work / "new.db", runs, mark)
        os.replace(work / "new.db", _salvaged(database))
        sync_folder(database.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    finish(database)
    kept = sum(len(rows) for rows, _ in runs)
    return f"{reason}; {_account(runs, kept, end if mark else None)}; the files as they were found: {aside.name}"


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
    before: Mark | None = Mark(0, START)
    for row in found.rows:
        seq = row.event.seq
        follows = before is not None and before.seq == seq - 1
        base = before.chain if follows and before else found.restarts.get(seq)
        if base is not None and link(base, row.event) != row.chain:
            before = None
            if follows:
                continue
            base = None
        if base is None and not _loads(row):
            before = None
            continue
        if follows and runs and runs[-1][0][-1].event.seq == seq - 1:
            runs[-1][0].append(row)
        else:
            runs.append(([row], base))
        before = Mark(seq, row.chain)
    return runs


def _loads(row: Row) -> bool:
    try:
        load(row.event.kind, row.event.text)
        row.event.wire.encode()
    except (ValueError, TypeError):
        return False
    return True


def _write(path: Path, runs: list[Run], mark: Mark | None) -> Mark:
    """A new database with `runs`; returns where its numbers go on."""
    last = Mark(runs[-1][0][-1].event.seq, runs[-1][0][-1].chain) if runs else Mark(0, START)
    if mark is None:
        end = Mark(last.seq + _UNKNOWN_LOSS, START)
    else:
        end = mark if last.seq < mark.seq else last
    restarts = [(rows[0].event.seq, base) for rows, base in runs if base != START or rows[0].event.seq > 1]
    if end != last:
        restarts.append((end.seq + 1, end.chain))
    with contextlib.closing(connect(path)) as connection:
        connection.execute("BEGIN")
        for rows, _ in runs:
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", _values(rows))
        connection.executemany("INSERT INTO restarts VALUES (?, ?)", restarts)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return end


def _values(rows: Iterable[Row]) -> Iterable[tuple[object, ...]]:
    for event, chain in rows:
        yield event.seq, event.session, event.agent, event.kind, event.time, event.text, chain


def _account(runs: list[Run], kept: int, end: Mark | None) -> str:
    """How much was kept, and which events were not."""
    rows = (row for rows, _ in runs for row in rows)
    lost = [b for b in find_breaks(rows, {}, Mark(0, START)) if b.kind == "lost"]
    last = runs[-1][0][-1].event.seq if runs else 0
    if end is not None and end.seq > last:
        lost.append(Break("lost", last + 1, end.seq))
    if not lost:
        return f"all {kept} events were kept" if end is not None else f"{kept} events were kept"
    names = ", ".join(map(str, lost[:_NAMED_BREAKS])) + (" and others" if len(lost) > _NAMED_BREAKS else "")
    return f"{kept} events were kept, lost: {names}"

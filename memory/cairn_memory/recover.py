"""Reads all rows of a damaged database that are still there, more than SQLite itself would give.

Three views of the same files, until one has every row: as SQLite sees them; with each
sound page of the write-ahead file put in place, although SQLite stops at the first
damaged one; and with a first page that is known to be good.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from cairn_memory.chain import START, Erased, Row
from cairn_memory.database import connect, looking, read_erased, read_restarts, read_rows
from cairn_memory.wal import apply_wal, page_size_of

_PROBED = 100_000
"""Numbers between two readable stretches that are asked for one by one."""


class Found(NamedTuple):
    """Rows in the order of their numbers, right or not; restarts of an earlier salvage, and what was erased on purpose."""

    rows: list[Row]
    restarts: dict[int, bytes | None]
    erased: list[Erased]


def read_everything(database: Path, work: Path, expected: int | None) -> Found:
    """All that can be read of `database`, which is not touched; `work` is an empty folder to copy it to.

    `expected` is the number of the last event, where that is known.
    """
    rows: dict[int, Row] = {}
    restarts: dict[int, bytes | None] = {}
    erased: dict[int, Erased] = {}
    for number, view in enumerate((_as_it_is, _with_whole_wal, _with_new_first_page)):
        copy = work / f"view{number}.db"
        if not view(database, copy):
            continue
        with suppress(sqlite3.Error), looking(copy) as connection:
            for row in _read(connection, expected):
                rows.setdefault(row.event.seq, row)
            with suppress(sqlite3.Error):
                restarts = {**read_restarts(connection), **restarts}
                erased = {**{gap.first: gap for gap in read_erased(connection)}, **erased}
        if expected is not None and len(rows) >= expected:
            break
    return Found([rows[seq] for seq in sorted(rows)], restarts, _gaps(erased, rows))


def _gaps(erased: dict[int, Erased], rows: dict[int, Row]) -> list[Erased]:
    """Those that are what they should be: numbers in order, and none of their events there."""
    gaps = [gap for _, gap in sorted(erased.items()) if _is_gap(gap)]
    return [gap for gap in gaps if not any(seq in rows for seq in (gap.first, gap.last))]


def _is_gap(gap: Erased) -> bool:
    numbers = all(map(_is_number, (gap.first, gap.last, gap.time)))
    return numbers and _is_hash(gap.chain) and _is_text(gap.reason) and 0 < gap.first <= gap.last


def _as_it_is(database: Path, copy: Path) -> bool:
    _copy(_wal_of(database), _wal_of(copy))
    return _copy(database, copy)


def _with_whole_wal(database: Path, copy: Path) -> bool:
    if not _wal_of(database).exists():
        return False
    if not _copy(database, copy):
        copy.touch()
    apply_wal(_wal_of(database), copy)
    return True


def _with_new_first_page(database: Path, copy: Path) -> bool:
    """The first page holds the header and the schema, and those of a new database are the same."""
    if not _with_whole_wal(database, copy) and not _copy(database, copy):
        return False
    fresh = copy.with_suffix(".fresh")
    with closing(connect(fresh)):
        pass
    with copy.open("r+b") as file, fresh.open("rb") as model:
        page = bytearray(model.read(page_size_of(model)))
        pages = os.fstat(file.fileno()).st_size // len(page)
        page[18:20] = b"\x01\x01"  # no write-ahead file is to be looked for
        page[28:32] = pages.to_bytes(4, "big")
        page[32:40] = bytes(8)  # no free pages are known
        file.write(page)
    return True


def _copy(source: Path, target: Path) -> bool:
    if not source.exists():
        return False
    shutil.copyfile(source, target)
    return True


def _wal_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


def _read(connection: sqlite3.Connection, expected: int | None) -> Iterator[Row]:
    """Rows from the front, then from the back, then one by one what lies between: each until it breaks."""
    front = list(_until_damage(lambda: read_rows(connection)))
    yield from front
    first = front[-1].event.seq + 1 if front else 1
    back = list(_until_damage(lambda: read_rows(connection, first - 1, "DESC")))
    yield from back
    last = back[-1].event.seq if back else (expected or first) + 1
    for seq in range(first, min(last, first + _PROBED)):
        yield from _until_damage(lambda seq=seq: _read_one(connection, seq))


def _until_damage(read: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    with suppress(sqlite3.Error):
        for row in read():
            if _has_types(row):
                yield row


def _read_one(connection: sqlite3.Connection, seq: int) -> Iterator[Row]:
    for row in read_rows(connection, seq - 1):
        if row.event.seq == seq:
            yield row
        return


def _has_types(row: Row) -> bool:
    event = row.event
    texts = (event.session, event.agent, event.kind, event.text)
    return all(map(_is_text, texts)) and _is_number(event.time) and _is_hash(row.chain)


def _is_text(value: object) -> bool:
    with suppress(UnicodeEncodeError):
        return isinstance(value, str) and bool(value.encode() or True)
    return False


def _is_number(value: object) -> bool:
    return isinstance(value, int)


def _is_hash(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == len(START)

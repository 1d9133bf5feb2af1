"""Opens the log of a workspace, after checking that what is on disk is what was written.

SQLite says "ok" to a write-ahead file whose end is gone, and to an empty file. So the
log is compared with the mark that is kept outside. What does not agree is salvaged:
see `cairn_memory.salvage`.
"""

import asyncio
import sqlite3
from pathlib import Path
from typing import NamedTuple

from cairn_memory import rewriting
from cairn_memory.chain import Mark
from cairn_memory.database import connect, connect_reader
from cairn_memory.errors import StoreDamaged, StoreError, explain
from cairn_memory.examine import Examination, examine
from cairn_memory.log import EventLog
from cairn_memory.redact import Masker
from cairn_memory.salvage import finish, salvage
from cairn_memory.watermark import Watermark, read_mark
from cairn_memory.writer import Writer

DATABASE = "cairn.db"
WATERMARK = "watermark"
BLOBS = "blobs"

_NO_MARK = "the watermark was missing or damaged and is made anew: nobody can tell whether the newest events are lost"


async def open_log(folder: Path, masker: Masker) -> tuple[EventLog, tuple[str, ...]]:
    """The log under `folder`, and what was found damaged there, one line each.

    Damaged files are moved aside whole, what can be read of them is kept, and numbers
    go on above the last that was ever given. Raises StoreError when the folder cannot
    be written, StoreFull when the disk is full, StoreDamaged when a later version of
    Cairn wrote the database; then nothing was changed.
    """
    opened = await asyncio.to_thread(_open, folder)
    writer = Writer(opened.connection, opened.watermark)
    try:
        reader = await connect_reader(folder / DATABASE)
    except sqlite3.Error as error:
        await writer.close()
        raise explain(error, f"the log in {folder} could not be opened") from error
    return EventLog(writer, reader, masker, opened.end), opened.problems


class _Opened(NamedTuple):
    connection: sqlite3.Connection
    watermark: Watermark
    end: Mark
    problems: tuple[str, ...]


def _open(folder: Path) -> _Opened:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        finish(folder / DATABASE)
        end, problems = _sound_end(folder)
        connection = connect(folder / DATABASE)
        try:
            watermark = Watermark(folder / WATERMARK)
            if watermark.mark != end:
                watermark.write(end)
            problems += _finished(connection, watermark, folder)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise explain(error, f"the log in {folder} could not be opened") from error
    return _Opened(connection, watermark, end, problems)


def _finished(connection: sqlite3.Connection, watermark: Watermark, folder: Path) -> tuple[str, ...]:
    """Ends a deletion that a kill cut off; the problem when that cannot be done now."""
    try:
        rewriting.finish(connection, watermark, folder)
    except (sqlite3.Error, OSError, StoreError) as error:
        return (f"a deletion is not finished, and is tried again at the next start: {error}",)
    return ()


def _sound_end(folder: Path) -> tuple[Mark, tuple[str, ...]]:
    """The last event of the log, after salvaging it where that was necessary; and what was found."""
    database, mark = folder / DATABASE, read_mark(folder / WATERMARK)
    found = examine(database, mark)
    if isinstance(found, Examination):
        if mark is None and found.end.seq:
            return found.end, (_NO_MARK,)
        return found.end, ()
    problem = salvage(database, folder / WATERMARK, mark, found.reason)
    found = examine(database, None)
    if not isinstance(found, Examination):
        raise StoreDamaged(f"{problem}; the salvaged log is not sound either: {found.reason}")
    return found.end, (problem,)

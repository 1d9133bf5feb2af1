"""Opening the SQLite database: to write, to read beside the writer, or only to look."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiosqlite

from cairn_memory.chain import Erased, Mark, Row
from cairn_memory.events import Event
from cairn_memory.migrations import migrate

COLUMNS = "seq, session, agent, kind, time, payload"

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA cache_size = -4000",  # 4 MB a connection: the host stays small
    "PRAGMA journal_size_limit = 16000000",
)


def connect(path: Path) -> sqlite3.Connection:
    """The writing connection, migrated; one thread at a time may use it. Raises sqlite3.Error, StoreDamaged."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        path.chmod(0o600)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


async def connect_reader(path: Path) -> aiosqlite.Connection:
    """A connection that only reads: long reads never hold up the writer."""
    connection = await aiosqlite.connect(_read_only(path), uri=True, isolation_level=None)
    try:
        await connection.execute("PRAGMA busy_timeout = 5000")
        await connection.execute("PRAGMA cache_size = -4000")
    except BaseException:
        await connection.close()
        raise
    return connection


@contextmanager
def looking(path: Path) -> Generator[sqlite3.Connection]:
    """A connection that changes nothing, not even at its close; text that is no UTF-8 comes as surrogates."""
    connection = sqlite3.connect(_read_only(path), uri=True, isolation_level=None)
    try:
        connection.text_factory = _lenient
        connection.execute("PRAGMA busy_timeout = 5000")
        yield connection
    finally:
        connection.close()


def read_rows(connection: sqlite3.Connection, since: int = 0, order: str = "ASC") -> Iterator[Row]:
    """The events after number `since`, by the table alone: an index may be the damaged part."""
    cursor = connection.execute(
        f"SELECT {COLUMNS}, chain FROM events NOT INDEXED WHERE seq > ? ORDER BY seq {order}", (since,)
    )
    for row in cursor:
        yield Row(Event(*row[:-1]), row[-1])


def read_restarts(connection: sqlite3.Connection) -> dict[int, bytes | None]:
    """Numbers before which events are known to be gone, lost or erased, with the running hash there."""
    restarts: dict[int, bytes | None] = {}
    if _has_table(connection, "restarts"):
        restarts |= dict(connection.execute("SELECT seq, chain FROM restarts ORDER BY seq"))
    return restarts | {gap.last + 1: gap.chain for gap in read_erased(connection)}


def read_erased(connection: sqlite3.Connection) -> list[Erased]:
    """The events that were taken out on purpose, in order."""
    if not _has_table(connection, "erased"):
        return []
    rows = connection.execute("SELECT first, last, chain, time, reason FROM erased ORDER BY first")
    return [Erased(*row) for row in rows]


def todays_mark(connection: sqlite3.Connection, mark: Mark) -> Mark:
    """`mark`, with the running hash of today when a rewriting was committed and the mark is from before it."""
    if not _has_table(connection, "rewrites"):
        return mark
    for seq, before, after in connection.execute("SELECT seq, before, after FROM rewrites ORDER BY id"):
        if mark == (seq, before):
            mark = Mark(seq, after)
    return mark


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,)).fetchone() is not None


def _read_only(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


def _lenient(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")

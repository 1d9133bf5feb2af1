"""Opening the SQLite database: durable settings, and migrations to today's shape."""

import sqlite3
from pathlib import Path

import aiosqlite

from cairn_memory.errors import StoreDamaged
from cairn_memory.migrations import MIGRATIONS

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA cache_size = -4000",  # 4 MB a connection: the host stays small
    "PRAGMA journal_size_limit = 16000000",
)


async def connect(path: Path) -> aiosqlite.Connection:
    """A writing connection, migrated. Raises StoreDamaged when `path` is no database of ours."""
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        for pragma in PRAGMAS:
            await connection.execute(pragma)
        await _migrate(connection)
    except sqlite3.DatabaseError as error:
        await connection.close()
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise StoreDamaged(f"{path} is not a readable database: {error}") from error
    except BaseException:
        await connection.close()
        raise
    return connection


async def connect_reader(path: Path) -> aiosqlite.Connection:
    """A connection that only reads, to an absolute `path`: long reads never hold up the writer."""
    connection = await aiosqlite.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    await connection.execute("PRAGMA busy_timeout = 5000")
    await connection.execute("PRAGMA cache_size = -4000")
    return connection


async def _migrate(connection: aiosqlite.Connection) -> None:
    row = await (await connection.execute("PRAGMA user_version")).fetchone()
    version = int(row[0]) if row else 0
    if version > len(MIGRATIONS):
        raise StoreDamaged(
            f"the database has shape {version}, this Cairn knows up to {len(MIGRATIONS)}: update Cairn"
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        await connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")

"""The tables of the index file, and whether a file is ours and of today.

Nothing is lost with the file: it is made anew from the log and the memory files.
"""

import contextlib
import sqlite3
from pathlib import Path

APPLICATION = 0x43_52_4E_49
"""`CRNI` in the file's header: made by us."""
VERSION = 2
"""Raised whenever tables, terms or pieces change: an index of another version is made anew."""

_TABLES = """
CREATE VIRTUAL TABLE words USING fts5(terms, content='', columnsize=0, detail=none, tokenize='ascii');
-- How many pieces hold a term: counting them would mean to read all of its postings.
CREATE TABLE terms (term TEXT PRIMARY KEY, pieces INTEGER NOT NULL) WITHOUT ROWID;
-- A message: an event (its number) or a section (a negative number). `place` counts within the session
-- (-1: it has none there); its pieces are `count` numbers from `first` on.
CREATE TABLE units (id INTEGER PRIMARY KEY, session INTEGER NOT NULL, place INTEGER NOT NULL,
    first INTEGER NOT NULL, count INTEGER NOT NULL);
CREATE INDEX units_by_place ON units (session, place);
CREATE TABLE pieces (id INTEGER PRIMARY KEY, unit INTEGER NOT NULL, start INTEGER NOT NULL,
    stop INTEGER NOT NULL, size INTEGER NOT NULL, flags INTEGER NOT NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, places INTEGER NOT NULL);
-- Their text is kept here, not only in the file: to take it out of `words` it must be known word for word.
CREATE TABLE sections (unit INTEGER PRIMARY KEY, digest BLOB NOT NULL,
    ref TEXT NOT NULL, kind TEXT NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL,
    session TEXT NOT NULL, event INTEGER NOT NULL, time INTEGER NOT NULL);
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, chain BLOB,
    pieces INTEGER NOT NULL, size INTEGER NOT NULL);
INSERT INTO state VALUES (1, 0, NULL, 0, 0);
"""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # whole after a power cut, perhaps a little behind: then it catches up
    "PRAGMA busy_timeout = 5000",
    "PRAGMA cache_size = -8000",
    "PRAGMA journal_size_limit = 16000000",
)

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH)
"""Result codes that say the file is not what we wrote (ERROR: a table or column is missing)."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file must be made anew; a full disk or a lock passes by itself."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGE


def open_file(path: Path) -> sqlite3.Connection:
    """The writing connection, of a new file when there is none. Raises sqlite3.Error."""
    new = not path.exists()
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        path.chmod(0o600)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if new:
            connection.executescript(
                f"BEGIN IMMEDIATE; {_TABLES}; PRAGMA application_id = {APPLICATION};"
                f"PRAGMA user_version = {VERSION}; COMMIT;"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that never waits for the writing one."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA cache_size = -8000")
    return connection


def why_not_ours(path: Path, database: Path) -> str:
    """Why the file at `path` is no index of the log `database`; "" when it is one, or there is none.

    A file that merely looks sound can be damaged inside: that is seen when it is used.
    """
    if not path.exists():
        return ""
    try:
        with contextlib.closing(open_to_read(path)) as index:
            made_by = index.execute("PRAGMA application_id").fetchone()[0]
            version = index.execute("PRAGMA user_version").fetchone()[0]
            if made_by != APPLICATION:
                return "it is no search index of Cairn"
            if version != VERSION:
                return f"it has version {version}, this Cairn makes version {VERSION}"
            state = index.execute("SELECT position, chain FROM state").fetchone()
    except sqlite3.Error as error:
        return f"it is damaged ({error})"
    if state is None:
        return "it is damaged (its state is missing)"
    return "" if state[0] == 0 or chain_at(database, state[0]) == state[1] else "it belongs to another log"


def chain_at(database: Path, seq: int) -> bytes | None:
    """The log's running hash at event `seq`: it tells one log from another. None when there is no such event."""
    with contextlib.closing(open_to_read(database)) as log:
        row = log.execute("SELECT chain FROM events WHERE seq = ?", (seq,)).fetchone()
    return row[0] if row else None


def throw_away(path: Path) -> None:
    """Removes the index file and what SQLite keeps beside it. Raises OSError."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        path.with_name(name).unlink(missing_ok=True)

"""The database's shape, as numbered steps, each with its reason.

A step that has shipped is never edited: the next change is the next number. Each
runs in one transaction together with the new `user_version`, so a kill leaves the
old shape or the new one.
"""

import sqlite3
from collections.abc import Sequence

from cairn_memory.errors import StoreDamaged

MIGRATIONS: tuple[str, ...] = (
    # 1: the log. `chain` is the running hash up to and with this row, so that `verify`
    # and the watermark can tell a lost or altered row. The first index reads one session
    # in order; the second finds the newest event of a kind in each session.
    """
    CREATE TABLE events (
        seq     INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        agent   TEXT NOT NULL,
        kind    TEXT NOT NULL,
        time    INTEGER NOT NULL,
        payload TEXT NOT NULL,
        chain   BLOB NOT NULL
    ) STRICT;
    CREATE INDEX events_by_session ON events (session, seq);
    CREATE INDEX events_by_kind ON events (kind, session, seq);
    """,
    # 2: where numbers are missing since damage was dealt with. The events before `seq` are
    # lost; `chain` is the running hash there, NULL when that is lost, too.
    """
    CREATE TABLE restarts (
        seq   INTEGER PRIMARY KEY,
        chain BLOB
    ) STRICT;
    """,
    # 3: what was taken out of the log on purpose. Events `first` to `last` are erased, and
    # `chain` is the running hash before and after them. A row of `rewrites` is a rewriting
    # that is not finished: the watermark may still hold the hash `before` for event `seq`
    # (now `after`), the files in `leftovers` (JSON) are to be removed, and the bytes of what
    # was taken out still lie in free pages.
    """
    CREATE TABLE erased (
        first  INTEGER PRIMARY KEY,
        last   INTEGER NOT NULL,
        chain  BLOB NOT NULL,
        time   INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE TABLE rewrites (
        id        INTEGER PRIMARY KEY,
        seq       INTEGER NOT NULL,
        before    BLOB NOT NULL,
        after     BLOB NOT NULL,
        leftovers TEXT NOT NULL
    ) STRICT;
    """,
    # 4: events of a kind in the order of their numbers, whatever their session: who follows
    # all sessions reads the next few of a kind without sorting all there ever were.
    """
    CREATE INDEX events_of_kind ON events (kind, seq);
    """,
)


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Brings the database to today's shape. Raises StoreDamaged when it has one of a later version."""
    version = version_of(connection)
    if version > len(migrations):
        raise StoreDamaged(
            f"the database has shape {version}, this Cairn knows up to {len(migrations)}: update Cairn; "
            "nothing was changed"
        )
    for number, script in enumerate(migrations[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")


def version_of(connection: sqlite3.Connection) -> int:
    """The number of the last step that was taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])

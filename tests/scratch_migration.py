"""A migration that no version has; as a script, one that is killed as a given statement begins.

`python scratch_migration.py DATABASE NUMBER`
"""

import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from cairn_memory.migrations import MIGRATIONS, migrate

NEXT = (
    *MIGRATIONS,
    """
    CREATE TABLE scratch (id INTEGER PRIMARY KEY, note TEXT) STRICT;
    INSERT INTO scratch SELECT seq, kind FROM events;
    CREATE INDEX scratch_by_note ON scratch (note);
    """,
)


def migrate_and_die(database: Path, number: int) -> None:
    left = number

    def count(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.set_trace_callback(count)
        migrate(connection, NEXT)


if __name__ == "__main__":
    migrate_and_die(Path(sys.argv[1]), int(sys.argv[2]))

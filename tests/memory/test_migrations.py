"""A migration that is killed leaves the old shape or the new one."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cairn_memory.errors import StoreDamaged
from cairn_memory.migrations import MIGRATIONS, migrate, version_of

NEXT = (
    *MIGRATIONS,
    """
    CREATE TABLE scratch (id INTEGER PRIMARY KEY, note TEXT) STRICT;
    INSERT INTO scratch SELECT seq, kind FROM events;
    CREATE INDEX scratch_by_note ON scratch (note);
    """,
)
STATEMENTS = 7
"""BEGIN, the four of the step, the new version, COMMIT."""


def shape(path: Path) -> tuple[int, set[str], int]:
    with closing(sqlite3.connect(path)) as connection:
        names = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_schema")}
        rows = int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
        return version_of(connection), names, rows


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "cairn.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
        connection.executemany(
            "INSERT INTO events VALUES (?, 's', 'main', 'k', 0, '{}', x'00')", [(n,) for n in range(1, 50)]
        )
    return path


def test_each_step_is_taken_once(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        migrate(connection, NEXT)
        migrate(connection, NEXT)
    version, names, _ = shape(database)
    assert version == len(NEXT)
    assert {"scratch", "scratch_by_note"} <= names


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_kill_at_any_statement_leaves_the_old_shape_or_the_new(database: Path) -> None:
    old = shape(database)
    seen: list[int] = []
    for statement in range(1, STATEMENTS + 1):
        done = subprocess.run(
            [sys.executable, __file__, database, str(statement)], check=False, capture_output=True, timeout=30
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        found = shape(database)
        seen.append(found[0])
        assert found == old or found[0] == len(NEXT)
    assert seen == [len(MIGRATIONS)] * STATEMENTS, "a kill before COMMIT ends leaves the old shape"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        migrate(connection, NEXT)
    assert shape(database)[2] == old[2]


def test_a_step_that_fails_changes_nothing(database: Path) -> None:
    old = shape(database)
    with (
        closing(sqlite3.connect(database, isolation_level=None)) as connection,
        pytest.raises(sqlite3.OperationalError),
    ):
        migrate(connection, (*MIGRATIONS, "CREATE TABLE one (a); CREATE TABLE one (a);"))
    assert shape(database) == old


def test_a_later_shape_is_refused(database: Path) -> None:
    with (
        closing(sqlite3.connect(database)) as connection,
        pytest.raises(StoreDamaged, match="update Cairn"),
    ):
        migrate(connection, MIGRATIONS[:1])


def _killed_at(path: Path, number: int) -> None:
    """Migrates, and dies as the statement of this number begins."""
    left = number

    def count(statement: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        version_of(connection)
        connection.set_trace_callback(
            lambda statement: (
                None if "user_version" in statement and "=" not in statement else count(statement)
            )
        )
        migrate(connection, NEXT)


if __name__ == "__main__":
    _killed_at(Path(sys.argv[1]), int(sys.argv[2]))

"""A migration that is killed leaves the old shape or the new one."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import scratch_migration
from scratch_migration import NEXT

from cairn_memory.errors import StoreDamaged
from cairn_memory.migrations import MIGRATIONS, migrate, version_of


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
    kills = 0
    for statement in count(1):
        command = (sys.executable, scratch_migration.__file__, str(database), str(statement))
        done = subprocess.run(command, check=False, capture_output=True, timeout=30)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        kills += 1
        assert shape(database) == old
    assert kills >= 6, "BEGIN, three statements, the new version, COMMIT"
    version, names, rows = shape(database)
    assert (version, "scratch_by_note" in names, rows) == (len(NEXT), True, old[2])


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

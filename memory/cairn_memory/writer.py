"""The one thread that writes: the rows, then the mark that says they are acknowledged."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from cairn_memory.chain import Mark
from cairn_memory.watermark import Watermark

logger = logging.getLogger(__name__)

StoredRow = tuple[int, str, str, str, int, str, bytes]
"""seq, session, agent, kind, time, payload, chain: one row of the table `events`."""


class Writer:
    """Owns the writing connection and the watermark. One trip to its thread stores a group and its mark."""

    def __init__(self, connection: sqlite3.Connection, watermark: Watermark) -> None:
        self._connection = connection
        self._watermark = watermark
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-writer")
        self._in_doubt = False

    async def store(self, rows: Sequence[StoredRow], mark: Mark) -> None:
        """Returns when `rows`, all or none, and `mark` are durable. Raises sqlite3.Error, OSError."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store, rows, mark)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _store(self, rows: Sequence[StoredRow], mark: Mark) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self._in_doubt:
                # A group that failed between its commit and its mark was never acknowledged,
                # so nobody has seen it: its numbers are given anew.
                acknowledged = self._watermark.mark.seq if self._watermark.mark else 0
                connection.execute("DELETE FROM events WHERE seq > ?", (acknowledged,))
            self._in_doubt = True
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise
        self._watermark.write(mark)
        self._in_doubt = False

    def _close(self) -> None:
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:  # a full disk: everything stays readable in the WAL
            logger.warning("the log stays in its write-ahead file: %s", error)
        self._connection.close()
        self._watermark.close()

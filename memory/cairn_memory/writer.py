"""The one thread that writes: the rows, then the mark that says they are acknowledged."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cairn_memory.chain import Mark, link
from cairn_memory.database import todays_mark
from cairn_memory.events import Event
from cairn_memory.rewriting import Rewriting, Rewritten, finish, rewrite
from cairn_memory.watermark import Watermark

logger = logging.getLogger(__name__)

StoredRow = tuple[int, str, str, str, int, str, bytes]
"""seq, session, agent, kind, time, payload, chain: one row of the table `events`."""

Adoption = Callable[[int], Iterable[Event]]
"""Gives events from elsewhere, numbered one after another from the number it gets; called in the writer's thread."""

_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"


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

    async def rewrite(self, rewriting: Rewriting, mark: Mark) -> Rewritten:
        """Carries out `rewriting`, whole or not at all; `mark` is the last acknowledged event. Raises as `store`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._rewrite, rewriting, mark)

    async def finish(self, folder: Path) -> None:
        """Clears away what rewritings left in `folder`: see `cairn_memory.rewriting.finish`."""
        run = asyncio.get_running_loop().run_in_executor
        await run(self._thread, finish, self._connection, self._watermark, folder)

    async def adopt(self, source: Adoption, mark: Mark) -> Mark:
        """Stores the events of `source` after `mark`, all or none, and returns where the log goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._adopt, source, mark)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _store(self, rows: Sequence[StoredRow], mark: Mark) -> None:
        with self._transaction() as connection:
            connection.executemany(_INSERT, rows)
        self._acknowledge(mark)

    def _rewrite(self, rewriting: Rewriting, mark: Mark) -> Rewritten:
        with self._transaction() as connection:
            done = rewrite(connection, mark, rewriting)
        try:
            self._acknowledge(done.end)
        except OSError as error:  # it is done; what says so in the log is written over by the next event
            logger.warning("the watermark could not be written: %s", error)
            return done._replace(end=todays_mark(self._connection, mark), event=None)
        return done

    def _adopt(self, source: Adoption, mark: Mark) -> Mark:
        with self._transaction() as connection:
            for event in source(mark.seq + 1):
                mark = Mark(event.seq, link(mark.chain, event))
                values = (
                    event.seq,
                    event.session,
                    event.agent,
                    event.kind,
                    event.time,
                    event.text,
                    mark.chain,
                )
                connection.execute(_INSERT, values)
        self._acknowledge(mark)
        return mark

    @contextlib.contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self._in_doubt:
                # A group that failed between its commit and its mark was never acknowledged,
                # so nobody has seen it: its numbers are given anew.
                acknowledged = self._watermark.mark.seq if self._watermark.mark else 0
                connection.execute("DELETE FROM events WHERE seq > ?", (acknowledged,))
            self._in_doubt = True
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise

    def _acknowledge(self, mark: Mark) -> None:
        if self._watermark.mark != mark:
            self._watermark.write(mark)
        self._in_doubt = False

    def _close(self) -> None:
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:  # a full disk: everything stays readable in the WAL
            logger.warning("the log stays in its write-ahead file: %s", error)
        self._connection.close()
        self._watermark.close()

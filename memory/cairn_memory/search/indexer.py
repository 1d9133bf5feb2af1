"""Follows the log and the memory files, in batches and in a thread of its own, so that a step pays nothing.

How far it came stands in the index itself, in the same transaction as what it took in: after a kill it
goes on there.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from cairn_memory.errors import StoreError, explain
from cairn_memory.events import Event
from cairn_memory.log import EventLog
from cairn_memory.search.entries import Entries
from cairn_memory.search.sections import Section, Sections
from cairn_memory.search.shape import chain_at, is_damage, open_file, throw_away, why_not_ours

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

BATCH = 1_000
"""Events of one transaction at most: a larger one costs less for each, and more memory."""
BATCH_SIZE = 2_000_000
"""Characters of events after which a transaction takes in no more."""
_READ = 200
"""Events that are read from the log at once."""
QUIET = 0.3
"""Seconds without a new event before the new ones are taken in: a step's events together, behind the step."""
WAITING = 200
"""New events that are taken in although more keep coming."""
_REST = 0.05
"""Seconds between two batches when nobody waits for them, and at least as long as the last one took."""
_AFTER_FAILURE = 5.0
"""Seconds until a failure (a full disk) is tried again."""
_OFTEN = 5
"""Times a damaged file is made anew before it is left alone until the next start."""


class Indexer:
    """Keeps the index file up to date. `release` lets go of what reads the file before it is thrown away."""

    def __init__(
        self,
        path: Path,
        database: Path,
        log: EventLog,
        sections: Sections,
        tell: Callable[[str], None],
        release: Callable[[], Awaitable[None]],
    ) -> None:
        self._path, self._database, self._log = path, database, log
        self._sections, self._tell, self._release = sections, tell, release
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="indexer")
        self._turn = asyncio.Lock()
        self._connection: sqlite3.Connection | None = None
        self._entries: Entries | None = None
        self._position = self._made = 0
        self._taken: tuple[Section, ...] | None = None
        """The sections as they are in the file: while they stay the same there is nothing to do."""
        self._task: asyncio.Task[None] | None = None
        self._work: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Opens the file, or makes it anew when it is none of ours, and begins to follow. Raises StoreError."""
        try:
            reason = await asyncio.to_thread(why_not_ours, self._path, self._database)
            if reason:
                await self._make_anew(reason)
            else:
                await self._run(self._open)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise self._explained(error) from error
            await self.start_over(f"it is damaged ({error})")
        except OSError as error:
            raise self._explained(error) from error
        self._task = asyncio.create_task(self._follow(), name="indexer")

    async def close(self) -> None:
        """Stops following. What was not taken in yet is taken in the next time."""
        for task in (self._task, *self._work):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, StoreError):
                    await task
        await self._release()  # first: only the last connection to close writes all into the file itself
        await self._run(self._close)
        self._thread.shutdown(wait=False)

    async def catch_up(self, seconds: float) -> str:
        """Takes in all there is now; returns "" or, when it could not within `seconds`, one line that says so.

        The work goes on behind when the time is over.
        """
        task = asyncio.create_task(self._take_all(), name="indexer catches up")
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        await asyncio.wait([task], timeout=seconds)
        if not task.done():
            task.add_done_callback(_look)
            missing = self._log.last_seq - self._position
            if missing > 0:
                return f"the newest {missing:,} events are not in the search index yet; ask again in a moment"
            return "the memory files could not be read in time; what is found of them may be old"
        if error := task.exception():
            if isinstance(error, StoreError):
                return f"{error}; what is found may be old"
            raise error
        return ""

    async def start_over(self, reason: str) -> None:
        """Makes the file anew from nothing; it fills behind. Raises StoreError when it cannot be written."""
        async with self._turn:
            try:
                await self._make_anew(reason)
            except (sqlite3.Error, OSError) as error:
                raise self._explained(error) from error

    async def _make_anew(self, reason: str) -> None:
        self._made += bool(reason)
        if self._made > _OFTEN:
            raise StoreError(f"the search index {self._path} gets damaged again and again: check the disk")
        await self._release()
        await self._run(self._close)
        await asyncio.to_thread(throw_away, self._path)
        await self._run(self._open)
        if reason:
            self._tell(f"the search index {self._path.name} is made anew: {reason}")

    async def _follow(self) -> None:
        while True:
            await self._log.wait(self._position)
            await self._quiet()
            began = time.monotonic()
            try:
                async with self._turn:
                    await self._step()
            except StoreError as error:
                logger.warning("%s", error)
                await asyncio.sleep(_AFTER_FAILURE)
            else:
                await asyncio.sleep(max(_REST, time.monotonic() - began))

    async def _quiet(self) -> None:
        """Waits until no more events come, or many are waiting."""
        seen = 0
        while seen < self._log.last_seq < self._position + WAITING:
            seen = self._log.last_seq
            await asyncio.sleep(QUIET)

    async def _take_all(self) -> None:
        async with self._turn:
            target = self._log.last_seq
            sections = tuple(await self._sections())
            while True:
                while self._position < target:
                    await self._step()
                if sections != self._taken:
                    await self._guarded(lambda entries: self._take(entries, sections))
                if self._position >= target:  # else the file was damaged, and is empty again
                    return

    async def _step(self) -> None:
        events: list[Event] = []
        size, more = 0, True
        while more and len(events) < BATCH and size < BATCH_SIZE:
            since = events[-1].seq if events else self._position
            part = await self._log.read(since, limit=_READ)
            events += part
            size += sum(len(event.text) for event in part)
            more = len(part) == _READ
        if not events:  # the newest numbers were lost with damage: there is nothing to wait for
            self._position = self._log.last_seq
            return
        await self._guarded(lambda entries: self._add(entries, events))

    def _add(self, entries: Entries, events: Sequence[Event]) -> None:
        entries.add_events(events, chain_at(self._database, events[-1].seq))
        self._position = events[-1].seq

    async def _guarded(self, work: Callable[[Entries], object]) -> None:
        """Does `work` in the thread. A damaged file is made anew; then there is more to do, and nothing is lost."""
        assert self._entries is not None
        try:
            await self._run(work, self._entries)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise self._explained(error) from error
            try:
                await self._make_anew(f"it is damaged ({error})")
            except (sqlite3.Error, OSError) as again:
                raise self._explained(again) from again

    def _take(self, entries: Entries, sections: tuple[Section, ...]) -> None:
        entries.replace_sections([self._masked(section) for section in sections])
        self._taken = sections

    def _masked(self, section: Section) -> Section:
        """A person may have written a secret into a memory file by hand."""
        mask = self._log.masker.mask
        return replace(section, heading=mask(section.heading), text=mask(section.text))

    def _open(self) -> None:
        self._connection = open_file(self._path)
        self._entries = Entries(self._connection)
        self._taken = None
        self._position = self._entries.position

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work` in the indexer's thread, to its end also when the caller is cancelled."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    def _explained(self, error: sqlite3.Error | OSError) -> StoreError:
        return explain(error, f"the search index {self._path} could not be written")


def _look(task: "asyncio.Task[None]") -> None:
    """Nobody waits for it any more; what went wrong is said by the next one."""
    if not task.cancelled() and (error := task.exception()):
        logger.warning("the search index could not catch up: %s", error)

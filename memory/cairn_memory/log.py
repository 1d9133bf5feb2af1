"""The append-only log of a workspace: one writer, group commit, readers that never wait for it."""

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import aiosqlite

from cairn_memory.chain import Mark, link
from cairn_memory.errors import StoreError, explain
from cairn_memory.events import Event, Payload
from cairn_memory.redact import Masked, Masker, masked
from cairn_memory.rewriting import Rewriting, Rewritten
from cairn_memory.selection import NEWEST_OF_EACH, Selection
from cairn_memory.writer import Adoption, StoredRow, Writer

logger = logging.getLogger(__name__)

_R = TypeVar("_R")

_ROWS_PER_COMMIT = 256
_CHARACTERS_PER_COMMIT = 4_000_000
_TAIL = 2_048
"""Events kept in memory, so that clients that follow the run never ask the disk."""
_TAIL_CHARACTERS = 8_000_000


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one `append` asked for: (session, agent, kind, payload as JSON) of each event."""

    rows: tuple[tuple[str, str, str, str], ...]
    done: "asyncio.Future[tuple[Event, ...]]"

    @property
    def size(self) -> int:
        return sum(len(row[3]) for row in self.rows)

    def fail(self, error: StoreError) -> None:
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # a caller that was cancelled will not ask for it


class EventLog:
    """What happened in a workspace, durable before anybody acts on it.

    Made by `cairn_memory.store.open_log`, which checks what is on disk first.
    Not for two processes at once: the host's lock sees to that.
    """

    def __init__(self, writer: Writer, reader: aiosqlite.Connection, masker: Masker, end: Mark) -> None:
        self.masker = masker
        self.last_seq, self._chain = end
        self._writer = writer
        self._reader = reader
        self._waiting: deque[_Batch] = deque()
        self._wanted = asyncio.Event()
        self._closing = self._closed = False
        self._tail: deque[Event] = deque()
        self._tail_characters = 0
        self._moved = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task = asyncio.create_task(self._write(), name="log writer")
        self._task.add_done_callback(_report)

    async def append(
        self, session: str, *payloads: Payload | Masked, agent: str = "main"
    ) -> tuple[Event, ...]:
        """Masks and stores `payloads` as one atomic group; returns when they are durable.

        Raises StoreFull when there is no room, StoreError when the log is closed; then
        none of them was stored. A caller that is cancelled does not take its group back.
        """
        safe = [each.payload if isinstance(each, Masked) else masked(each, self.masker) for each in payloads]
        rows = tuple((session, agent, payload.kind, payload.model_dump_json()) for payload in safe)
        f"{session}{agent}".encode()  # what cannot be stored fails here, not in the writer
        if self._closing:
            raise StoreError("the log is closed: nothing more can be stored")
        batch = _Batch(rows, asyncio.get_running_loop().create_future())
        self._waiting.append(batch)
        self._wanted.set()
        return await batch.done

    async def read(
        self,
        since: int = 0,
        *,
        session: str | None = None,
        kinds: Sequence[str] = (),
        limit: int = 500,
        newest: bool = False,
        until: int | None = None,
    ) -> list[Event]:
        """Events after number `since` and up to `until`, in order; with `newest` the last `limit` of them, still in order.

        Raises StoreError when the database cannot be read.
        """
        end = self.last_seq if until is None else min(until, self.last_seq)
        wanted = Selection(since, end, session, tuple(dict.fromkeys(kinds)), limit, newest)
        if not newest and self._tail and since >= self._tail[0].seq - 1:
            later = islice(self._tail, since - self._tail[0].seq + 1, None)
            return list(islice(filter(wanted.covers, later), limit))
        events = await self._select(*wanted.statement())
        return events[::-1] if newest else events

    async def newest_of_each(self, kind: str) -> dict[str, Event]:
        """For every session its newest event of `kind`: how sessions are listed without reading them."""
        return {event.session: event for event in await self._select(NEWEST_OF_EACH, (kind, self.last_seq))}

    async def wait(self, since: int) -> None:
        """Returns once there is an event after number `since`."""
        while self.last_seq <= since:
            await self._moved.wait()

    async def rewrite(self, rewriting: Rewriting) -> Rewritten:
        """Erases or changes events, whole or not at all; `finish` must follow. Nothing is read or appended meanwhile.

        Windows and folds that were made of these events go on holding what they said: close them
        first. Raises as `append`.
        """
        return await self._alone(lambda: self._rewrite(rewriting))

    async def finish(self, folder: Path) -> None:
        """Removes from `folder` and from the database file what rewritings left; a start does it, too.

        Takes a second for each 100 MB. Raises StoreError; then it can be called again.
        """
        return await self._alone(lambda: self._writer.finish(folder))

    async def adopt(self, source: Adoption) -> int:
        """Appends events from elsewhere, with the times they have, as one group; returns the last number.

        They must be masked. Raises as `append`, and what `source` raises.
        """
        return await self._alone(lambda: self._take_in(source))

    async def close(self) -> None:
        """Writes what was appended, then lets go of the files. Further appends raise StoreError."""
        self._closing = True
        self._wanted.set()
        await asyncio.wait([self._task])
        async with self._turn:
            done, self._closed = self._closed, True
        if not done:
            await self._reader.close()
            await self._writer.close()

    async def _select(self, statement: str, values: Iterable[object]) -> list[Event]:
        try:
            rows = await self._reader.execute_fetchall(statement, values)
        except sqlite3.Error as error:
            raise explain(error, "the log could not be read") from error
        return [Event(*row) for row in rows]

    async def _alone(self, work: Callable[[], Coroutine[None, None, _R]]) -> _R:
        """Does `work` while nothing is appended, to its end even when the caller is cancelled."""

        async def alone() -> _R:
            async with self._turn:
                if self._closed:
                    raise StoreError("the log is closed: nothing more can be stored")
                try:
                    return await work()
                except (sqlite3.Error, OSError) as error:
                    raise explain(error, "the log could not be written") from error

        return await asyncio.shield(asyncio.create_task(alone(), name="log rewriting"))

    async def _rewrite(self, rewriting: Rewriting) -> Rewritten:
        done = await self._writer.rewrite(rewriting, Mark(self.last_seq, self._chain))
        self._tail.clear()
        self._tail_characters = 0
        self.last_seq, self._chain = done.end
        self._remember([(done.event,)] if done.event else [])
        return done

    async def _take_in(self, source: Adoption) -> int:
        end = await self._writer.adopt(source, Mark(self.last_seq, self._chain))
        self._tail.clear()
        self._tail_characters = 0
        self.last_seq, self._chain = end
        self._remember([])
        return self.last_seq

    async def _write(self) -> None:
        batches: list[_Batch] = []
        try:
            while self._waiting or not self._closing:
                self._wanted.clear()
                while self._waiting:
                    batches = self._next_group()
                    async with self._turn:
                        await self._commit(batches)
                if not self._closing:
                    await self._wanted.wait()
        finally:  # also when it dies: whoever waits is told, whoever comes later is refused
            self._closing = True
            for batch in (*batches, *self._waiting):
                batch.fail(StoreError("the log's writer has stopped; restart Cairn"))

    def _next_group(self) -> list[_Batch]:
        batches = [self._waiting.popleft()]
        rows, size = len(batches[0].rows), batches[0].size
        while self._waiting and rows < _ROWS_PER_COMMIT and size < _CHARACTERS_PER_COMMIT:
            batches.append(self._waiting.popleft())
            rows, size = rows + len(batches[-1].rows), size + batches[-1].size
        return batches

    async def _commit(self, batches: list[_Batch]) -> None:
        mark, now = Mark(self.last_seq, self._chain), time.time_ns() // 1_000_000
        stored: list[StoredRow] = []
        groups: list[tuple[Event, ...]] = []
        for batch in batches:
            group: list[Event] = []
            for session, agent, kind, text in batch.rows:
                event = Event(mark.seq + 1, session, agent, kind, now, text)
                mark = Mark(event.seq, link(mark.chain, event))
                stored.append((event.seq, session, agent, kind, now, text, mark.chain))
                group.append(event)
            groups.append(tuple(group))
        try:
            await self._writer.store(stored, mark)
        except (sqlite3.Error, OSError) as error:
            for batch in batches:
                batch.fail(explain(error, "the log could not be written"))
            return
        self.last_seq, self._chain = mark
        self._remember(groups)
        for batch, events in zip(batches, groups, strict=True):
            if not batch.done.done():
                batch.done.set_result(events)

    def _remember(self, groups: list[tuple[Event, ...]]) -> None:
        for group in groups:
            self._tail.extend(group)
            self._tail_characters += sum(len(event.text) for event in group)
        while len(self._tail) > _TAIL or self._tail_characters > _TAIL_CHARACTERS:
            self._tail_characters -= len(self._tail.popleft().text)
        self._moved.set()
        self._moved = asyncio.Event()


def _report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("the log's writer has stopped", exc_info=error)

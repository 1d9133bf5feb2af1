"""The append-only log of a workspace: one writer, group commit, readers that never wait for it."""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import aiosqlite

from cairn_memory.errors import StoreError, StoreFull
from cairn_memory.events import Event, Payload
from cairn_memory.redact import Masker, masked
from cairn_memory.watermark import START, Mark, Watermark

_COLUMNS = "seq, session, agent, kind, time, payload"
_ROWS_PER_COMMIT = 256
_TAIL = 2_048
"""Events kept in memory, so that clients that follow the run never ask the disk."""
_TAIL_BYTES = 8_000_000

_FULL = {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: tuple[tuple[str, str, Payload], ...]
    done: "asyncio.Future[tuple[Event, ...]]"


class EventLog:
    """What happened in a workspace, durable before anybody acts on it.

    Made by `cairn_memory.store.open_log`, which checks what is on disk first.
    Not for two processes at once: the host's lock sees to that.
    """

    def __init__(
        self, writer: aiosqlite.Connection, reader: aiosqlite.Connection, watermark: Watermark, masker: Masker
    ) -> None:
        self.masker = masker
        self._writer = writer
        self._reader = reader
        self._watermark = watermark
        mark = watermark.mark or Mark(0, START)
        self.last_seq = mark.seq
        """The newest event that is durable; what is being written now is not shown to anybody yet."""
        self._seq = mark.seq
        self._chain = mark.chain
        self._queue: asyncio.Queue[_Batch] = asyncio.Queue(maxsize=1_000)
        self._tail: deque[Event] = deque()
        self._tail_bytes = 0
        self._moved = asyncio.Event()
        self._task = asyncio.create_task(self._write(), name="log writer")

    async def append(self, session: str, *payloads: Payload, agent: str = "main") -> tuple[Event, ...]:
        """Masks and stores `payloads` as one atomic group; returns when they are durable.

        Raises StoreFull when there is no room; then none of them was stored.
        """
        done: asyncio.Future[tuple[Event, ...]] = asyncio.get_running_loop().create_future()
        rows = tuple((session, agent, masked(payload, self.masker)) for payload in payloads)
        await self._queue.put(_Batch(rows, done))
        return await asyncio.shield(done)

    async def read(
        self,
        since: int = 0,
        *,
        session: str | None = None,
        kinds: Sequence[str] = (),
        limit: int = 500,
        newest: bool = False,
    ) -> list[Event]:
        """Events after number `since`, in order; with `newest` the last `limit` of them, still in order."""
        if not newest and session is None and not kinds and self._tail and since >= self._tail[0].seq - 1:
            skip = max(since - self._tail[0].seq + 1, 0)
            return [self._tail[i] for i in range(skip, min(skip + limit, len(self._tail)))]
        where, values = "seq > ? AND seq <= ?", [since, self.last_seq]
        if session is not None:
            where, values = f"{where} AND session = ?", [*values, session]
        if kinds:
            where = f"{where} AND kind IN ({', '.join('?' * len(kinds))})"
            values = [*values, *kinds]
        order = "DESC" if newest else "ASC"
        cursor = await self._reader.execute(
            f"SELECT {_COLUMNS} FROM events WHERE {where} ORDER BY seq {order} LIMIT ?", (*values, limit)
        )
        events = [Event(*row) for row in await cursor.fetchall()]
        return events[::-1] if newest else events

    async def newest_of_each(self, kind: str) -> dict[str, Event]:
        """For every session its newest event of `kind`: how sessions are listed without reading them."""
        cursor = await self._reader.execute(
            f"SELECT {_COLUMNS} FROM events WHERE seq IN "
            "(SELECT max(seq) FROM events WHERE kind = ? GROUP BY session)",
            (kind,),
        )
        return {row[1]: Event(*row) for row in await cursor.fetchall()}

    async def wait(self, since: int) -> None:
        """Returns once there is an event after number `since`."""
        while self.last_seq <= since:
            await self._moved.wait()

    async def close(self) -> None:
        """Writes what is queued, then lets go of the files."""
        await self._queue.join()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await self._writer.close()
        await self._reader.close()
        self._watermark.close()

    async def _write(self) -> None:
        while True:
            batches = [await self._queue.get()]
            while not self._queue.empty() and sum(len(b.rows) for b in batches) < _ROWS_PER_COMMIT:
                batches.append(self._queue.get_nowait())
            try:
                groups = await self._commit(batches)
            except (sqlite3.Error, OSError) as error:
                self._tail.clear()  # rows may stand that were never acknowledged: read them from the disk
                for batch in batches:
                    batch.done.set_exception(_explain(error))
            else:
                for batch, events in zip(batches, groups, strict=True):
                    batch.done.set_result(events)
            finally:
                for _ in batches:
                    self._queue.task_done()

    async def _commit(self, batches: list[_Batch]) -> list[tuple[Event, ...]]:
        """One statement, so one atomic commit and one trip to the database's thread; then the watermark."""
        seq, chain, now = self._seq, self._chain, time.time_ns() // 1_000_000
        values: list[object] = []
        groups: list[tuple[Event, ...]] = []
        for batch in batches:
            group: list[Event] = []
            for session, agent, payload in batch.rows:
                seq += 1
                event = Event(seq, session, agent, payload.kind, now, payload.model_dump_json())
                chain = link(chain, event)
                values += (seq, session, agent, event.kind, now, event.text, chain)
                group.append(event)
            groups.append(tuple(group))
        places = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * (len(values) // 7))
        await self._writer.execute(f"INSERT INTO events VALUES {places}", values)
        self._seq, self._chain = seq, chain
        await asyncio.to_thread(self._watermark.write, Mark(seq, chain))
        self.last_seq = seq
        self._remember(groups)
        return groups

    def _remember(self, groups: list[tuple[Event, ...]]) -> None:
        for group in groups:
            self._tail.extend(group)
            self._tail_bytes += sum(len(event.text) for event in group)
        while len(self._tail) > _TAIL or self._tail_bytes > _TAIL_BYTES:
            self._tail_bytes -= len(self._tail.popleft().text)
        self._moved.set()
        self._moved = asyncio.Event()


def link(chain: bytes, event: Event) -> bytes:
    """The running hash after `event`: BLAKE2b over the hash before it and every stored field."""
    digest = blake2b(chain, digest_size=16)
    for field in (event.seq, event.session, event.agent, event.kind, event.time, event.text):
        part = str(field).encode()
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _explain(error: Exception) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name in _FULL or isinstance(error, OSError):
        return StoreFull(f"the log could not be written ({error}); make room on the disk, then resume")
    return StoreError(f"the log could not be written: {error}")

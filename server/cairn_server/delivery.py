"""Events to clients: each gets everything once and in order, however slow it is, and holds up nobody.

There is no queue of events: every client has a cursor into the log, and what it has
not taken yet is read again from there. So memory does not grow with slow clients.
"""

import asyncio
import json
import logging
from dataclasses import dataclass

from cairn_agents.runs import StreamSource
from cairn_memory.errors import StoreError
from cairn_memory.events import Event
from cairn_memory.log import EventLog
from cairn_server.outbox import Outbox

FLUSH_SECONDS = 0.03
"""Between two messages of streamed text to one client: as quick as an eye, and few enough."""
STREAM_CHARACTERS = 64_000
"""Streamed text held for one client; what is older is dropped, the next event has it anyway."""
GATHER_SECONDS = 0.01
"""Between an event and its sending: the next of the same step goes with it, and the step goes first."""
PAGE = 32
"""Events read at once: each may have some hundred kilobytes."""
BUNCH = 65_536
"""Bytes of messages handed to a connection before waiting for the client to take them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Interest:
    """What a client asked to be told; `session` None stands for all of them."""

    session: str | None = None
    stream: bool = True
    answers: bool = False

    def covers(self, session: str) -> bool:
        return self.session is None or self.session == session


@dataclass(slots=True)
class _Chunk:
    """Streamed text that belongs after event number `after` and before the next."""

    after: int
    session: str
    step: int
    source: StreamSource
    text: str


class StreamText:
    """Streamed text that waits for one client: joined where it belongs together, bounded."""

    def __init__(self, limit: int = STREAM_CHARACTERS) -> None:
        self._limit = limit
        self._chunks: list[_Chunk] = []
        self._size = 0

    def push(self, after: int, session: str, step: int, source: StreamSource, text: str) -> None:
        """Adds what was streamed while `after` was the newest event."""
        chunk = self._same(after, session, step, source)
        if chunk is None:
            self._chunks.append(_Chunk(after, session, step, source, text))
        else:
            chunk.text += text
        self._size += len(text)
        if self._size > self._limit:
            self._drop(self._size - self._limit)

    def take(self, before: int) -> list[bytes]:
        """The notifications that belong before event number `before`, and forgets them."""
        ripe: list[_Chunk] = []
        while self._chunks and self._chunks[0].after < before:
            ripe.append(self._chunks.pop(0))
        self._size -= sum(len(chunk.text) for chunk in ripe)
        return [_stream_notice(chunk) for chunk in ripe]

    def _same(self, after: int, session: str, step: int, source: StreamSource) -> _Chunk | None:
        if source == "tool":  # a name each, never to be joined
            return None
        for chunk in reversed(self._chunks):
            if chunk.after != after:
                return None
            if (chunk.session, chunk.step, chunk.source) == (session, step, source):
                return chunk
        return None

    def _drop(self, excess: int) -> None:
        """Drops at least `excess` of the oldest characters; the text says so where they are missing."""
        mark = "[... left out: the client was slow ...]\n"
        excess += len(mark)
        while self._chunks and len(self._chunks[0].text) <= excess and len(self._chunks) > 1:
            gone = self._chunks.pop(0)
            excess -= len(gone.text)
            self._size -= len(gone.text)
        oldest = self._chunks[0]
        if oldest.source != "tool":
            kept = mark + oldest.text[max(excess, 0) :]
            self._size += len(kept) - len(oldest.text)
            oldest.text = kept


class Pump:
    """Carries events and streamed text to one client, from event number `since` on."""

    def __init__(self, events: EventLog, outbox: Outbox, interest: Interest, since: int) -> None:
        self.interest = interest
        self._log = events
        self._outbox = outbox
        self._cursor = min(since, events.last_seq)
        self._text = StreamText()
        self._moved = asyncio.Event()
        self._released = asyncio.Event()
        self._sent = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def release(self) -> None:
        """Lets the first notification go out: the reply to the subscription has."""
        self._released.set()

    def wake(self) -> None:
        """There is something new."""
        self._moved.set()

    def tell(self, notice: bytes) -> None:
        """Sends a notification that is no event, once the reply to the subscription has gone out."""
        if self._released.is_set():
            self._outbox.send(notice)

    def push(self, session: str, step: int, source: StreamSource, text: str) -> None:
        """Streamed text, as it comes: sent a little later, together with what follows."""
        if not text:
            return
        self._text.push(self._log.last_seq, session, step, source, text)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    async def caught_up(self) -> None:
        """Returns when everything up to now was sent."""
        while self._cursor < self._log.last_seq:
            self._sent.clear()
            await self._sent.wait()

    async def run(self) -> None:
        """Until cancelled, or the client is gone."""
        try:
            await self._released.wait()
            if self.interest.session is not None:
                await self._history(self.interest.session)
            while True:
                self._moved.clear()
                await self._follow()
                await self._moved.wait()
        except ConnectionError as error:
            log.info("no more events to a client: %s", error)
        except StoreError as error:
            log.error("events cannot be read, a client is cut: %s", error)
            self._outbox.cut()
        except Exception:  # the edge of this task: a client that silently gets no more would wait for ever
            log.exception("events to a client failed, it is cut")
            self._outbox.cut()
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        self.wake()

    async def _history(self, session: str) -> None:
        """The past of one session, found by index: the others' events are not even read."""
        while True:
            newest = self._log.last_seq
            events = await self._log.read(self._cursor, session=session, limit=PAGE)
            await self._send(events)
            if len(events) < PAGE:
                self._cursor = max(newest, *(event.seq for event in events), self._cursor)
                return
            self._cursor = events[-1].seq

    async def _follow(self) -> None:
        """Everything up to now. Whoever keeps up reads what the log still has in memory."""
        while self._cursor < self._log.last_seq:
            events = await self._log.read(self._cursor, limit=PAGE)
            await self._send(events)
            self._cursor = events[-1].seq
            await asyncio.sleep(0)  # a long history must not hold up the loop
        self._outbox.send(*self._text.take(self._cursor + 1))
        await self._outbox.drain()
        self._sent.set()

    async def _send(self, events: list[Event]) -> None:
        bunch: list[bytes] = []
        size = 0
        for event in events:
            if event.seq <= self._cursor or not self.interest.covers(event.session):
                continue
            bunch += (*self._text.take(event.seq), event_notice(event))
            size += len(bunch[-1])
            if size >= BUNCH:
                self._outbox.send(*bunch)
                await self._outbox.drain()
                bunch, size = [], 0
        self._outbox.send(*bunch)
        await self._outbox.drain()


class Delivery:
    """All clients that follow the log."""

    def __init__(self, events: EventLog) -> None:
        self._log = events
        self._pumps: set[Pump] = set()

    def add(self, pump: Pump) -> None:
        self._pumps.add(pump)

    def remove(self, pump: Pump) -> None:
        self._pumps.discard(pump)

    def stream(self, session: str, step: int, source: StreamSource, text: str) -> None:
        """Hands on streamed text; returns at once (the `Stream` of `cairn_agents.runs`)."""
        for pump in self._pumps:
            if pump.interest.stream and pump.interest.covers(session):
                pump.push(session, step, source, text)

    def tell(self, method: str, params: dict[str, object]) -> None:
        """Sends a notification to everybody who follows anything; returns at once."""
        notice = json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode()
        for pump in self._pumps:
            pump.tell(notice)

    def attended(self, session: str) -> bool:
        """Whether somebody is there who follows `session` and can answer an approval."""
        return any(pump.interest.answers and pump.interest.covers(session) for pump in self._pumps)

    async def run(self) -> None:
        """Wakes the pumps whenever the log moves, until cancelled."""
        seen = self._log.last_seq
        while True:
            await self._log.wait(seen)
            await asyncio.sleep(GATHER_SECONDS)
            seen = self._log.last_seq
            for pump in self._pumps:
                pump.wake()


def event_notice(event: Event) -> bytes:
    """`cairn/event` as bytes, around the JSON that the event keeps of itself."""
    return f'{{"jsonrpc": "2.0", "method": "cairn/event", "params": {{"event": {event.wire}}}}}'.encode()


def _stream_notice(chunk: _Chunk) -> bytes:
    params = {"session": chunk.session, "step": chunk.step, "source": chunk.source, "text": chunk.text}
    return json.dumps({"jsonrpc": "2.0", "method": "cairn/stream", "params": params}).encode()

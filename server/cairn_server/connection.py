"""One client that is attached: who it is, what it follows, and the way to it."""

import asyncio
import contextlib
import time

from cairn_memory.log import EventLog
from cairn_server.delivery import Delivery, Interest, Pump
from cairn_server.outbox import Outbox
from cairn_server.transport import Face

CALLS_AT_ONCE = 32
"""Requests of one connection under way at the same time; then no more are read from it."""


class Connection:
    """Lives as long as the socket does."""

    def __init__(
        self, client: str, face: Face, reader: asyncio.StreamReader, outbox: Outbox, delivery: Delivery
    ) -> None:
        self.client = client
        self.face: Face = face
        self.reader = reader
        self.outbox = outbox
        self.calls = asyncio.Semaphore(CALLS_AT_ONCE)
        self.heard = time.monotonic()
        """When an editor's newest message was taken in."""
        self._delivery = delivery
        self._pump: Pump | None = None
        self._pumping: asyncio.Task[None] | None = None

    async def subscribe(self, events: EventLog, interest: Interest, since: int) -> None:
        """From now on events after `since`, instead of what was followed before; see `replied`."""
        await self.unsubscribe()
        self._pump = Pump(events, self.outbox, interest, since)
        self._delivery.add(self._pump)
        self._pumping = asyncio.create_task(self._pump.run(), name=f"events to {self.client}")

    def replied(self) -> None:
        """A reply went out, so the notifications that it announced may follow."""
        if self._pump is not None:
            self._pump.release()

    async def unsubscribe(self) -> None:
        """Nothing more from the log."""
        if self._pump is None or self._pumping is None:
            return
        self._delivery.remove(self._pump)
        pumping, self._pump, self._pumping = self._pumping, None, None
        pumping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pumping

    async def caught_up(self) -> None:
        """Returns when the client was given everything that it follows."""
        if self._pump is not None:
            await self._pump.caught_up()

    async def close(self) -> None:
        """The client went away, or shall."""
        await self.unsubscribe()
        self.outbox.close()

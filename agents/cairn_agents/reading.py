"""A session read again from its events: where it stands, and the bytes of its window."""

import asyncio
from collections.abc import Iterable

from cairn_agents.model.endpoint import Endpoint
from cairn_agents.window import Window
from cairn_memory.blobs import BlobStore
from cairn_memory.events import Event, WindowStarted
from cairn_memory.log import EventLog
from cairn_memory.sessions import SessionFold

PAGE = 2_000


async def read_again(
    name: str, events: Iterable[Event], endpoint: Endpoint, blobs: BlobStore
) -> tuple[SessionFold, Window]:
    """All of a session's events, in order, as its fold and its window. Raises StoreError when a head is gone."""
    fold, window = SessionFold(name), Window()
    for event in events:
        fold.apply(event.payload, event.time)
        if isinstance(event.payload, WindowStarted):
            window.open(await asyncio.to_thread(blobs.get, event.payload.head), endpoint)
        window.apply(event.payload)
    return fold, window


async def events_of(name: str, log: EventLog) -> list[Event]:
    """All events of a session, in order. Raises StoreError."""
    events: list[Event] = []
    since = 0
    while page := await log.read(since, session=name, limit=PAGE):
        events += page
        since = page[-1].seq
    return events

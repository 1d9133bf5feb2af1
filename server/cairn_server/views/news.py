"""Which views changed, told to the clients that asked: soon after the event, and not faster than an eye.

What is left to tell a client is a set of five names at most, so a slow one costs nothing and holds up nobody.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, get_args

from cairn_memory.errors import StoreError
from cairn_memory.log import EventLog
from cairn_server.outbox import Outbox
from cairn_server.protocol.views import Standing, ViewName, ViewsNotice

GATHER_SECONDS = 0.01
"""Between an event and the word of it: a step is several events."""
OFTEN_SECONDS = 0.04
"""Between two words to one client: with the above 50 ms, also while events come and come."""
PAGE = 200
MANY = 2_000
"""Events at once of which the kinds are not looked at: an archive was taken in, everything changed."""

EVERY: tuple[ViewName, ...] = get_args(ViewName)

HEARD: dict[ViewName, tuple[str, ...]] = {
    "approvals": ("approval.", "session.", "log.rewritten"),
    "tasks": ("task.", "session.", "model.replied", "side.replied", "log.rewritten"),
    "runs": ("session.", "model.replied", "window.started", "approval.", "log.rewritten"),
    "checkpoints": ("checkpoint.", "session.", "log.rewritten"),
    "memory": ("claim.", "file.versioned", "note.", "session.started", "window.receipt", "log.rewritten"),
}
"""View -> how the kinds of events begin that change it."""

log = logging.getLogger(__name__)


def changed_by(kinds: Iterable[str]) -> set[ViewName]:
    """The views that show something of events of these kinds."""
    seen = set(kinds)
    return {view for view, heard in HEARD.items() if any(kind.startswith(heard) for kind in seen)}


class ViewNews:
    """All clients that follow the views of a host."""

    def __init__(self, events: EventLog, standing: Callable[[], Standing]) -> None:
        self._log = events
        self._standing = standing
        self._followers: dict[Outbox, _Follower] = {}
        self._late: set[asyncio.Task[None]] = set()

    def follow(self, outbox: Outbox) -> None:
        """From now on this client is told; once, however often it asks."""
        if outbox not in self._followers:
            self._followers[outbox] = _Follower(outbox, self._standing)

    def leave(self, outbox: Outbox) -> None:
        """No more of it."""
        if follower := self._followers.pop(outbox, None):
            follower.stop()

    def touch(self, views: Iterable[ViewName]) -> None:
        """These views changed without an event."""
        for follower in self._followers.values():
            follower.note(views)

    def later(self, work: Awaitable[object], view: ViewName) -> None:
        """The view has changed once this is done, as rows were made without what it brings."""
        if not self._late:  # one is enough: whoever looks next sees what all of them bring
            task = asyncio.create_task(self._after(work, view), name=f"for the view of {view}")
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        elif asyncio.iscoroutine(work):
            work.close()

    async def run(self) -> None:
        """Tells, until cancelled."""
        seen = self._log.last_seq
        try:
            while True:
                await self._log.wait(seen)
                await asyncio.sleep(GATHER_SECONDS)
                since, seen = seen, self._log.last_seq
                if self._followers:
                    self.touch(await self._changed(since, seen))
        finally:
            for outbox in list(self._followers):
                self.leave(outbox)
            for task in self._late:
                task.cancel()

    async def _changed(self, since: int, until: int) -> Iterable[ViewName]:
        if until - since > MANY:
            return EVERY
        views = set[ViewName]()
        try:
            while since < until and len(views) < len(EVERY):
                events = await self._log.read(since, limit=PAGE)
                views |= changed_by(event.kind for event in events)
                since = events[-1].seq if events else until
        except StoreError as error:
            log.warning("what changed cannot be read, so all views are said to: %s", error)
            return EVERY
        return views

    async def _after(self, work: Awaitable[object], view: ViewName) -> None:
        try:
            await work
        except StoreError as error:
            log.warning("a part of the view of %s is missing: %s", view, error)
        else:
            self.touch([view])


class _Follower:
    """One client: what it was not told yet, and the task that tells it."""

    def __init__(self, outbox: Outbox, standing: Callable[[], Standing]) -> None:
        self._outbox = outbox
        self._standing = standing
        self._left = set[ViewName]()
        self._wanted = asyncio.Event()
        self._task = asyncio.create_task(self._tell(), name="news of views")

    def note(self, views: Iterable[ViewName]) -> None:
        self._left.update(views)
        if self._left:
            self._wanted.set()

    def stop(self) -> None:
        self._task.cancel()

    async def _tell(self) -> None:
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                views: list[ViewName] = [view for view in EVERY if view in self._left]
                self._left.clear()
                notice = ViewsNotice(views=views, standing=self._standing())
                self._outbox.send(_message(notice.model_dump(mode="json")))
                await self._outbox.drain()
                await asyncio.sleep(OFTEN_SECONDS)
        except ConnectionError as error:
            log.info("no more news of views to a client: %s", error)


def _message(params: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": "cairn/views/changed", "params": params}).encode()

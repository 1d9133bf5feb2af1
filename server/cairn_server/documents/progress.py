"""Progress of what runs, in any editor that shows such: what it does now, and a way to stop it."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from cairn_agents.info import RunInfo
from cairn_agents.outfit import RunError
from cairn_memory.errors import StoreError
from cairn_memory.events import CheckpointWritten, Event, ModelReplied, ToolStarted, WindowStarted
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature
from cairn_server.visible import visible

OFTEN = 0.5
"""Seconds between two reports."""
PATIENCE = 10.0
"""Seconds for the editor to say that it will show one."""
TITLE = 60
PAGE = 200
AT_WORK = ("running", "waiting")
CAUSE = "the editor's progress"

log = logging.getLogger(__name__)


class Progress:
    """What one editor is shown of the sessions that run, until `close`.

    An editor with views of its own says so by the client capability `experimental.cairn.views`, and gets none. One
    that will not show the first is not asked again.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown: dict[str, str] = {}
        """Session -> what was said of it last."""
        self._doing: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._runs = itertools.count(1)
        self._following: asyncio.Task[None] | None = None
        self._stopping: set[asyncio.Task[bool]] = set()

    @property
    def features(self) -> Sequence[Feature]:
        return (Feature(types.INITIALIZED, self._begin),)

    async def close(self) -> None:
        """Follows no more. What runs goes on."""
        tasks: list[asyncio.Task[Any]] = [*self._stopping, *([self._following] if self._following else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _bar(self) -> Any:  # pygls' futures have no type
        return self._desk.server.work_done_progress

    async def _begin(self, desk: Desk, params: types.InitializedParams) -> None:
        window = desk.server.client_capabilities.window
        if window is not None and window.work_done_progress and not desk.has_views:
            self._following = asyncio.create_task(self._follow(), name="progress")

    async def _follow(self) -> None:
        events = self._desk.memory.log
        since = events.last_seq
        try:
            while True:
                await self._look()
                await events.wait(since)
                await asyncio.sleep(OFTEN)
                for event in await events.read(since, limit=PAGE):
                    self._note(event)
                    since = event.seq
        except (TimeoutError, JsonRpcException, StoreError) as error:
            log.info("the editor shows no progress: %s", error or "no answer")
        except ConnectionError:
            pass

    async def _look(self) -> None:
        running = {info.session: info for info in self._desk.runs.running() if info.state in AT_WORK}
        for session in [name for name in self._shown if name not in running]:
            self._end(session)
        for session, info in running.items():
            said = _said(info, self._doing.get(session, ""))
            if session not in self._shown:
                await asyncio.wait_for(self._start(info, said), PATIENCE)
            elif self._shown[session] != said:
                self._bar.report(
                    self._tokens[session], types.WorkDoneProgressReport(cancellable=True, message=said)
                )
                self._shown[session] = said

    async def _start(self, info: RunInfo, said: str) -> None:
        token = self._tokens[info.session] = f"cairn-{info.session}-{next(self._runs)}"
        await self._bar.create_async(token)
        title = f"Cairn: {visible(' '.join(info.goal.split()))[:TITLE]}"
        self._bar.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True, message=said))
        self._shown[info.session] = said
        loop = asyncio.get_running_loop()

        def answered(future: Any) -> None:
            if future.cancelled():
                loop.call_soon_threadsafe(self._stop, info.session)

        self._bar.tokens[token].add_done_callback(answered)

    def _stop(self, session: str) -> None:
        task = asyncio.create_task(self._desk.runs.interrupt(session, CAUSE), name=f"stop {session}")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _end(self, session: str) -> None:
        message = "deleted"
        with contextlib.suppress(RunError):
            info = self._desk.runs.info(session)
            message = f"{info.state}: {visible(info.reason)[:TITLE]}" if info.reason else info.state
        self._bar.end(self._tokens[session], types.WorkDoneProgressEnd(message=message))
        self._bar.tokens.pop(self._tokens.pop(session), None)
        del self._shown[session]
        self._doing.pop(session, None)

    def _note(self, event: Event) -> None:
        """What a session does now, as far as its newest event tells."""
        match event.payload:
            case ToolStarted(title=title):
                self._doing[event.session] = visible(title)[:TITLE]
            case ModelReplied():
                self._doing[event.session] = ""
            case WindowStarted(number=number) if number > 1:
                self._doing[event.session] = "the window was rebuilt"
            case CheckpointWritten(number=number):
                self._doing[event.session] = f"checkpoint {number}"
            case _:
                pass


def _said(info: RunInfo, doing: str) -> str:
    fill = f", window {100 * info.fill // info.window} %" if info.window else ""
    what = "waits for you" if info.state == "waiting" else doing
    return f"step {info.steps}{fill}{f', {what}' if what else ''}"

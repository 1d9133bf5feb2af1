"""Commands that go on in the background: who they are, when they end, and that none outlives the host."""

import asyncio
import contextlib

from cairn_agents.tools.base import Background
from cairn_memory.errors import StoreError
from cairn_memory.events import ProcessEnded, ProcessStarted
from cairn_memory.log import EventLog

_LAST_WORD = 5.0
"""Seconds in which the end of a command that was ended is heard of."""


class Processes:
    """The background commands of a workspace, owned by its host."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._running: dict[str, tuple[Background, asyncio.Task[int | None]]] = {}

    def watch(self, session: str, background: Background, command: str) -> ProcessStarted:
        """Owns `background` from now on; its end goes to the log. Returns the event of its start."""
        task = asyncio.create_task(self._wait(session, background), name=f"process {background.id}")
        self._running[f"{session}/{background.id}"] = background, task
        return ProcessStarted(
            id=background.id, command=command, pid=background.pid, output=str(background.output)
        )

    @property
    def running(self) -> tuple[str, ...]:
        """The commands that go on, each as session/id."""
        return tuple(self._running)

    async def stop(self, session: str, id: str) -> int | None:
        """Ends the background command `id` of `session`, and says how it ended. Raises KeyError when none runs."""
        background, task = self._running[f"{session}/{id}"]
        await background.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORD):
                return await asyncio.shield(task)
        return None

    async def close(self) -> None:
        """Ends them all; the log says so."""
        for _, task in list(self._running.values()):
            task.cancel()  # whoever waits for a command ends it when it is to wait no longer
        await asyncio.gather(*(task for _, task in self._running.values()), return_exceptions=True)

    async def _wait(self, session: str, background: Background) -> int | None:
        code = None
        try:
            code = await background.wait()
        finally:
            self._running.pop(f"{session}/{background.id}", None)
            with contextlib.suppress(StoreError):  # the run itself will meet the full disk and say so
                await self._log.append(session, ProcessEnded(id=background.id, exit_code=code))
        return code

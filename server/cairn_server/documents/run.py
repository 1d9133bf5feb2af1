"""The run as a Markdown file that grows: VS Code, vim, grep and a screen reader all read the same one."""

import asyncio
import bisect
import contextlib
import logging
import os
from array import array
from pathlib import Path

from cairn_memory.errors import StoreError
from cairn_memory.events import Event
from cairn_memory.log import EventLog
from cairn_server.documents.transcript import Transcript

PAGE = 64
"""Events read at once."""
PATIENCE = 0.5
"""Seconds after which a call that is under way is told of before it has a result."""

log = logging.getLogger(__name__)


class RunDocument:
    """`run.md` of one session: written anew from the log when opened, then only appended to."""

    def __init__(self, path: Path, session: str, events: EventLog) -> None:
        self.path = path
        self._session = session
        self._log = events
        self._transcript = Transcript(session)
        self._cursor = 0
        self._untold = ""
        self._patient_until = 0.0
        self._told, self._begins = array("q"), array("q")
        """The number of each event that is told of, and the line (from 0) where that begins."""
        self._lines = 0

    def line_of(self, seq: int) -> int:
        """The line, counted from 0, that tells of event `seq`, or of the last one before it that is told of."""
        at = bisect.bisect_right(self._told, seq)
        return self._begins[at - 1] if at else 0

    async def write(self) -> None:
        """The history up to now, replacing what was there at once. Raises OSError, StoreError."""
        draft = self.path.with_name("run.md.new")
        await asyncio.to_thread(_empty, draft)
        while True:
            newest = self._log.last_seq
            events = await self._log.read(self._cursor, session=self._session, limit=PAGE)
            if not events:
                break
            await self._append(events, draft)
        self._cursor = max(self._cursor, newest)
        await asyncio.to_thread(os.replace, draft, self.path)

    async def follow(self) -> None:
        """What comes from now on, also when the session is resumed later. Raises OSError, StoreError."""
        while True:
            await self._wait()
            events = await self._log.read(self._cursor, limit=PAGE)
            await self._append([event for event in events if event.session == self._session], self.path)
            self._cursor = events[-1].seq

    async def _wait(self) -> None:
        """For the next event; a call that takes long is told of meanwhile, whatever other sessions do."""
        now = asyncio.get_running_loop().time()
        if self._transcript.untold != self._untold:
            self._untold, self._patient_until = self._transcript.untold, now + PATIENCE
        if self._untold:
            if now < self._patient_until:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._patient_until - now):
                        return await self._log.wait(self._cursor)
            self._lines += (text := self._transcript.under_way()).count("\n")
            await asyncio.to_thread(_append_to, self.path, text)
        await self._log.wait(self._cursor)

    async def _append(self, events: list[Event], file: Path) -> None:
        text = "".join(self._told_of(event) for event in events)
        if events:
            self._cursor = events[-1].seq
        if text:
            await asyncio.to_thread(_append_to, file, text)

    def _told_of(self, event: Event) -> str:
        text = self._transcript.add(event)
        if text:
            self._told.append(event.seq)
            self._begins.append(self._lines)
            self._lines += text.count("\n")
        return text


def _empty(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)


def _append_to(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8", errors="replace", newline="\n") as stream:
        stream.write(text)


class RunDocuments:
    """The documents that a host keeps up with their runs."""

    def __init__(self, events: EventLog) -> None:
        self._log = events
        self._following: dict[str, tuple[RunDocument, asyncio.Task[None]]] = {}
        self._opening = asyncio.Lock()

    async def open(self, session: str, path: Path) -> Path:
        """The document of `session`, complete up to now. Raises OSError, StoreError."""
        async with self._opening:
            if session in self._following and not await asyncio.to_thread(path.exists):
                self._following[session][1].cancel()  # somebody removed it: from the beginning
                del self._following[session]
            if session not in self._following:
                await self._begin(session, path)
            return self._following[session][0].path

    def line_of(self, session: str, seq: int) -> int:
        """The line (from 0) of a document that is followed where event `seq` is told of; 0 when it is not followed."""
        known = self._following.get(session)
        return known[0].line_of(seq) if known else 0

    async def _begin(self, session: str, path: Path) -> None:
        document = RunDocument(path, session, self._log)
        await document.write()
        task = asyncio.create_task(self._follow(session, document), name=f"document of {session}")
        self._following[session] = (document, task)

    async def renew(self) -> None:
        """Writes all that are followed anew, since the log was rewritten. One whose session is gone is let go of."""
        async with self._opening:
            for session, (document, task) in list(self._following.items()):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                self._following.pop(session, None)
                if await self._log.read(session=session, limit=1):
                    await self._begin(session, document.path)

    async def close(self) -> None:
        """Stops following."""
        tasks = [task for _, task in self._following.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, session: str, document: RunDocument) -> None:
        try:
            await document.follow()
        except (OSError, StoreError) as error:
            log.error("the document of %s stopped growing: %s", session, error)
            del self._following[session]

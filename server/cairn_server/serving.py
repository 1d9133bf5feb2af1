"""What a host serves: one workspace's sessions, its clients, and when it may leave."""

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from cairn_agents.runs import Runs, Stream
from cairn_agents.sandbox.detect import detect
from cairn_memory.errors import StoreError
from cairn_memory.events import HostStarted
from cairn_memory.log import EventLog
from cairn_memory.places import UserFolders, Workspace
from cairn_server import __version__, protocol
from cairn_server.call import Context
from cairn_server.connection import Connection
from cairn_server.delivery import Delivery
from cairn_server.documents.run import RunDocuments
from cairn_server.editors.editors import OpenEditors
from cairn_server.footprint import resident_megabytes
from cairn_server.hostfile import HostFile
from cairn_server.methods import session_info
from cairn_server.outbox import Outbox, as_frame, as_line
from cairn_server.transport import Hello, greet, listen
from cairn_server.views.news import EVERY, ViewNews
from cairn_server.views.standing import standing

LAST_WORDS_SECONDS = 1.0
"""How long a host that stops waits for clients to take the last events."""

LOOK_SECONDS = 2.0
"""Between two looks whether the workspace's folder is still there."""

FOLDER_GONE = "the workspace's folder was removed"
"""Why runs come to rest then."""

Serve = Callable[[Context], Awaitable[None]]
MakeRuns = Callable[[Workspace, UserFolders, EventLog, Stream], Runs]

log = logging.getLogger(__name__)


class Host:
    """One workspace's sessions and clients, from an open log to the last goodbye."""

    def __init__(
        self,
        workspace: Workspace,
        user: UserFolders,
        events: EventLog,
        problems: Sequence[str],
        make_runs: MakeRuns,
        patience: float,
    ) -> None:
        self.workspace = workspace
        self._user = user
        self._log = events
        self._problems = list(problems)
        self._patience = patience
        self._delivery = Delivery(events)
        self._documents = RunDocuments(events)
        self._runs = make_runs(workspace, user, events, self._delivery.stream)
        self._runs.attended = self._delivery.attended
        self.editors = OpenEditors(
            workspace.root.resolve(),
            lambda: self._runs.config().config.languages,
            lambda private: self._runs.sandbox(private),
        )
        self._runs.editors = self.editors
        self.views = ViewNews(events, lambda: standing(self._runs))
        self._connections: set[Connection] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._why = "host"
        self._token = secrets.token_urlsafe(32)
        events.masker.learn(self._token)  # host.json lies where tools can read it
        self._began = time.monotonic()
        self._address = ""

    async def run(self, idle: float, linger: float, listening: Callable[[], None] = lambda: None) -> None:
        """Serves until `stop`, or until idle for that many seconds. Calls `listening` once it does.

        Background commands of sessions at rest make it stay for `linger` seconds at the most.
        """
        await self._runs.open()
        listener = await listen(self._user.socket(self.workspace), self._accept)
        self._address = listener.address
        said = HostFile(self._address, os.getpid(), self._token, __version__)
        tasks = (
            self._delivery.run(),
            self._watch(idle, linger),
            self._watch_folder(),
            self._tell_waiting(),
            self.views.run(),
        )
        background = [asyncio.create_task(task) for task in tasks]
        try:
            said.write(self.workspace.local)
            log.info("listening on %s, %d problems", self._address, len(self._problems))
            listening()
            await self._say_started()
            await self._stopping.wait()
        finally:
            said.remove(self.workspace.local)
            listener.close()
            await self._runs.close(self._why)
            await self.editors.close()
            await self._close_connections()
            await self._documents.close()
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)

    def stop(self) -> None:
        """Begins to stop; returns at once."""
        self._stopping.set()

    def silence(self) -> float:
        """Seconds since an editor said something, or its host began. May be asked in any thread."""
        return time.monotonic() - max([self._began, *(each.heard for each in tuple(self._connections))])

    def status(self) -> protocol.HostStatus:
        """What this host is and does."""
        loaded = self._runs.config()
        return protocol.HostStatus(
            version=__version__,
            protocol=protocol.VERSION,
            pid=os.getpid(),
            workspace=str(self.workspace.home),
            address=self._address,
            uptime=round(time.monotonic() - self._began, 3),
            clients=len(self._connections),
            last_seq=self._log.last_seq,
            memory_mb=round(resident_megabytes(), 1),
            running=[session_info(run) for run in self._runs.running()],
            background=list(self._runs.background()),
            approvals=len(self._runs.approvals()),
            model=loaded.config.model.name,
            base_url=loaded.config.model.base_url,
            sandbox=detect().kind if loaded.config.sandbox.enabled else "none",
            problems=[*self._problems, *loaded.problems],
        )

    async def document(self, session: str) -> Path:
        """The Markdown file of a session, written up to now and kept up with the run."""
        return await self._documents.open(session, self.workspace.session(session) / "run.md")

    def document_line(self, session: str, seq: int) -> int:
        """The line (from 0) of a session's document, once it was asked for, that tells of event `seq`."""
        return self._documents.line_of(session, seq)

    async def rewritten(self) -> None:
        """The log was rewritten: what was made of it is made anew."""
        self.views.touch(EVERY)  # what was deleted is gone from the runs by now
        try:
            await self._documents.renew()
        except (OSError, StoreError) as error:
            log.error("a session's document is not up to date: %s", error)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            hello = await greet(reader, writer, self._token)
            if hello is not None:
                await self._serve(hello, reader, writer)
        except Exception:  # the edge between the host and a client: the others go on
            log.exception("a connection failed")
        finally:
            self._serving.discard(task)
            writer.close()

    async def _serve(self, hello: Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        outbox = Outbox(writer, as_line if hello.face == "rpc" else as_frame, self._patience)
        connection = Connection(hello.client, hello.face, reader, outbox, self._delivery)
        self._connections.add(connection)
        self._changed.set()
        log.info("%s attached (%s)", hello.client, hello.face)
        try:
            # Each face brings a large library; it is loaded beside the loop, which goes on serving others.
            face = await asyncio.to_thread(_rpc_face if hello.face == "rpc" else _lsp_face)
            await face(Context(self, self._runs, self._log, connection))
        finally:
            self.views.leave(outbox)
            await connection.close()
            self.editors.gone(connection)
            self._connections.discard(connection)
            self._changed.set()
            log.info("%s left", hello.client)

    async def _close_connections(self) -> None:
        """Gives clients the chance to take what happened last, then ends them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await asyncio.gather(*(connection.caught_up() for connection in self._connections))
        for connection in list(self._connections):
            connection.outbox.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=LAST_WORDS_SECONDS)
        for task in list(self._serving):
            task.cancel()

    async def _say_started(self) -> None:
        started = HostStarted(pid=os.getpid(), version=__version__, problems=tuple(self._problems))
        try:
            await self._log.append("host", started)
        except StoreError as error:  # clients can still read, and are told so
            self._problems.append(str(error))
            log.error("%s", error)

    async def _watch(self, idle: float, linger: float) -> None:
        """Stops the host once nothing has changed for `idle` seconds and nobody needs it."""
        moved = asyncio.create_task(self._note_events())
        loop = asyncio.get_running_loop()
        changed = loop.time()
        try:
            while not self._stopping.is_set():
                self._changed.clear()
                try:
                    async with asyncio.timeout(idle):
                        await self._changed.wait()
                    changed = loop.time()
                except TimeoutError:
                    if not self._needed(loop.time() - changed < linger):
                        self._say_idle(loop.time() - changed)
                        self.stop()
        finally:
            moved.cancel()

    async def _tell_waiting(self) -> None:
        """Tells whoever follows anything when other questions are open than before, in whichever session."""
        told: list[str] = []
        while True:
            since = self._log.last_seq
            waiting = self._runs.approvals()
            if told != (told := [request.id for _, request in waiting]):
                notice = protocol.WaitingNotice(
                    approvals=len(waiting),
                    sessions=sorted({session for session, _ in waiting}),
                    title=waiting[0][1].title if waiting else "",
                )
                self._delivery.tell("cairn/waiting", notice.model_dump(mode="json"))
            await self._log.wait(since)

    async def _watch_folder(self) -> None:
        """Stops the host when its folder is removed or replaced: nobody could find what it would write."""
        folder = _identity(self.workspace.local)
        while _identity(self.workspace.local) == folder:  # noqa: ASYNC110 - no event tells of a removed folder
            await asyncio.sleep(LOOK_SECONDS)
        log.warning("%s was removed; the host ends", self.workspace.local)
        self._why = FOLDER_GONE
        self.stop()

    async def _note_events(self) -> None:
        while True:
            await self._log.wait(self._log.last_seq)
            self._changed.set()

    def _needed(self, lingers: bool) -> bool:
        runs = self._runs
        works = self._connections or runs.running() or runs.approvals()
        return bool(works or (lingers and runs.background()))

    def _say_idle(self, seconds: float) -> None:
        left = self._runs.background()
        also = f"; background commands end with the host: {', '.join(left)}" if left else ""
        log.info("idle for %.0f seconds%s", seconds, also)


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one that takes its place; None when there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _rpc_face() -> Serve:
    from cairn_server.rpc import serve

    return serve


def _lsp_face() -> Serve:
    first = "cairn_server.lsp" not in sys.modules
    from cairn_server.lsp import serve

    if first:
        gc.freeze()  # as after the warm-up: the collector would walk over all of it, and hold the loop for as long
    return serve

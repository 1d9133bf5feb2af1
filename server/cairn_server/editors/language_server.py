"""A language server of the user's: told what the agent changes, heard on what is wrong with it."""

import asyncio
import logging
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient
from pygls.uris import from_fs_path

from cairn_agents.editors import Diagnostic, Severity
from cairn_agents.sandbox.base import Launch, SandboxError
from cairn_agents.tools.processgroup import end_group
from cairn_server import __version__
from cairn_server.editors.editors import path_of
from cairn_server.editors.reports import Reports
from cairn_server.incoming import BadMessage, TooLong, parse, read_frame

READY = 30.0
"""Seconds that it may take to start."""
LEAVE = 2.0
"""Seconds that it may take to end, each time it is asked."""
UNUSED = 600.0
"""Seconds after which one that nobody needs is ended."""
STARTS = 3
STARTS_WITHIN = 600.0
"""Starts in so many seconds; a server that ends more often is left alone."""
OPEN = 100
"""Files that it is told of at a time; then the one longest unused is closed."""
MOST = 200
"""Diagnostics of one file."""
MESSAGE = 4_000
"""Characters."""

_SEVERITY: dict[types.DiagnosticSeverity | None, Severity] = {
    types.DiagnosticSeverity.Warning: "warning",
    types.DiagnosticSeverity.Information: "information",
    types.DiagnosticSeverity.Hint: "hint",
}

log = logging.getLogger(__name__)


class Starter(Protocol):
    """How its program is started, and what is done when that has ended."""

    async def launch(self, command: Sequence[str]) -> Launch:
        """Raises SandboxError."""
        ...

    async def tidy(self, launch: Launch) -> None: ...


class Server:
    """One language server for one work tree. It runs from the first file on that it is to look at until it is unused.

    Whatever it does, nothing here raises: a server that fails says nothing of any file.
    """

    def __init__(
        self, name: str, command: Sequence[str], root: Path, starter: Starter, reports: Reports
    ) -> None:
        self.name = name
        self._command = command
        self._root = root
        self._starter = starter
        self._reports = reports
        self._texts: dict[Path, tuple[int, str]] = {}
        """Version and text of each file that it is to know, the one used last at the end."""
        self._told: dict[Path, int] = {}
        """The version of each that it was told."""
        self._work = asyncio.Event()
        self._starts: list[float] = []
        self._running: asyncio.Task[None] | None = None

    def look(self, path: Path, text: str) -> None:
        """The file holds `text` now. Returns at once; what is found is told to the reports."""
        version, known = self._texts.pop(path, (0, None))
        self._texts[path] = (version if known == text else version + 1, text)
        if known != text:
            self._reports.change(path)
        self._work.set()
        if self._running is None and self._may_start():
            self._running = asyncio.create_task(self._run(), name=f"language server {self.name}")

    async def close(self) -> None:
        """Ends it."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def _may_start(self) -> bool:
        now = time.monotonic()
        self._starts = [at for at in self._starts if now - at < STARTS_WITHIN]
        if len(self._starts) >= STARTS:
            return False
        self._starts.append(now)
        return True

    async def _run(self) -> None:
        try:
            launch = await self._starter.launch(self._command)
            try:
                await self._started(launch)
            finally:
                await asyncio.shield(self._starter.tidy(launch))
        except (
            OSError,
            SandboxError,
            ConnectionError,
            TimeoutError,
            JsonRpcException,
            RuntimeError,
        ) as error:
            log.warning("the language server %s failed: %s", self.name, error or type(error).__name__)
        finally:
            log.info("the language server %s ended", self.name)
            self._reports.forget(self)
            self._told.clear()
            self._running = None

    async def _started(self, launch: Launch) -> None:
        """Its process, from its start to its end."""
        try:
            process = await asyncio.create_subprocess_exec(
                *launch.argv,
                cwd=self._root,
                env=dict(launch.env),
                pass_fds=launch.pass_fds,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=os.name == "posix",
            )
        finally:
            launch.close()
        try:
            await self._serve(process)
        finally:
            await _end(process)

    async def _serve(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        client = _client(self._hear)
        cast(Any, client.protocol).set_writer(process.stdin)
        reading = asyncio.create_task(self._read(client, process.stdout), name=f"from {self.name}")
        talking = asyncio.create_task(self._talk(client), name=f"to {self.name}")
        try:
            done, _ = await asyncio.wait([reading, talking], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if talking in done and not reading.done():  # unused: it is asked to leave
                with suppress(TimeoutError):
                    async with asyncio.timeout(LEAVE):
                        await client.shutdown_async(None)
                        client.exit(None)
        finally:
            for task in (reading, talking):
                task.cancel()
            await asyncio.gather(reading, talking, return_exceptions=True)

    async def _read(self, client: LanguageClient, reader: asyncio.StreamReader) -> None:
        """Until the server ends, or says what is no message."""
        protocol = cast(Any, client.protocol)
        try:
            while (body := await read_frame(reader)) is not None:
                with suppress(
                    JsonRpcException
                ):  # what it says is not as LSP has it: that one message is lost
                    protocol.handle_message(protocol.structure_message(parse(body)))
        except (TooLong, BadMessage, asyncio.IncompleteReadError) as error:
            raise ConnectionError(f"it does not speak LSP: {error}") from error

    async def _talk(self, client: LanguageClient) -> None:
        """Tells it of files as they change, until nobody has used it for a while."""
        async with asyncio.timeout(READY):
            answer = await client.initialize_async(_introduction(self._root))
        client.initialized(types.InitializedParams())
        pulls = answer.capabilities.diagnostic_provider is not None
        while True:
            for path in self._tell(client):
                if pulls:
                    await self._pull(client, path)
            self._work.clear()
            try:
                async with asyncio.timeout(UNUSED):
                    await self._work.wait()
            except TimeoutError:
                return

    def _tell(self, client: LanguageClient) -> list[Path]:
        """Opens, changes and closes what has changed; the files it has news of."""
        while len(self._texts) > OPEN:
            path = next(iter(self._texts))
            del self._texts[path]
            if self._told.pop(path, None) is not None:
                client.text_document_did_close(
                    types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(_uri(path)))
                )
                self._reports.drop(self, path)
        news = [path for path, (version, _) in self._texts.items() if self._told.get(path) != version]
        for path in news:
            version, text = self._texts[path]
            known, self._told[path] = self._told.get(path), version
            if known is None:
                item = types.TextDocumentItem(_uri(path), self.name, version, text)
                client.text_document_did_open(types.DidOpenTextDocumentParams(item))
                continue
            changed = types.VersionedTextDocumentIdentifier(version, _uri(path))
            whole = types.TextDocumentContentChangeWholeDocument(text)
            client.text_document_did_change(types.DidChangeTextDocumentParams(changed, [whole]))
            saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(_uri(path)), text)
            client.text_document_did_save(saved)
        return news

    async def _pull(self, client: LanguageClient, path: Path) -> None:
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(_uri(path)))
        with suppress(TimeoutError, JsonRpcException):
            async with asyncio.timeout(READY):
                report = await client.text_document_diagnostic_async(params)
            if isinstance(report, types.RelatedFullDocumentDiagnosticReport):
                self._reports.tell(self, path, _found(path, report.items))

    def _hear(self, params: types.PublishDiagnosticsParams) -> None:
        path = path_of(params.uri)
        if path is None or not path.is_relative_to(self._root):
            return
        if params.version is not None and params.version < self._told.get(path, 0):
            return
        self._reports.tell(self, path, _found(path, params.diagnostics))


def _client(hear: Callable[[types.PublishDiagnosticsParams], None]) -> LanguageClient:
    """Hears diagnostics, and gives the answers without which some servers say nothing."""
    client = LanguageClient("cairn", __version__)

    def published(params: types.PublishDiagnosticsParams) -> None:
        hear(params)

    def configuration(params: types.ConfigurationParams) -> list[None]:
        return [None for _ in params.items]

    def agreed(params: Any) -> None:
        """Nothing is done of it, and nothing needs it."""

    feature = cast(Any, client).feature
    feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(published)
    feature(types.WORKSPACE_CONFIGURATION)(configuration)
    for method in (types.CLIENT_REGISTER_CAPABILITY, types.WINDOW_WORK_DONE_PROGRESS_CREATE):
        feature(method)(agreed)
    return client


def _introduction(root: Path) -> types.InitializeParams:
    """What it is told of us. It is not told our process: in a sandbox that is another one, and it would end at once."""
    return types.InitializeParams(
        capabilities=types.ClientCapabilities(
            text_document=types.TextDocumentClientCapabilities(
                synchronization=types.TextDocumentSyncClientCapabilities(did_save=True),
                publish_diagnostics=types.PublishDiagnosticsClientCapabilities(version_support=True),
            ),
            workspace=types.WorkspaceClientCapabilities(workspace_folders=True),
        ),
        root_uri=_uri(root),
        workspace_folders=[types.WorkspaceFolder(_uri(root), root.name)],
    )


def _found(path: Path, diagnostics: Sequence[types.Diagnostic]) -> list[Diagnostic]:
    return [
        Diagnostic(
            path,
            one.range.start.line + 1,
            one.range.start.character + 1,
            _SEVERITY.get(one.severity, "error"),
            str(getattr(one.message, "value", one.message))[:MESSAGE],
            one.source or "",
            "" if one.code is None else str(one.code),
        )
        for one in diagnostics[:MOST]
    ]


async def _end(process: asyncio.subprocess.Process) -> None:
    for force in (False, True):
        if process.returncode is None:
            await asyncio.to_thread(end_group, process.pid, force=force)
            with suppress(TimeoutError):
                async with asyncio.timeout(LEAVE):
                    await process.wait()


def _uri(path: Path) -> str:
    return from_fs_path(str(path)) or path.as_uri()

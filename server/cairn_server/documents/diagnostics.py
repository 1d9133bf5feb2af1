"""Diagnostics: what is wrong with a page, told when it is opened or edited, and when the memory behind it changes."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.workspace import TextDocument

from cairn_memory.events import ClaimForgotten, ClaimKept, ClaimRemembered, FileVersioned, TaskChanged
from cairn_server.documents.desk import Desk
from cairn_server.documents.diagnosis import Code, Finding, diagnose
from cairn_server.documents.feature import Feature
from cairn_server.documents.refresh import Refresh

SOURCE = "cairn"
QUIET = 0.25
"""Seconds without a keystroke before a page is looked at."""
OFTEN = 1.0
"""Seconds between two looks for events that concern a page: an editor that is told more often shows nothing."""
SELDOM = 10.0
"""Seconds between two looks while an agent works and the memory stays as it is: a look searches the project."""
OURS = (ClaimRemembered.kind, ClaimForgotten.kind, ClaimKept.kind, TaskChanged.kind, FileVersioned.kind)
"""Events that change what a page says."""

_SEVERITY: dict[Code, types.DiagnosticSeverity] = {
    "secret": types.DiagnosticSeverity.Error,
    "contradiction": types.DiagnosticSeverity.Warning,
    "cites-nothing": types.DiagnosticSeverity.Warning,
    "path-gone": types.DiagnosticSeverity.Warning,
    "symbol-gone": types.DiagnosticSeverity.Information,
    "said-twice": types.DiagnosticSeverity.Information,
    "over-budget": types.DiagnosticSeverity.Warning,
}


class Diagnostics:
    """Keeps the diagnostics of the pages that one editor has open up to date, until `close`."""

    def __init__(self, desk: Desk, refresh: Refresh) -> None:
        self._desk = desk
        self._refresh = refresh
        self._open: dict[str, int] = {}
        """Open pages, and the version that was last looked at."""
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._following: asyncio.Task[None] | None = None

    @property
    def features(self) -> Sequence[Feature]:
        return (
            Feature(types.TEXT_DOCUMENT_DID_OPEN, self._opened),
            Feature(types.TEXT_DOCUMENT_DID_CHANGE, self._changed),
            Feature(types.TEXT_DOCUMENT_DID_SAVE, self._changed),
            Feature(types.TEXT_DOCUMENT_DID_CLOSE, self._closed),
        )

    async def close(self) -> None:
        """Stops looking."""
        tasks = [*self._looking.values(), *([self._following] if self._following else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def look_again(self) -> None:
        """Something a page may depend on has changed."""
        for uri in self._open:
            self._look_soon(uri, 0.0)

    async def _opened(self, desk: Desk, params: types.DidOpenTextDocumentParams) -> None:
        if desk.page(params.text_document.uri) is not None:
            self._open[params.text_document.uri] = params.text_document.version
            self._look_soon(params.text_document.uri, 0.0)
            self._following = self._following or asyncio.create_task(self._follow(), name="diagnostics")

    async def _changed(self, desk: Desk, params: Any) -> None:
        if params.text_document.uri in self._open:
            self._look_soon(params.text_document.uri, QUIET)

    async def _closed(self, desk: Desk, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self._open.pop(uri, None) is not None:
            if task := self._looking.pop(uri, None):
                task.cancel()
            self._publish(uri, None, [])

    def _look_soon(self, uri: str, pause: float) -> None:
        if task := self._looking.get(uri):
            task.cancel()
        task = self._looking[uri] = asyncio.create_task(self._look(uri, pause), name=f"diagnostics of {uri}")
        task.add_done_callback(
            lambda done: self._looking.pop(uri) if self._looking.get(uri) is done else None
        )

    async def _look(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        page, document = self._desk.page(uri), self._desk.document(uri)
        if page is None or document is None:
            return
        version = document.version
        found = await diagnose(self._desk, page, document)
        if uri in self._open and document.version == version:
            self._publish(uri, version, [diagnostic(self._desk, document, one) for one in found])

    async def _follow(self) -> None:
        """Looks again when the log has news: soon when the memory changed, seldom when only files may have."""
        log, loop = self._desk.memory.log, asyncio.get_running_loop()
        since, looked, behind = log.last_seq, loop.time(), False
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SELDOM if behind else None):
                    await log.wait(since)
            now, behind = log.last_seq, True
            if loop.time() - looked >= SELDOM or await log.read(since, kinds=OURS, limit=1):
                self.look_again()
                looked, behind = loop.time(), False
                if self._open:
                    await self._refresh.ask()
            since = now
            await asyncio.sleep(OFTEN)

    def _publish(self, uri: str, version: int | None, found: list[types.Diagnostic]) -> None:
        params = types.PublishDiagnosticsParams(uri, found, version)
        with contextlib.suppress(ConnectionError):
            self._desk.server.text_document_publish_diagnostics(params)


def diagnostic(desk: Desk, document: TextDocument, found: Finding) -> types.Diagnostic:
    """A finding as the protocol has it; `data` is what a quick fix needs."""
    related = None
    if found.related is not None:
        uri, line, text = found.related
        place = types.Range(types.Position(line, 0), types.Position(line, 0))
        related = [types.DiagnosticRelatedInformation(types.Location(uri, place), text)]
    return types.Diagnostic(
        range=desk.range(document, found.line, found.start, found.end),
        message=found.message,
        severity=_SEVERITY[found.code],
        code=found.code,
        source=SOURCE,
        related_information=related,
        data={"about": found.about, "line": found.line, "moved": list(found.moved)},
        tags=[types.DiagnosticTag.Unnecessary] if found.code == "said-twice" else None,
    )

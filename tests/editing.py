"""An editor as people use one: it holds documents, types, saves, loads again, and does the edits it is asked for.

pytest-lsp's client, `cairn lsp --stdio` and a real host behind it; the model is scripted.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from deadlines import deadline
from host_ending import end_host
from lsprotocol import types
from pygls.uris import from_fs_path
from pytest_lsp import LanguageClient, client_capabilities
from scripted_provider import ScriptedProvider, Turn, say

CAIRN = str(Path(sys.executable).with_name("cairn"))


@dataclass
class Shown:
    """One open document. Line ends are the editor's own."""

    path: Path
    text: str
    version: int = 1
    saved: bool = True


@dataclass
class Editor:
    """One editor in one project; `answers` False is one that takes edits and never says a word of them."""

    client: LanguageClient
    root: Path
    home: Path
    model: ScriptedProvider
    answers: bool = True
    edits: list[types.ApplyWorkspaceEditParams] = field(default_factory=list[types.ApplyWorkspaceEditParams])
    registered: list[types.Registration] = field(default_factory=list[types.Registration])
    documents: dict[str, Shown] = field(default_factory=dict[str, Shown])
    after_edit: Callable[[], Awaitable[None]] | None = None
    """What the editor does once it has done an edit."""
    capabilities: types.ServerCapabilities = field(default_factory=types.ServerCapabilities)
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)
    _later: "asyncio.Future[None] | None" = None
    _session: str = ""
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, method: str, **params: Any) -> Any:
        return await self.client.protocol.send_request_async(method, params)

    async def told(self) -> None:
        """Returns when the host has taken in everything that was sent to it."""
        await self.ask("cairn/host/status")

    async def open(self, name: str, text: str | None = None) -> Shown:
        """Opens a file as it is on the disk, or as somebody left it unsaved."""
        path = self.root / name
        on_disk = path.read_bytes().decode("utf-8") if path.exists() else ""
        shown = Shown(path, on_disk if text is None else text, saved=text is None)
        self.documents[self.uri(path)] = shown
        item = types.TextDocumentItem(self.uri(path), "python", shown.version, shown.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await self.told()
        return shown

    async def close(self, shown: Shown) -> None:
        del self.documents[self.uri(shown.path)]
        identifier = types.TextDocumentIdentifier(self.uri(shown.path))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))
        await self.told()

    async def close_all(self) -> None:
        """Everything that one test left open or held back."""
        for shown in list(self.documents.values()):
            await self.close(shown)
        self.leave()
        self._leaving, self.answers, self.after_edit = asyncio.Event(), True, None
        self.edits.clear()
        self.renew()
        cast(list[Turn], self.model.turns)[len(self.model.requests) :] = []

    def renew(self) -> None:
        """The next work is a session of its own."""
        self._session = ""

    async def type(self, shown: Shown, old: str, new: str) -> None:
        """Somebody puts `new` in the place of `old`."""
        self.change(shown, shown.text.replace(old, new, 1), shown.text.index(old), len(old), new)
        shown.saved = False
        await self.told()

    async def save(self, shown: Shown) -> None:
        shown.path.write_bytes(shown.text.encode("utf-8"))
        shown.saved = True
        identifier = types.TextDocumentIdentifier(self.uri(shown.path))
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(identifier))
        await self.told()

    async def reload(self, shown: Shown) -> None:
        """Loads the file again, as editors do by themselves for what is saved."""
        text = shown.path.read_bytes().decode("utf-8")
        self.change(shown, text, 0, len(shown.text), text)
        await self.told()

    def change(self, shown: Shown, text: str, start: int, length: int, new: str) -> None:
        before = shown.text
        shown.text, shown.version = text, shown.version + 1
        span = types.Range(_position(before, start), _position(before, start + length))
        part = types.TextDocumentContentChangePartial(span, new)
        identifier = types.VersionedTextDocumentIdentifier(shown.version, self.uri(shown.path))
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [part]))

    async def work(self, *turns: Turn) -> list[Any]:
        """The agent does these turns in one session; the results of its calls."""
        cast(list[Turn], self.model.turns).extend([*turns, say("Done.")])
        settings = {"model": "scripted", "base_url": self.model.url, "approve_all": True}
        self._ended.clear()
        if self._session:
            given = {"session": self._session, "prompt": "Go on.", "settings": settings}
            run = await self.ask("cairn/run/resume", **given)
        else:
            run = await self.ask("cairn/run/start", prompt="Do it.", settings=settings)
            await self.ask("cairn/events/subscribe", session=run.session, since=run.since, stream=False)
        self._session = run.session
        async with deadline(60):
            await self._ended.wait()
        page = await self.ask("cairn/session/show", session=run.session, since=run.since, limit=500)
        return [event.payload for event in page.events if event.kind == "tool.finished"]

    def hear(self, notice: Any) -> None:
        if notice.event.kind == "session.state" and notice.event.payload.state not in ("running", "waiting"):
            self._ended.set()

    async def apply(self, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        """As VS Code does it: a stale version is refused; what is done is told of before it is answered."""
        self.edits.append(params)
        if not self.answers:
            await self._leaving.wait()
            return types.ApplyWorkspaceEditResult(False, "too late")
        for change in params.edit.document_changes or ():
            assert isinstance(change, types.TextDocumentEdit)
            shown = self.documents[change.text_document.uri]
            if change.text_document.version != shown.version:
                return types.ApplyWorkspaceEditResult(False, "stale")
            for edit in reversed(change.edits):
                assert isinstance(edit, types.TextEdit)
                start, end = _offset(shown.text, edit.range.start), _offset(shown.text, edit.range.end)
                text = shown.text[:start] + edit.new_text + shown.text[end:]
                self.change(shown, text, start, end - start, edit.new_text)
            shown.saved = False
        if self.after_edit is not None:
            self._later = asyncio.ensure_future(self.after_edit())
        return types.ApplyWorkspaceEditResult(True)

    def leave(self) -> None:
        """Gives the answers that were held back."""
        self._leaving.set()

    @staticmethod
    def uri(path: Path) -> str:
        return from_fs_path(str(path)) or ""


@asynccontextmanager
async def editing(
    root: Path, home: Path, model: ScriptedProvider, *, last: bool = True
) -> AsyncGenerator[Editor]:
    """An editor on the project in `root`. The host ends with the `last` of them."""
    client = LanguageClient()
    editor = Editor(client, root, home, model)
    _listen(editor)
    await cast(Any, client).start_io(
        CAIRN, "lsp", "--stdio", cwd=root, env=os.environ | {"CAIRN_HOME": str(home)}
    )
    params = types.InitializeParams(
        capabilities=client_capabilities("visual-studio-code"), root_uri=from_fs_path(str(root))
    )
    async with deadline(60):
        editor.capabilities = (await client.initialize_session(params)).capabilities
    try:
        yield editor
    finally:
        editor.leave()
        async with deadline(60):
            await client.shutdown_session()
            await client.stop()
            if last:
                await asyncio.to_thread(end_host, root)


def _listen(editor: Editor) -> None:
    async def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        return await editor.apply(params)

    def hear(params: Any) -> None:
        editor.hear(params)

    def register(params: types.RegistrationParams) -> None:
        editor.registered += params.registrations

    def ignore(params: types.PublishDiagnosticsParams) -> None:
        pass

    feature = cast(Any, editor.client).feature
    feature(types.WORKSPACE_APPLY_EDIT)(apply)
    feature("cairn/event")(hear)
    feature(types.CLIENT_REGISTER_CAPABILITY)(register)
    feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(ignore)


def texts(results: Sequence[Any]) -> list[str]:
    """What the model was told."""
    return [result.text for result in results]


def _position(text: str, at: int) -> types.Position:
    line = text[:at].rpartition("\n")[2]
    return types.Position(text.count("\n", 0, at), len(line.encode("utf-16-le")) // 2)


def _offset(text: str, position: types.Position) -> int:
    start = 0
    for _ in range(position.line):
        start = text.index("\n", start) + 1
    line = text[start:].partition("\n")[0]
    return start + len(line.encode("utf-16-le")[: 2 * position.character].decode("utf-16-le"))

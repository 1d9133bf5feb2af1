"""An editor at work on our pages: pytest-lsp's client, `cairn lsp --stdio` and a real host behind it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest_asyncio
from deadlines import deadline
from lsprotocol import types
from pygls.uris import from_fs_path
from pytest_lsp import LanguageClient, client_capabilities

CAIRN = str(Path(sys.executable).with_name("cairn"))


class Editor:
    """One editor in one project."""

    def __init__(self, client: LanguageClient, root: Path, home: Path) -> None:
        self.client, self.root, self.home = client, root, home
        self._version = 0
        self.progress: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        """What is shown of what runs: its token, and what is said."""
        self.shown: list[str] = []
        """Documents that it was asked to show."""
        self.asked_again = asyncio.Event()
        """Set when it was told to ask again for lenses, hints and colours, in this order."""
        self._told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        def hear(params: types.PublishDiagnosticsParams) -> None:
            self._told.put_nowait(params)

        def show(params: types.WorkDoneProgressCreateParams) -> None:
            """Agrees to show it."""

        def shown(params: types.ProgressParams) -> None:
            self.progress.put_nowait((str(params.token), cast(Any, params.value)))

        cast(Any, client).feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(hear)
        cast(Any, client).feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)(show)

        def show_document(params: types.ShowDocumentParams) -> types.ShowDocumentResult:
            self.shown.append(params.uri)
            return types.ShowDocumentResult(True)

        def ask_again(params: None) -> None:
            self.asked_again.set()

        cast(Any, client).feature(types.WORKSPACE_CODE_LENS_REFRESH)(lambda params: None)  # pyright: ignore
        cast(Any, client).feature(types.WORKSPACE_INLAY_HINT_REFRESH)(lambda params: None)  # pyright: ignore
        cast(Any, client).feature(types.WORKSPACE_SEMANTIC_TOKENS_REFRESH)(ask_again)
        cast(Any, client).feature(types.WINDOW_SHOW_DOCUMENT)(show_document)
        cast(Any, client).feature(types.PROGRESS)(shown)

    @property
    def memory(self) -> Path:
        return self.root / ".cairn" / "MEMORY.md"

    async def ask(self, method: str, **params: Any) -> Any:
        """One of our own methods. What comes is plain or an object of names, as pygls makes it."""
        return await self.client.protocol.send_request_async(method, params)

    def uri(self, path: Path | None = None) -> str:
        return from_fs_path(str(path or self.memory)) or ""

    def open(self, text: str, path: Path | None = None) -> types.TextDocumentIdentifier:
        """Opens a page with this text in it, as if somebody had typed it and not saved."""
        self._version += 1
        uri = self.uri(path)
        item = types.TextDocumentItem(uri, "markdown", self._version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return types.TextDocumentIdentifier(uri)

    def close(self, path: Path | None = None) -> None:
        uri = types.TextDocumentIdentifier(self.uri(path))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(uri))

    async def rests(self, session: str) -> None:
        """Returns when the session came to rest."""
        env = {**os.environ, "CAIRN_HOME": str(self.home)}
        following = await asyncio.create_subprocess_exec(
            *(CAIRN, "attach", session), cwd=self.root, env=env, stdout=asyncio.subprocess.DEVNULL
        )
        assert await following.wait() == 0

    async def told(self) -> Sequence[types.Diagnostic]:
        """The diagnostics of the page that was opened last, once they come."""
        while True:
            said = await self._told.get()
            if said.version == self._version:
                return said.diagnostics

    def untold(self, path: Path) -> bool:
        """Whether nothing was said of a file that is open now."""
        said = [self._told.get_nowait() for _ in range(self._told.qsize())]
        return all(one.uri != self.uri(path) for one in said)

    async def found(self, text: str, code: str) -> list[types.Diagnostic]:
        """What is said of this kind of a MEMORY.md with this text."""
        self.open(text)
        try:
            async with deadline(20):
                return [one for one in await self.told() if one.code == code]
        finally:
            self.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def editor(tmp_path_factory: Any) -> AsyncGenerator[Editor]:
    """Shared by a module: starting a host takes longer than most tests."""
    base = tmp_path_factory.mktemp("editor")
    root, home = base / "project é", base / "home"
    (root / "src").mkdir(parents=True)
    (root / "src" / "parser.py").write_text("def parse_decl():\n    return 1\n" * 10, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    env = {**os.environ, "CAIRN_HOME": str(home)}
    client = LanguageClient()
    editor = Editor(client, root, home)
    await cast(Any, client).start_io(CAIRN, "lsp", "--stdio", cwd=root, env=env)
    capabilities = client_capabilities("visual-studio-code")
    assert capabilities.workspace
    capabilities.workspace.inlay_hint = types.InlayHintWorkspaceClientCapabilities(refresh_support=True)
    params = types.InitializeParams(
        capabilities=capabilities,
        root_uri=from_fs_path(str(root)),
        workspace_folders=[types.WorkspaceFolder(from_fs_path(str(root)) or "", "project")],
    )
    async with deadline(60):
        await client.initialize_session(params)
    yield editor
    async with deadline(60):
        await client.shutdown_session()
        await client.stop()
    stop = await asyncio.create_subprocess_exec(
        CAIRN, "stop", "--host", cwd=root, env=env, stdout=asyncio.subprocess.DEVNULL
    )
    await stop.wait()

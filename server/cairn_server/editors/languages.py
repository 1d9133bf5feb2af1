"""The language servers that the settings name, each for its kind of files, started when first needed."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cairn_agents.config.settings import LanguageSettings
from cairn_agents.sandbox.base import Grant, Launch, Sandbox
from cairn_server.editors.reports import Reports

if TYPE_CHECKING:  # pygls takes a while to load, and few hosts need it for this
    from cairn_server.editors.language_server import Server

LARGEST = 2_000_000
"""Bytes of a file that a language server is shown."""

Settings = Callable[[], Mapping[str, LanguageSettings]]
MakeSandbox = Callable[[Path], Sandbox]


class Languages:
    """They run in a sandbox as the agent's commands do: some run what stands in the project."""

    def __init__(self, root: Path, settings: Settings, sandbox: MakeSandbox, reports: Reports) -> None:
        self._root = root
        self._settings = settings
        self._make_sandbox = sandbox
        self._reports = reports
        self._known: Mapping[str, LanguageSettings] = {}
        self._servers: dict[str, Server] = {}
        self._sandbox: Sandbox | None = None
        self._private: tempfile.TemporaryDirectory[str] | None = None

    def refresh(self) -> bool:
        """Reads the settings; whether they name any."""
        self._known = self._settings()
        return bool(self._known)

    def handles(self, path: Path) -> bool:
        return any(True for _ in self._names(path))

    def look(self, path: Path, text: str) -> None:
        """The file holds `text` now, saved or not."""
        for name in self._names(path):
            self._server(name).look(path, text)

    async def look_at_file(self, path: Path) -> None:
        """The same with what lies on the disk."""
        if self.handles(path):
            with suppress(OSError, UnicodeDecodeError):
                self.look(path, await asyncio.to_thread(_text, path))

    async def close(self) -> None:
        """Ends them all."""
        await asyncio.gather(*(server.close() for server in self._servers.values()))
        if self._sandbox is not None:
            self._sandbox.close()
        if self._private is not None:
            await asyncio.to_thread(self._private.cleanup)

    def _names(self, path: Path) -> Sequence[str]:
        if not self._known or not path.is_relative_to(self._root):
            return ()
        return [name for name, each in self._known.items() if path.name.endswith(each.extensions)]

    def _server(self, name: str) -> "Server":
        from cairn_server.editors.language_server import Server

        if name not in self._servers:
            command = self._known[name].command
            self._servers[name] = Server(name, command, self._root, self, self._reports)
        return self._servers[name]

    async def launch(self, command: Sequence[str]) -> Launch:
        """In the sandbox. Raises SandboxError."""
        if self._sandbox is None:
            self._sandbox = await asyncio.to_thread(self._new_sandbox)
        return await self._sandbox.launch(command, Grant())

    async def tidy(self, launch: Launch) -> None:
        """The work tree is as if there had been no sandbox."""
        if self._sandbox is not None and launch.kind != "none":
            await self._sandbox.tidy(launch)

    def _new_sandbox(self) -> Sandbox:
        self._private = tempfile.TemporaryDirectory(prefix="cairn-", ignore_cleanup_errors=True)
        return self._make_sandbox(Path(self._private.name).resolve())


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(f"{path.name} is too large to be shown to a language server")
    return data.decode("utf-8")

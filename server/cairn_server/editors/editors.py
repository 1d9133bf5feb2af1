"""All attached editors as one: what they have open, changes made in them, and what is said of the files."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn_agents.editors import Buffer, Diagnostic
from cairn_server.editors.languages import Languages, MakeSandbox, Settings
from cairn_server.editors.reports import Reports

if TYPE_CHECKING:  # pygls takes a while to load, and a host without an editor never needs it
    from pygls.lsp.server import LanguageServer

    from cairn_server.editors.document import OpenDocument
    from cairn_server.editors.text import Text


class OpenEditors:
    """`cairn_agents.editors.Editors` for a host; the language servers that the settings name look at files too."""

    def __init__(self, root: Path, languages: Settings, sandbox: MakeSandbox) -> None:
        self.reports = Reports()
        self._languages = Languages(root, languages, sandbox, self.reports)
        self._open: dict[Path, list[OpenDocument]] = {}
        self._forwarding: set[object] = set()

    def attach(self, server: "LanguageServer") -> "Attached":
        """For one editor that has come; `leave` it when the editor goes."""
        return Attached(self, server)

    # --- documents --------------------------------------------------------------------------------

    def buffer(self, path: Path) -> Buffer | None:
        document = self._document(path)
        return document.buffer() if document else None

    def unsaved(self) -> Sequence[Path]:
        opened = list(self._open.items())
        return [path for path, documents in opened if any(each.unsaved for each in documents)]

    def written(self, path: Path, text: str) -> None:
        self.reports.change(path)
        for document in list(self._open.get(_key(path), ())):
            document.remember(text)
        self._languages.look(path, text)

    async def apply(self, path: Path, seen: Buffer, text: str, label: str) -> bool:
        document = self._document(path)
        if document is None:
            return False
        self.reports.change(path)
        done = await document.replace(seen, text, label)
        if done:
            self._languages.look(path, text)
        return done

    def _document(self, path: Path) -> "OpenDocument | None":
        """The one that is unsaved, of several of them the one changed last: nobody types in two at once."""
        documents = list(self._open.get(_key(path), ()))
        return max(documents, key=lambda each: (each.unsaved, each.changed), default=None)

    def add(self, document: "OpenDocument") -> None:
        self._open.setdefault(_key(document.path), []).append(document)

    def remove(self, document: "OpenDocument") -> None:
        key = _key(document.path)
        left = [each for each in self._open.get(key, ()) if each is not document]
        if left:
            self._open[key] = left
        else:
            self._open.pop(key, None)

    # --- diagnostics ------------------------------------------------------------------------------

    @property
    def looking(self) -> bool:
        return self._languages.refresh() or bool(self._forwarding)

    def forwards(self, teller: object) -> None:
        """This client tells what is said in it of its files."""
        self._forwarding.add(teller)

    def gone(self, teller: object) -> None:
        """This client has left."""
        self._forwarding.discard(teller)
        self.reports.forget(teller)

    async def diagnostics(self, paths: Sequence[Path], wait: float) -> list[Diagnostic] | None:
        if not paths:
            return self.reports.known() if self.looking else None
        for path in paths:
            await self._show(path)
        looked_at = [path for path in paths if self._is_looked_at(path)]
        for path in looked_at:
            await self.reports.news(path, wait)
        known = [path for path in looked_at if self._is_known(path)]
        return self.reports.known(known) if known else None

    async def _show(self, path: Path) -> None:
        """To the language server for such files, which is started for it."""
        if not self._languages.handles(path):
            return
        document = self._document(path)
        if document is not None and document.unsaved:
            self._languages.look(path, document.text)
        else:
            await self._languages.look_at_file(path)

    async def close(self) -> None:
        """Ends what was started."""
        await self._languages.close()

    def _is_looked_at(self, path: Path) -> bool:
        return self._is_known(path) or self._languages.handles(path)

    def _is_known(self, path: Path) -> bool:
        """Whether something was said of the file, or a client that forwards has it open: no word is a good word then."""
        return self.reports.has(path) or (bool(self._forwarding) and _key(path) in self._open)


class Attached:
    """What one editor has open. Its methods are called as its notifications come."""

    def __init__(self, editors: OpenEditors, server: "LanguageServer") -> None:
        self._editors = editors
        self._server = server
        self._documents: dict[str, OpenDocument] = {}

    def told(self, text: "Text", opened: bool) -> None:
        """A document was opened or has changed."""
        from cairn_server.editors.document import OpenDocument

        if not opened:
            if document := self._documents.get(text.uri):
                document.moved()
            return
        self.closed(text.uri)
        path = path_of(text.uri)
        if path is not None:
            document = self._documents[text.uri] = OpenDocument(self._server, text, path)
            self._editors.add(document)

    def saved(self, uri: str) -> None:
        if document := self._documents.get(uri):
            document.saved()

    def closed(self, uri: str) -> None:
        if document := self._documents.pop(uri, None):
            self._editors.remove(document)

    def leave(self) -> None:
        """The editor is gone, and with it what only it had."""
        for uri in list(self._documents):
            self.closed(uri)


def path_of(uri: str) -> Path | None:
    """The file that a URI names, every link followed; None for what is no file of this machine."""
    from pygls.uris import to_fs_path

    if not uri.lower().startswith("file:"):
        return None
    try:
        name: Any = to_fs_path(uri)
        return Path(name).resolve() if name else None
    except (OSError, RuntimeError, ValueError):
        return None


def _key(path: Path) -> Path:
    return Path(os.path.normcase(path))

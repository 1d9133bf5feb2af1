"""What a language feature works with: the pages an editor has open, and the memory behind them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument

from cairn_agents.runs import Runs
from cairn_memory.events import Event
from cairn_memory.memory import Memory
from cairn_server.call import Context
from cairn_server.documents.marks import Mark, mark_at
from cairn_server.documents.pages import Page, page_at

LONGEST_PAGE = 2_000_000
"""Bytes of a page that features look at; a run's document may be longer, and is then only text."""


class Desk:
    """One for each editor. It has no state: pygls holds what is open, the memory all else."""

    def __init__(self, server: LanguageServer, context: Context) -> None:
        self.server = server
        self.context = context

    @property
    def runs(self) -> Runs:
        return self.context.runs

    @property
    def memory(self) -> Memory:
        return self.context.runs.memory

    @property
    def has_views(self) -> bool:
        """Whether the editor shows runs in views of its own: it says `experimental.cairn.views` among its capabilities."""
        said: Any = self.server.client_capabilities.experimental
        ours: Any = _member(said, "cairn")
        return bool(_member(ours, "views"))

    @property
    def root(self) -> Path:
        """The work tree that paths in a page are relative to."""
        return self.context.host.workspace.root

    def page(self, uri: str) -> Page | None:
        """Which of our pages `uri` is; None for any other file, which no feature touches."""
        path = to_fs_path(uri)
        if not path:
            return None
        return page_at(Path(path), self.context.host.workspace, self.memory.user)

    def document(self, uri: str) -> TextDocument | None:
        """The page as the editor has it, saved or not; None when it is none of ours, gone, or too long."""
        if self.page(uri) is None:
            return None
        document = self.server.workspace.get_text_document(uri)
        try:
            return document if len(document.source) <= LONGEST_PAGE else None
        except (OSError, UnicodeDecodeError):
            return None

    def mark(self, document: TextDocument, position: types.Position) -> Mark | None:
        """What the cursor stands on."""
        if position.line >= len(document.lines):
            return None
        at = document.position_codec.position_from_client_units(document.lines, position)
        return mark_at(document.lines[at.line].rstrip("\r\n"), at.character)

    def range(self, document: TextDocument, line: int, start: int, end: int) -> types.Range:
        """From column to column (characters) of one line, as the client counts."""
        if (
            line < len(document.lines) and (text := document.lines[line]).isascii()
        ):  # all count alike, and pygls would look at each character
            size = len(text)
            return types.Range(types.Position(line, min(start, size)), types.Position(line, min(end, size)))
        return document.position_codec.range_to_client_units(
            document.lines, types.Range(types.Position(line, start), types.Position(line, end))
        )

    def whole(self, document: TextDocument, line: int) -> types.Range:
        """All of a line, without its end."""
        text = document.lines[line].rstrip("\r\n") if line < len(document.lines) else ""
        return self.range(document, line, 0, len(text))

    async def event(self, seq: int) -> Event | None:
        """One event of the log; None when there is none of this number."""
        if not 0 < seq <= self.memory.log.last_seq:
            return None
        events: Sequence[Event] = await self.memory.log.read(seq - 1, limit=1)
        return events[0] if events and events[0].seq == seq else None

    def place(self, path: str) -> Path:
        """Where a path in a page lies, whether or not it is there."""
        return self.root / Path(path).expanduser() if path.startswith("~") else self.root / path

    @staticmethod
    def location(path: Path, line: int = 0) -> types.Location:
        """The beginning of a line, counted from 0."""
        start = types.Position(max(line, 0), 0)
        return types.Location(uri_of(path), types.Range(start, start))


def uri_of(path: Path) -> str:
    """A file as clients name it."""
    return from_fs_path(str(path)) or path.as_uri()


def _member(value: Any, name: str) -> Any:
    """What pygls could not type is an object of names, or a dict."""
    return cast(dict[str, Any], value).get(name) if isinstance(value, dict) else getattr(value, name, None)

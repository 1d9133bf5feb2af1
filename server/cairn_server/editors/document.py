"""One document that one editor has open: whether it holds unsaved work, and changes made in it."""

import asyncio
import logging
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from cairn_agents.editors import Buffer
from cairn_agents.tools.content import is_text_of, plain
from cairn_server.editors.edits import edits
from cairn_server.editors.text import Text
from cairn_server.incoming import LARGEST_MESSAGE

ANSWER = 5.0
"""Seconds that an editor may take to make a change."""
FOLLOW = 2.0
"""Seconds after its answer in which it tells of the change; some gather changes for a while."""
REMEMBERED = 200
"""Texts of one file that are known to have lain on the disk."""

log = logging.getLogger(__name__)


class _Look(NamedTuple):
    """What tells a file from the one that is there after somebody wrote it."""

    modified: int
    size: int
    inode: int


class OpenDocument:
    """LSP does not say whether a document is saved. So the texts are remembered that are known to have lain on the
    disk: when it was opened and saved, when an editor loaded its file again, when a tool wrote the file. A document
    with one of them holds no work that is nowhere else, even while the editor is slow to load what was written.
    """

    def __init__(self, editor: LanguageServer, document: Text, path: Path) -> None:
        self.path = path
        self.changed = time.monotonic()
        self._editor = editor
        self._document = document
        self._known: dict[int, None] = {}
        """Hashes, the newest last."""
        self._look: _Look | None = None
        self._moved = asyncio.Event()
        self._compare()

    @property
    def uri(self) -> str:
        return self._document.uri

    @property
    def version(self) -> int:
        return self._document.version or 0

    @property
    def text(self) -> str:
        """With "\\n" at its line ends."""
        return plain(self._document.source)

    @property
    def unsaved(self) -> bool:
        return hash(self.text) not in self._known

    def buffer(self) -> Buffer:
        """As somebody sees it now."""
        version = self.version  # before the text: a change between the two is then refused as stale
        source = self._document.source
        text = plain(source)
        newline = "\r\n" if "\r\n" in source else "\n"
        return Buffer(text, version, hash(text) not in self._known, newline)

    def moved(self) -> None:
        """The editor told of a change. When the file changed too, it may have been loaded again."""
        self.changed = time.monotonic()
        self._moved.set()
        self._moved = asyncio.Event()
        if self._look is None or self._look != _look(self.path):
            self._compare()

    def saved(self) -> None:
        """The editor wrote the file."""
        self.remember(self.text)
        self._look = _look(self.path)

    def remember(self, text: str) -> None:
        """`text` lies, or lay, on the disk."""
        self._known.pop(hash(text), None)
        self._known[hash(text)] = None
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    async def replace(self, seen: Buffer, text: str, label: str) -> bool:
        """Has the editor put `text` in the place of the text of `seen`, and returns once it has told of it."""
        if self.version != seen.version or self.text != seen.text:
            return False
        wanted = text.replace("\n", seen.newline)
        changes = edits(self._document.source, wanted, self._document.position_codec)
        target = types.OptionalVersionedTextDocumentIdentifier(self.uri, seen.version)
        change = types.TextDocumentEdit(target, list(changes))
        params = types.ApplyWorkspaceEditParams(types.WorkspaceEdit(document_changes=[change]), label)
        try:
            async with asyncio.timeout(ANSWER):
                answer = await self._editor.workspace_apply_edit_async(params)
        except TimeoutError:
            log.warning(
                "an editor did not answer within %.0f s whether it changed %s", ANSWER, self.path.name
            )
            return False
        except (ConnectionError, RuntimeError) as error:
            log.warning("an editor could not be asked to change %s: %s", self.path.name, error)
            return False
        if not answer.applied:
            log.info("an editor did not change %s: %s", self.path.name, answer.failure_reason)
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(FOLLOW):
                while self.version == seen.version:
                    await self._moved.wait()
        return True

    def _compare(self) -> None:
        """Learns the text as one of the disk when it is."""
        look = _look(self.path)
        with suppress(OSError):
            text = self.text
            if look is not None and is_text_of(self.path.read_bytes(), text):
                self.remember(text)
                self._look = look
            elif look is None and not text:
                self.remember(text)  # a new file in which nothing stands yet


def _look(path: Path) -> _Look | None:
    """None where there is no file that could be compared."""
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_MESSAGE:
        return None
    return _Look(found.st_mtime_ns, found.st_size, found.st_ino)

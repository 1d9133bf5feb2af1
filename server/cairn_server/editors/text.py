"""Documents as LSP counts them: a line ends with \\n, \\r\\n or \\r and with nothing else.

pygls splits at form feeds and other characters too, where no editor does: from there on every change of such a
document would land in a wrong place.
"""

import re
from collections.abc import Callable, Sequence

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ODD = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def lines_of(text: str) -> Sequence[str]:
    """The lines, each with its end."""
    return _LINE.findall(text) if _ODD.search(text) else text.splitlines(keepends=True)


class Text(TextDocument):
    """One document of one editor."""

    _split: tuple[str, Sequence[str]] | None = None
    """The text that was split last, and its lines: a page is asked for them with each of its ranges."""

    @property
    def lines(self) -> Sequence[str]:
        source = self.source
        if self._split is None or self._split[0] is not source:
            self._split = source, lines_of(source)
        return self._split[1]


class Documents(Workspace):
    """All documents of one editor."""

    told: Callable[[Text, bool], None]
    """Hears of each document that is opened (True) or has changed."""
    closed: Callable[[str], None]
    """Hears of each that goes, by its URI."""

    @classmethod
    def instead_of(
        cls, other: Workspace, told: Callable[[Text, bool], None], closed: Callable[[str], None]
    ) -> "Documents":
        """A workspace as the one that pygls has made, before any document is in it."""
        folders = list(other.folders.values())
        kind = types.TextDocumentSyncKind.Incremental
        documents = cls(other.root_uri, kind, folders, other.position_encoding)
        documents.told, documents.closed = told, closed
        return documents

    def put_text_document(
        self, text_document: types.TextDocumentItem, notebook_uri: str | None = None
    ) -> None:
        super().put_text_document(text_document, notebook_uri)
        document = self.get_text_document(text_document.uri)
        if notebook_uri is None and isinstance(document, Text):
            self.told(document, True)

    def update_text_document(
        self, text_doc: types.VersionedTextDocumentIdentifier, change: types.TextDocumentContentChangeEvent
    ) -> None:
        super().update_text_document(text_doc, change)
        document = self.get_text_document(text_doc.uri)
        if isinstance(document, Text):
            self.told(document, False)

    def remove_text_document(self, doc_uri: str) -> None:
        super().remove_text_document(doc_uri)
        self.closed(doc_uri)

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> Text:
        return Text(doc_uri, source, version, language_id, position_codec=self.position_codec)

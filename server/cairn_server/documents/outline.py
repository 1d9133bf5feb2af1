"""Outline and folding, for editors that have none of their own for Markdown. VS Code has: two would split its outline."""

from typing import cast

from lsprotocol import types
from pygls.workspace import TextDocument

from cairn_memory.markdown import Document, Section
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature

OWN_MARKDOWN = ("visual studio code", "code - oss", "vscodium", "code-server", "cursor", "windsurf")
"""How editors call themselves that read Markdown without us."""


def wanted(client: str) -> bool:
    """Whether an editor that calls itself so should be offered them."""
    return not any(name in client.lower() for name in OWN_MARKDOWN)


async def outline(desk: Desk, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """The headings, each within the one above it."""
    document = desk.document(params.text_document.uri)
    if document is None:
        return []
    roots: list[types.DocumentSymbol] = []
    above: list[tuple[int, types.DocumentSymbol]] = []
    for section in Document(document.source).sections:
        if not section.level:
            continue
        while above and above[-1][0] >= section.level:
            above.pop()
        symbol = _symbol(desk, document, section)
        within = above[-1][1].children if above else None
        (roots if within is None else cast(list[types.DocumentSymbol], within)).append(symbol)
        above.append((section.level, symbol))
    return roots


async def folding(desk: Desk, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    """Each section below its heading."""
    document = desk.document(params.text_document.uri)
    if document is None:
        return []
    return [
        types.FoldingRange(start_line=section.body - 1, end_line=section.end - 1)
        for section in Document(document.source).sections
        if section.level and section.end > section.body
    ]


def _symbol(desk: Desk, document: TextDocument, section: Section) -> types.DocumentSymbol:
    line = section.body - 1
    own = desk.whole(document, line)
    end = desk.whole(document, max(section.end - 1, line)).end
    return types.DocumentSymbol(
        name=section.heading or "(no heading)",
        kind=types.SymbolKind.String,
        range=types.Range(own.start, end),
        selection_range=own,
        children=[],
    )


FEATURES = (
    Feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, outline, None, []),
    Feature(types.TEXT_DOCUMENT_FOLDING_RANGE, folding, None, []),
)

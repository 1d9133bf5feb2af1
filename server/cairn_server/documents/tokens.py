"""Semantic tokens: the states of tasks, and what points elsewhere, in the colours of the theme."""

from lsprotocol import types

from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature
from cairn_server.documents.marks import Mark, marks_in

TYPES = ("class", "event", "variable", "string", "keyword", "comment", "number")
MODIFIERS = ("deprecated",)
LEGEND = types.SemanticTokensLegend(list(TYPES), list(MODIFIERS))
MOST_LINES = 5_000

_STATES = {
    "open": "variable",
    "in progress": "keyword",
    "blocked": "number",
    "done": "comment",
    "abandoned": "comment",
}
_MARKS = {"event": "event", "claim": "variable", "path": "string"}


async def tokens(desk: Desk, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """All of a page, in the protocol's relative numbers."""
    document = desk.document(params.text_document.uri)
    if document is None:
        return types.SemanticTokens(data=[])
    data: list[int] = []
    before = types.Position(0, 0)
    for number, line in enumerate(document.lines[:MOST_LINES]):
        for mark in marks_in(line.rstrip("\r\n")):
            span = desk.range(document, number, mark.start, mark.end)
            kind, modifiers = _kind(desk, mark)
            column = span.start.character - (before.character if number == before.line else 0)
            data += [number - before.line, column, span.end.character - span.start.character, kind, modifiers]
            before = span.start
    return types.SemanticTokens(data=data)


def _kind(desk: Desk, mark: Mark) -> tuple[int, int]:
    if mark.kind != "task":
        return TYPES.index(_MARKS[mark.kind]), 0
    task = desk.memory.tasks.get(mark.name)
    state = task.state if task else "open"
    return TYPES.index(_STATES[state]), 1 if state in ("done", "abandoned") else 0


FEATURES = (Feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, tokens, LEGEND, types.SemanticTokens(data=[])),)

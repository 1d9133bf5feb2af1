"""Inlay hints: how old a claim is and how often it was of use; what a task has cost."""

from collections.abc import AsyncIterator, Iterator

from lsprotocol import types
from pygls.workspace import TextDocument

from cairn_memory.recall.measure import tokens
from cairn_memory.tasks import Spending
from cairn_server.documents.ages import age
from cairn_server.documents.bullets import bullets
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature
from cairn_server.documents.marks import marks_in

MOST = 400
SOON = 0.1
"""Seconds that they wait for what tasks cost."""


async def hints(desk: Desk, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Those of the lines that the editor shows."""
    document, page = desk.document(params.text_document.uri), desk.page(params.text_document.uri)
    if document is None or page is None or page.kind in ("run", "compose"):
        return []
    lines = range(params.range.start.line, min(params.range.end.line + 1, len(document.lines)))
    if page.kind == "memory":
        return [hint async for hint in _of_claims(desk, document, lines)][:MOST]
    spending = await desk.memory.spending.soon(SOON)
    return list(_of_tasks(desk, document, lines, spending))[:MOST] if spending else []


async def _of_claims(desk: Desk, document: TextDocument, lines: range) -> AsyncIterator[types.InlayHint]:
    for one in await bullets(desk, document):
        if one.claim is not None and one.last in lines:
            since = max(one.claim.time, one.claim.kept)
            used = (
                f" · in {one.claim.used} window{'' if one.claim.used == 1 else 's'}" if one.claim.used else ""
            )
            label = f"{age(since)}{used} · {tokens(one.bullet.text)} tokens"
            yield _hint(desk, document, one.last, label, "age, use, and what it takes of a window")


def _of_tasks(
    desk: Desk, document: TextDocument, lines: range, spending: Spending
) -> Iterator[types.InlayHint]:
    for number in lines:
        line = document.lines[number].rstrip("\r\n")
        if not line.lstrip().startswith(("- [", "# T")):
            continue
        mark = next((one for one in marks_in(line) if one.kind == "task"), None)
        spent = spending.total(mark.name) if mark and desk.memory.tasks.get(mark.name) else None
        if spent and spent.usage.total:
            label = f"{spent.usage.total:,} tokens · ${spent.cost:.3f}"
            yield _hint(desk, document, number, label, "spent on it, tasks below included")


def _hint(desk: Desk, document: TextDocument, line: int, label: str, tooltip: str) -> types.InlayHint:
    end = desk.whole(document, line).end
    return types.InlayHint(position=end, label=label, padding_left=True, tooltip=tooltip)


FEATURES = (Feature(types.TEXT_DOCUMENT_INLAY_HINT, hints, types.InlayHintOptions(), []),)

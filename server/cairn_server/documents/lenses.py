"""Code lenses: keep, forget and promote over a claim; run, pause and the changes over a task."""

from collections.abc import Iterator

from lsprotocol import types
from pygls.workspace import TextDocument

from cairn_memory.tasks import Task
from cairn_server.documents import compose
from cairn_server.documents.bullets import Shown, bullets
from cairn_server.documents.commands import DIFF, FORGET, KEEP, PAUSE, PROMOTE, RUN
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature
from cairn_server.documents.marks import marks_in

MOST = 400


async def lenses(desk: Desk, params: types.CodeLensParams) -> list[types.CodeLens]:
    """All of a page."""
    document, page = desk.document(params.text_document.uri), desk.page(params.text_document.uri)
    if document is None or page is None or page.kind == "run":
        return []
    if page.kind == "compose":
        return list(compose.lenses(desk, params.text_document.uri))
    found = [lens for one in await bullets(desk, document) for lens in _of_claim(desk, document, one)]
    if page.kind != "memory":
        found += _of_tasks(desk, document)
    return found[:MOST]


def _of_claim(desk: Desk, document: TextDocument, shown: Shown) -> Iterator[types.CodeLens]:
    claim = shown.claim
    if claim is None:
        return
    span = desk.whole(document, shown.first)
    yield _lens(span, "kept" if claim.kept else "keep", KEEP, claim.id)
    yield _lens(span, "forget", FORGET, claim.id)
    if claim.scope == "project":
        yield _lens(span, "promote to user memory", PROMOTE, claim.id)


def _of_tasks(desk: Desk, document: TextDocument) -> Iterator[types.CodeLens]:
    """Over the line of each task: a list item or a heading that begins with its number."""
    for number, line in enumerate(document.lines):
        if not line.lstrip().startswith(("- [", "# T")):
            continue
        mark = next((one for one in marks_in(line.rstrip("\r\n")) if one.kind == "task"), None)
        task = desk.memory.tasks.get(mark.name) if mark else None
        if task is not None:
            yield from _of_task(desk.whole(document, number), desk, task)


def _of_task(span: types.Range, desk: Desk, task: Task) -> Iterator[types.CodeLens]:
    works = any(one.session == task.session and one.state == "running" for one in desk.runs.list())
    if works and not task.finished:
        yield _lens(span, "pause", PAUSE, task.id)
    elif not task.finished:
        yield _lens(span, "run", RUN, task.id)
    if task.session:
        yield _lens(span, "show diff", DIFF, task.id)


def _lens(span: types.Range, title: str, command: str, *arguments: str) -> types.CodeLens:
    return types.CodeLens(
        range=span, command=types.Command(title=title, command=command, arguments=list(arguments))
    )


FEATURES = (Feature(types.TEXT_DOCUMENT_CODE_LENS, lenses, types.CodeLensOptions(), []),)

"""Rename: a task gets another title; wherever our pages show it, they say so a moment later."""

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cairn_memory.bounds import LINE
from cairn_memory.tasks import Task
from cairn_memory.versions import NO_SESSION
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature
from cairn_server.documents.marks import Mark


async def prepare(desk: Desk, params: types.PrepareRenameParams) -> types.PrepareRenameResult | None:
    """The title that may be changed; nothing where no task stands."""
    document = desk.document(params.text_document.uri)
    if document is None or (found := _task(desk, desk.mark(document, params.position))) is None:
        return None
    mark, task = found
    span = desk.range(document, params.position.line, mark.start, mark.end)
    return types.PrepareRenamePlaceholder(range=span, placeholder=task.title)


async def rename(desk: Desk, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """Gives the task its new title. The pages follow by themselves, so the edit is in the words of people alone.

    Raises JsonRpcInvalidParams for a title that is none.
    """
    document = desk.document(params.text_document.uri)
    if document is None or (found := _task(desk, desk.mark(document, params.position))) is None:
        return None
    title = " ".join(params.new_name.split())
    if not title or len(title) > LINE:
        raise JsonRpcInvalidParams(
            f"a task's title has 1 to {LINE:,} characters; this one has {len(title):,}"
        )
    _, task = found
    before = task.title
    change = desk.memory.tasks.change(task.id, title=title, by="user")
    await desk.memory.record(task.session or NO_SESSION, change)
    return types.WorkspaceEdit(changes=_edits(desk, task, before, title))


def _edits(desk: Desk, task: Task, before: str, title: str) -> dict[str, list[types.TextEdit]]:
    """`T1.2 old title` in the two MEMORY.md and in notes, which Cairn does not write anew."""
    from cairn_server.documents.mentions import places

    edits: dict[str, list[types.TextEdit]] = {}
    for uri, span, _ in places(desk, "task", task.id):
        page, document = desk.page(uri), desk.document(uri)
        if page is None or document is None or page.kind not in ("memory", "notes"):
            continue
        line = document.lines[span.start.line].rstrip("\r\n")
        at = line.find(f"{task.id} {before}")
        if at >= 0:
            start = at + len(task.id) + 1
            place = desk.range(document, span.start.line, start, start + len(before))
            edits.setdefault(uri, []).append(types.TextEdit(place, title))
    return edits


def _task(desk: Desk, mark: Mark | None) -> tuple[Mark, Task] | None:
    if mark is None or mark.kind != "task" or (task := desk.memory.tasks.get(mark.name)) is None:
        return None
    return mark, task


FEATURES = (
    Feature(types.TEXT_DOCUMENT_PREPARE_RENAME, prepare),
    Feature(types.TEXT_DOCUMENT_RENAME, rename, types.RenameOptions(prepare_provider=True)),
)

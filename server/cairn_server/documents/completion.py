"""Completion: task ids behind `T` and `@`, claims behind `@`, and the headings of a MEMORY.md behind `#`.

In a message that is being written `@` offers what it may name: files, the selection, tasks, claims.
"""

import asyncio
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from lsprotocol import types
from pygls.workspace import TextDocument

from cairn_agents.tools.walk import walk
from cairn_memory.claims.page import HEADINGS
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature

MOST = 200
FILES = 20_000
"""Files of the work tree that are looked at."""
_WORD = re.compile(r"(@[\w.]*|\bT[\d.]*|^#{1,6} ?\w*)$")
_MENTION = re.compile(r"(?<![\w@])@[\w:./-]*(?: T?[\w.]*)?$")


async def complete(desk: Desk, params: types.CompletionParams) -> types.CompletionList | None:
    """What could be meant by the word before the cursor."""
    document = desk.document(params.text_document.uri)
    if document is None or params.position.line >= len(document.lines):
        return None
    at = document.position_codec.position_from_client_units(document.lines, params.position)
    line = document.lines[at.line].rstrip("\r\n")
    page = desk.page(params.text_document.uri)
    if page is not None and page.kind == "compose":
        return await _named(desk, document, at.line, line[: at.character])
    found = _WORD.search(line[: at.character])
    if found is None:
        return None
    span = desk.range(document, at.line, found.start(), at.character)
    items = _headings(desk, document, span) if found[0].startswith("#") else _tasks(desk, span)
    items = list(items)
    if found[0].startswith("@"):
        items += await _claims(desk, span)
    return types.CompletionList(is_incomplete=len(items) > MOST, items=items[:MOST])


async def _named(desk: Desk, document: TextDocument, number: int, line: str) -> types.CompletionList | None:
    """What a message may name, for the `@` that is being typed."""
    found = _MENTION.search(line)
    if found is None:
        return None
    span, typed = desk.range(document, number, found.start(), len(line)), found[0].removeprefix("@")
    choices = [("selection", "what is selected in the editor", "@selection")]
    choices += [
        (f"task {task.id}", f"{task.title[:100]} ({task.state})", f"@task {task.id}")
        for task in sorted(desk.memory.tasks.order(), key=lambda task: task.finished)
    ]
    choices += [
        (f"memory {claim.id}", claim.text[:100], f"@memory {claim.id}")
        for claim in await desk.memory.claims.all()
    ]
    files = await asyncio.to_thread(_files, desk.root, typed.removeprefix("file:").lower())
    choices += [(f"file:{name}", "", f'@file:"{name}"' if " " in name else f"@file:{name}") for name in files]
    items = [
        types.CompletionItem(
            label=label,
            detail=detail or None,
            kind=types.CompletionItemKind.File
            if label.startswith("file:")
            else types.CompletionItemKind.Reference,
            filter_text=f"@{label} {detail}",
            sort_text=f"{rank:05}",
            text_edit=types.TextEdit(span, text),
        )
        for rank, (label, detail, text) in enumerate(choices)
    ]
    return types.CompletionList(is_incomplete=True, items=items[:MOST])


def _files(root: Path, typed: str) -> list[str]:
    """Files whose path has the letters in it, those whose name begins so first. Blocking."""
    names = (path.relative_to(root).as_posix() for path in islice(walk(root), FILES))
    fitting = [name for name in names if typed in name.lower()]
    fitting.sort(
        key=lambda name: (not name.rpartition("/")[2].lower().startswith(typed), name.count("/"), name)
    )
    return fitting[:MOST]


def _tasks(desk: Desk, span: types.Range) -> Iterator[types.CompletionItem]:
    for rank, task in enumerate(sorted(desk.memory.tasks.order(), key=lambda task: task.finished)):
        yield types.CompletionItem(
            label=task.id,
            kind=types.CompletionItemKind.Event,
            detail=f"{task.title[:100]} ({task.state})",
            filter_text=f"@{task.id} {task.id} {task.title[:100]}",
            sort_text=f"0{rank:05}",
            text_edit=types.TextEdit(span, task.id),
        )


async def _claims(desk: Desk, span: types.Range) -> list[types.CompletionItem]:
    return [
        types.CompletionItem(
            label=claim.id,
            kind=types.CompletionItemKind.Reference,
            detail=claim.text[:100],
            filter_text=f"@{claim.id} {claim.text[:100]}",
            sort_text=f"1{rank:05}",
            text_edit=types.TextEdit(span, claim.id),
        )
        for rank, claim in enumerate(await desk.memory.claims.all())
    ]


def _headings(desk: Desk, document: TextDocument, span: types.Range) -> Iterator[types.CompletionItem]:
    page = desk.page(document.uri)
    if page is None or page.kind != "memory":
        return
    there = {line.strip().lower() for line in document.lines}
    for kind, heading in HEADINGS.items():
        if f"## {heading}".lower() not in there:
            yield types.CompletionItem(
                label=f"## {heading}",
                kind=types.CompletionItemKind.Module,
                detail=f"claims below it are of the kind {kind}",
                filter_text=f"## {heading}",
                text_edit=types.TextEdit(span, f"## {heading}\n\n- "),
            )


FEATURES = (
    Feature(
        types.TEXT_DOCUMENT_COMPLETION, complete, types.CompletionOptions(trigger_characters=["@", "T", "#"])
    ),
)

"""Where a task or an event is named in our own files: the memory, and the pages of tasks and of newest sessions."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types

from cairn_memory.memory_files import project_memory, user_memory
from cairn_server.documents.desk import Desk, uri_of
from cairn_server.documents.marks import Mark, MarkKind, marks_in

SESSIONS = 30
"""Sessions whose pages are looked through, the newest."""
LARGEST = 1_000_000
"""Bytes of one page."""
MOST = 500


async def mentions(desk: Desk, kind: MarkKind, name: str) -> list[types.Location]:
    """Every place; pages that an editor has open as they stand there."""
    return [types.Location(uri, span) for uri, span, _ in await asyncio.to_thread(places, desk, kind, name)]


def places(desk: Desk, kind: MarkKind, name: str) -> list[tuple[str, types.Range, Mark]]:
    """The same with the marks. Blocking: reads files."""
    found: list[tuple[str, types.Range, Mark]] = []
    for path in pages(desk):
        uri = uri_of(path)
        document = desk.document(uri)
        if document is None:
            continue
        for number, line in enumerate(document.lines):
            for mark in marks_in(line.rstrip("\r\n")):
                if mark.kind == kind and mark.name == name:
                    found.append((uri, desk.range(document, number, mark.start, mark.end), mark))
        if len(found) >= MOST:
            break
    return found[:MOST]


def pages(desk: Desk) -> Iterator[Path]:
    """Our pages that are there and not too large, MEMORY.md first; without the run documents, which only grow."""
    workspace = desk.context.host.workspace
    yield from _there(project_memory(workspace).path)
    yield from _there(user_memory(desk.memory.user).path)
    for task in desk.memory.tasks.order():
        yield from _there(workspace.local / "tasks" / task.id / "progress.md")
    for info in desk.runs.list()[:SESSIONS]:
        for name in ("checkpoint.md", "notes.md"):
            yield from _there(workspace.session(info.session) / name)


def _there(path: Path) -> Iterator[Path]:
    try:
        if path.stat().st_size <= LARGEST:
            yield path
    except OSError:
        return

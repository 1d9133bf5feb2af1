"""What an agent changed for a task, as a file that any editor shows: a unified diff beside the task's page."""

import asyncio
import contextlib
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from cairn_agents.outfit import RunError
from cairn_agents.rewind.difference import Changed
from cairn_agents.rewind.recorder import printable
from cairn_memory.files import write_atomically
from cairn_memory.tasks import Task
from cairn_server.documents.desk import Desk, uri_of
from cairn_server.documents.pages import progress_path

NAME = "changes.diff"
LONGEST = 2_000_000
"""Characters of the file."""
PATIENCE = 10.0
"""Seconds for the editor to open it."""


async def show_changes(desk: Desk, task: Task) -> str:
    """Writes the file, has the editor open it if it can, and returns its path. Raises RunError, StoreError."""
    if not task.session:
        raise RunError(f"{task.id} changed nothing: no session has worked on it")
    shown = await desk.runs.rewinds.diff(task.session, task.id)
    text = "".join(map(_unified, shown.files)) or f"# No file was changed for {task.id} {task.title}\n"
    if shown.more:
        text += f"# {shown.more} more files are not shown\n"
    masked = desk.memory.log.masker.mask(text)
    path = progress_path(desk.memory.workspace, task.id).with_name(NAME)
    await asyncio.to_thread(_write, path, masked)
    await _open(desk, path)
    return str(path)


def _unified(file: Changed) -> str:
    path, old = printable(file.path), printable(file.old or file.path)
    head = f"--- {f'a/{old}' if file.before else '/dev/null'}\n+++ {f'b/{path}' if file.after else '/dev/null'}\n"
    return head + (file.hunks.rstrip("\n") + "\n" if file.hunks else "# its bytes are no text\n")


def _write(path: Path, text: str) -> None:
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}\n# the rest is left out: {len(text):,} characters in all\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.encode("utf-8", "replace"))


async def _open(desk: Desk, path: Path) -> None:
    """Has the editor show a file; one that cannot is told where it lies."""
    window = desk.server.client_capabilities.window
    if window is not None and window.show_document is not None and window.show_document.support:
        ask = desk.server.window_show_document_async(types.ShowDocumentParams(uri_of(path), take_focus=True))
        with contextlib.suppress(TimeoutError, JsonRpcException):
            if (await asyncio.wait_for(ask, PATIENCE)).success:
                return
    desk.server.window_show_message(types.ShowMessageParams(types.MessageType.Info, f"Cairn: {path}"))

"""Messages written in an editor: a Markdown page of its own, sent by a lens, a key or any client, and then gone."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lsprotocol import types

from cairn_agents.mentions import Selection, enclosed
from cairn_agents.outfit import RunSettings
from cairn_agents.runs import RunError, RunInfo, Runs
from cairn_memory.files import write_atomically
from cairn_memory.places import Workspace
from cairn_server.documents.desk import Desk
from cairn_server.documents.pages import COMPOSE, page_at

SEND = "cairn.compose.send"
NEW = "new"
"""Instead of a session: one is to be begun."""
GOAL = 40
"""Characters of a goal in a lens."""


def open_draft(workspace: Workspace) -> Path:
    """An empty page, or the newest that was not sent. Blocking. Raises RunError."""
    folder = workspace.local / COMPOSE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        drafts = sorted(folder.glob("*.md"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        if drafts:
            return drafts[-1]
        name = f"{time.strftime('%y%m%d')}-{secrets.token_hex(3)}.md"
        write_atomically(folder / name, b"", 0o600)
    except OSError as error:
        raise RunError(f"{folder}: no page can be made there ({error.strerror})") from error
    return folder / name


async def send(
    runs: Runs,
    workspace: Workspace,
    words: str,
    to: str | None,
    settings: RunSettings,
    selection: Selection | None = None,
) -> tuple[str, int, bool]:
    """The session that hears them, the event before its first new one, and whether it was begun. Raises RunError, MentionError."""
    words = words.strip()
    if not words:
        raise RunError("there is nothing to send yet: write what there is to do")
    named = await enclosed(words, workspace.root, runs.memory, selection, runs.editors)
    session = _hearer(runs, to)
    if session is None:
        begun, since = await runs.start(words, workspace.root, None, settings, enclosed=named)
        return begun, since, True
    session, since = await runs.resume(session, words, settings, enclosed=named)
    return session, since, False


async def forget(workspace: Workspace, runs: Runs, path: str) -> None:
    """Takes a page away that was sent; any other file stays where it is."""
    page = page_at(Path(path), workspace, runs.memory.user) if path else None
    if page is not None and page.kind == "compose":
        with suppress(OSError):
            await asyncio.to_thread(page.path.unlink, missing_ok=True)


async def send_page(desk: Desk, uri: str, to: str | None) -> str:
    """Sends the page as the editor has it, saved or not. Returns the session. Raises RunError, MentionError."""
    document, page = desk.document(uri), desk.page(uri)
    if document is None or page is None or page.kind != "compose":
        raise RunError("only a page that Cairn opened for a message can be sent")
    workspace = desk.context.host.workspace
    session, _, _ = await send(desk.runs, workspace, document.source, to, RunSettings())
    await forget(workspace, desk.runs, str(page.path))
    return session


def lenses(desk: Desk, uri: str) -> Iterator[types.CodeLens]:
    """Over the first line: where the message may go, the likeliest first."""
    works = [info for info in desk.runs.list() if info.state in ("running", "waiting")]
    for info in works[:3]:
        yield _lens(f"Say to “{_goal(info)}”", uri, info.session)
    yield _lens("Send as a new task", uri, NEW)


def _lens(title: str, uri: str, to: str) -> types.CodeLens:
    start = types.Position(0, 0)
    return types.CodeLens(
        range=types.Range(start, start),
        command=types.Command(title=title, command=SEND, arguments=[uri, to]),
    )


def _goal(info: RunInfo) -> str:
    goal = " ".join(info.goal.split())
    return goal if len(goal) <= GOAL else f"{goal[: GOAL - 1]}…"


def _hearer(runs: Runs, to: str | None) -> str | None:
    """The session that is meant; None for a new one."""
    if to == NEW:
        return None
    if to is not None:
        return runs.find(to)
    works = [info.session for info in runs.list() if info.state in ("running", "waiting")]
    if len(works) > 1:
        raise RunError(
            f"{len(works)} sessions work now; say which one is meant: {', '.join(works[:5])}, or new"
        )
    return works[0] if works else None

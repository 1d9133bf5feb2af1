"""What lenses and quick fixes do when they are chosen: commands that any LSP editor can have executed."""

from collections.abc import Awaitable, Callable

from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from cairn_agents.outfit import RunSettings
from cairn_memory.claims import Claim
from cairn_memory.tasks import Task, number_in
from cairn_server.documents.changes import show_changes
from cairn_server.documents.compose import SEND, send_page
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import told

KEEP, FORGET, PROMOTE = "cairn.claim.keep", "cairn.claim.forget", "cairn.claim.promote"
RUN, PAUSE, DIFF = "cairn.task.run", "cairn.task.pause", "cairn.task.diff"


async def keep(desk: Desk, id: str) -> str:
    """The user says that a claim stays."""
    await desk.memory.claims.keep((await _claim(desk, id)).id)
    return f"{id} stays"


async def forget(desk: Desk, id: str) -> str:
    """Takes a claim out of its file; `cairn memory undo` brings it back."""
    claim = await _claim(desk, id)
    await desk.memory.claims.forget(claim.id, by="user", reason="the user had it forgotten")
    return f"{id} is forgotten; cairn memory undo brings it back"


async def promote(desk: Desk, id: str) -> str:
    """Moves a claim of the project to the user's own memory, which holds in all projects."""
    claim = await _claim(desk, id)
    claims = desk.memory.claims
    kept = await claims.remember(claim.text, claim.about, "user", sources=claim.sources, by="user")
    if claim.scope == "project" and kept.claim.scope == "user":
        await claims.forget(claim.id, by="user", reason="promoted to the user's memory", scope="project")
    return f"{id} is in your own memory now"


async def run(desk: Desk, id: str) -> str:
    """Goes on with the session that works on a task, or begins one for it. Returns the session."""
    task = _task(desk, id)
    words = f"Go on with task {task.id}: {task.title}"
    if task.session and any(one.session == task.session for one in desk.runs.list()):
        session, _ = await desk.runs.resume(task.session, words, RunSettings())
    else:
        session, _ = await desk.runs.start(words, desk.root, None, RunSettings())
    return session


async def pause(desk: Desk, id: str) -> str:
    """Interrupts the session that works on a task; it can be resumed. Returns the session."""
    task = _task(desk, id)
    await desk.runs.interrupt(task.session, "the user paused the task")
    return task.session


async def diff(desk: Desk, id: str) -> str:
    """Shows what was changed for a task. Returns the path of the diff."""
    return await show_changes(desk, _task(desk, id))


async def _claim(desk: Desk, id: str) -> Claim:
    found = await desk.memory.claims.find(id)
    if not found:
        raise JsonRpcInvalidParams(f"there is no claim {id!r} any more")
    return found[0]


def _task(desk: Desk, id: str) -> Task:
    task = desk.memory.tasks.get(number_in(id))
    if task is None:
        raise JsonRpcInvalidParams(f"there is no task {id!r}")
    return task


COMMANDS = {KEEP: keep, FORGET: forget, PROMOTE: promote, RUN: run, PAUSE: pause, DIFF: diff}


def offer(server: LanguageServer, desk: Desk) -> None:
    """Has pygls announce and run them. Each takes the id of a claim or a task; `SEND` a page, and a session."""
    for name, command in COMMANDS.items():
        server.command(name)(_guarded(desk, command))

    async def send_it(uri: str, to: str | None = None) -> str:
        with told():
            return await send_page(desk, uri, to)

    server.command(SEND)(send_it)


def _guarded(desk: Desk, command: Callable[[Desk, str], Awaitable[str]]) -> Callable[..., Awaitable[str]]:
    async def run_it(id: str) -> str:
        with told():
            return await command(desk, id)

    return run_it

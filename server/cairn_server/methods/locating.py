"""Where the things of the memory stand for a person: a claim, an event, a task, a page or a section of one, as file and line."""

from pathlib import Path
from typing import NamedTuple

from cairn_agents.runs import RunError
from cairn_memory.markdown import Document
from cairn_memory.memory_files import project_memory, user_memory
from cairn_server.call import Context
from cairn_server.documents.marks import mark_at
from cairn_server.documents.pages import progress_path
from cairn_server.methods.naming import the_file


class Spot(NamedTuple):
    """A line of a file, counted from 0."""

    path: Path
    line: int = 0


async def spot_of(context: Context, ref: str) -> Spot:
    """Where that stands which a search or a list calls `ref`. Raises RunError when it stands nowhere."""
    mark, spot = mark_at(ref, 0), None
    if mark is not None and mark.end == len(ref):
        if mark.kind == "event":
            spot = await spot_of_event(context, int(mark.name))
        elif mark.kind == "claim":
            spot = await spot_of_claim(context, mark.name)
        elif mark.kind == "task":
            spot = spot_of_task(context, mark.name)
        if mark.kind != "path":
            if spot is None:
                raise RunError(f"{ref} stands in no file")
            return spot
    return await _page(context, ref)


def spot_of_task(context: Context, task: str) -> Spot | None:
    """The page of a task."""
    path = progress_path(context.host.workspace, task)
    return Spot(path) if context.runs.memory.tasks.get(task) and path.exists() else None


async def spot_of_claim(context: Context, prefix: str) -> Spot | None:
    """The line of the claim whose id begins so."""
    memory = context.runs.memory
    for claim in await memory.claims.all():
        if claim.id.startswith(prefix):
            project = claim.scope == "project"
            file = project_memory(memory.workspace) if project else user_memory(memory.user)
            return Spot(file.path, claim.line - 1)
    return None


async def spot_of_event(context: Context, seq: int) -> Spot | None:
    """In the session's run document, the entry of the event or the last one before it."""
    log = context.log
    found = await log.read(seq - 1, limit=1) if 0 < seq <= log.last_seq else []
    if not found or found[0].seq != seq:
        return None
    session = found[0].session
    if not session or not any(one.session == session for one in context.runs.list()):
        return None
    return Spot(await context.host.document(session), context.host.document_line(session, seq))


async def _page(context: Context, ref: str) -> Spot:
    name, _, heading = ref.partition("#")
    file = the_file(context.runs, name)
    text = await context.runs.memory.versions.look(file)
    if not text:
        raise RunError(f"{file.path} is not there yet, or empty; `cairn memory files` lists what there is")
    section = Document(text).section(heading.strip()) if heading else None
    return Spot(file.path, max(section.body - 1, 0) if section else 0)

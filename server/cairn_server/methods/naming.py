"""The memory's files as a person names them: project, user, notes, checkpoint, T1.2, or the whole name."""

from cairn_agents.runs import RunError, Runs
from cairn_memory.memory_files import MemoryFile, local_file, project_memory, user_memory
from cairn_memory.tasks import number_in

PAGES = ("checkpoint", "notes")


def the_file(runs: Runs, name: str) -> MemoryFile:
    """The file that is meant. `checkpoint` and `notes` are those of the newest session. Raises RunError, MemoryFileError."""
    memory = runs.memory
    short = name.strip().removesuffix(".md").removesuffix("/MEMORY")
    if short in ("project", "MEMORY", ""):
        return project_memory(memory.workspace)
    if short == "user":
        return user_memory(memory.user)
    if memory.tasks.get(number_in(short)) is not None:
        return local_file(memory.workspace, f"tasks/{number_in(short)}/progress.md")
    session, _, page = short.removeprefix("sessions/").rpartition("/")
    if page in PAGES and "/" not in session:
        return local_file(memory.workspace, f"sessions/{_session(runs, session)}/{page}.md")
    if name in memory.versions.names:
        return local_file(memory.workspace, name)
    raise RunError(f"no memory file is called {name!r}; `cairn memory files` lists them")


def _session(runs: Runs, prefix: str) -> str:
    if prefix:
        return runs.find(prefix)
    sessions = runs.list()
    if not sessions:
        raise RunError("there is no session yet, so it has no checkpoint and no notes")
    return sessions[0].session

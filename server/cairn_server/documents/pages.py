"""Which of our Markdown files a path is: the project's or the user's memory, a checkpoint, notes, a task, a run."""

from pathlib import Path
from typing import Literal, NamedTuple

from cairn_memory.events import ClaimScope
from cairn_memory.memory_files import MEMORY
from cairn_memory.places import UserFolders, Workspace

PageKind = Literal["memory", "checkpoint", "notes", "progress", "run", "compose"]
COMPOSE = "compose"
"""The folder of messages that are being written."""

_OF_SESSION: dict[str, PageKind] = {"checkpoint.md": "checkpoint", "notes.md": "notes", "run.md": "run"}


class Page(NamedTuple):
    """One of our files. `scope` is of a MEMORY.md, `session` and `task` of the files that belong to one, else ""."""

    kind: PageKind
    path: Path
    scope: ClaimScope | Literal[""] = ""
    session: str = ""
    task: str = ""


def page_at(path: Path, workspace: Workspace, user: UserFolders) -> Page | None:
    """What `path` is; None for any other file. It need not be there, and is not looked at."""
    if path.name == MEMORY:
        if _same(path, workspace.folder / MEMORY):
            return Page("memory", path, "project")
        return Page("memory", path, "user") if _same(path, user.config / MEMORY) else None
    try:
        folder, name, *rest = path.relative_to(workspace.local).parts
    except ValueError:
        return None
    if folder == COMPOSE and not rest and name.endswith(".md"):
        return Page("compose", path)
    if len(rest) != 1:
        return None
    file = rest[0]
    if folder == "sessions" and file in _OF_SESSION:
        return Page(_OF_SESSION[file], path, session=name)
    if folder == "tasks" and file == "progress.md":
        return Page("progress", path, task=name)
    return None


def progress_path(workspace: Workspace, task: str) -> Path:
    """Where all of one task is told."""
    return workspace.local / "tasks" / task / "progress.md"


def _same(path: Path, other: Path) -> bool:
    if path == other:
        return True
    try:
        return path.samefile(other)
    except OSError:
        return False

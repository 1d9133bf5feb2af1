"""What Cairn keeps, and where: each file or group of files, how much, who may read it, whether git would commit it.

It reads sizes and modes, never contents, and stops counting at a deadline.
"""

import asyncio
import os
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from cairn_memory.places import UserFolders, Workspace

_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that is kept. `path` may be a pattern; `files` and `bytes` count what is there.

    `readers` is who may read it by its mode ("you", "your group", "everyone"; "" when nothing is
    there), `committed` whether git would take it into a commit, `whole` False when the deadline came first.
    """

    name: str
    path: Path
    holds: str
    files: int
    bytes: int
    readers: str
    committed: bool
    scope: str = "project"
    whole: bool = True


_PROJECT = (
    ("memory", "MEMORY.md", "what the project remembers: rules, decisions, facts"),
    ("settings", "config.toml", "the project's settings"),
    ("log", "local/cairn.db*", "everything said and done in all sessions, secrets masked"),
    ("index", "local/index.db*", "the search index, made from the log and the memory files"),
    ("blobs", "local/blobs/**/*", "long outputs, windows, and versions of memory files, secrets masked"),
    ("sessions", "local/sessions/**/*", "run documents, checkpoints, notes, outputs of commands"),
    (
        "states",
        "local/snapshots.git/**/*",
        "states of your work tree, to take changes back: your files as they are",
    ),
    ("proposals", "local/proposals/**/*", "changes that wait for your answer: your files as they are"),
    ("tasks", "local/tasks/**/*", "the progress of each task"),
    ("host log", "local/host.*", "the host's own log, its address and its lock"),
    ("watermark", "local/watermark", "how far the log had come, to notice a loss"),
    ("mask key", "local/mask.key", "the key that names masked secrets without giving them away"),
    ("salvaged", "local/damaged-*/**/*", "damaged logs as they were found"),
)
_USER = (
    ("memory", "MEMORY.md", "what is remembered for all your projects"),
    ("instructions", "AGENTS.md", "your own instructions for every session"),
    ("settings", "config.toml", "your settings"),
    ("prices", "prices.toml", "prices of models"),
)


async def inventory(workspace: Workspace, user: UserFolders, seconds: float = _SECONDS) -> list[Kept]:
    """All that is kept for `workspace` and for the user, counted for at most `seconds`."""
    return await asyncio.to_thread(lambda: list(_all(workspace, user, time.monotonic() + seconds)))


def _all(workspace: Workspace, user: UserFolders, until: float) -> Iterator[Kept]:
    ignored = _Ignored(workspace)
    named: set[Path] = set()
    for name, pattern, holds in _PROJECT:
        yield _count(name, workspace.folder, pattern, holds, until, ignored, named)
    yield _rest(workspace, until, ignored, named)
    for name, pattern, holds in _USER:
        yield _count(name, user.config, pattern, holds, until, None, named)
    yield _count(
        "prompts", user.data, "prompts", "what you typed at the terminal's prompt", until, None, named
    )


def _rest(workspace: Workspace, until: float, ignored: "_Ignored", named: set[Path]) -> Kept:
    """What lies in the folder and has no name above: nothing is kept that is not told."""
    others = (path for path in workspace.folder.rglob("*") if path not in named)
    return _kept(
        "other files", workspace.folder, "what no version of this Cairn put there", others, until, ignored
    )


def _count(
    name: str,
    folder: Path,
    pattern: str,
    holds: str,
    until: float,
    ignored: "_Ignored | None",
    named: set[Path],
) -> Kept:
    def found() -> Iterator[Path]:
        for path in folder.glob(pattern):
            named.add(path)
            yield path

    top = folder / pattern.replace("/**/*", "")
    return _kept(name, top, holds, found(), until, ignored)


def _kept(
    name: str, top: Path, holds: str, paths: Iterable[Path], until: float, ignored: "_Ignored | None"
) -> Kept:
    files = size = mode = 0
    whole, committed = True, False
    for path in paths:
        if time.monotonic() > until:
            whole = False
            break
        try:
            status = path.lstat()
        except OSError:
            continue  # gone meanwhile
        if stat.S_ISDIR(status.st_mode):
            continue
        files, size, mode = files + 1, size + status.st_size, mode | _reach(path, status.st_mode)
        committed = committed or (ignored is not None and ignored.would_commit(path))
    scope = "user" if ignored is None else "project"
    return Kept(name, top, holds, files, size, _readers(mode, files), committed, scope, whole)


def _reach(path: Path, mode: int) -> int:
    """The read bits that count: a folder on the way that others may not enter keeps them out."""
    reach = mode & (stat.S_IRGRP | stat.S_IROTH)
    for folder in path.parents:
        if not reach:
            break
        try:
            entered = folder.stat().st_mode
        except OSError:
            break
        if not entered & stat.S_IXGRP:
            reach &= ~stat.S_IRGRP
        if not entered & stat.S_IXOTH:
            reach &= ~stat.S_IROTH
    return reach


def _readers(mode: int, files: int) -> str:
    if not files or os.name != "posix":
        return "you" if files else ""
    return "everyone" if mode & stat.S_IROTH else "your group" if mode & stat.S_IRGRP else "you"


class _Ignored:
    """What git would leave out, by the two .gitignore files that matter here."""

    def __init__(self, workspace: Workspace) -> None:
        self._home = workspace.home
        self._folder = workspace.folder
        self._repository = (workspace.home / ".git").exists()
        self._specs = [(base, _spec(base / ".gitignore")) for base in (workspace.home, workspace.folder)]

    def would_commit(self, path: Path) -> bool:
        if not self._repository:
            return False
        return not any(spec.match_file(path.relative_to(base).as_posix()) for base, spec in self._specs)


def _spec(path: Path) -> GitIgnoreSpec:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return GitIgnoreSpec.from_lines(lines)

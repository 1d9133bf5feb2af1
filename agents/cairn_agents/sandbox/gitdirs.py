"""The git dirs of a work tree: what of them a commit must write, and what no command may change.

A dir `.git` is mounted on itself, since whoever may rename it could put another in its place. In it
everything that makes git run a program, or look elsewhere for its settings, can only be read.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cairn_agents.sandbox.protected import IN_GIT

_SUBMODULES = 64
"""Entries of a folder of submodules that are looked at; four times as many folders in all."""


@dataclass(frozen=True, slots=True)
class GitDirs:
    """`writable` are mounted on themselves; in them `protected` can only be read, `missing` not be made (as folders)."""

    writable: tuple[Path, ...] = ()
    protected: tuple[Path, ...] = ()
    missing: tuple[Path, ...] = ()

    @classmethod
    def of(cls, root: Path) -> "GitDirs":
        """Those of the work tree `root`; none where there is no git, or where `.git` leads nowhere git would follow."""
        dot_git = root / ".git"
        if dot_git.is_symlink():
            return cls()
        if dot_git.is_dir():
            return _main(dot_git)
        return _linked(dot_git) if dot_git.is_file() else cls()


def _main(git_dir: Path) -> GitDirs:
    protected, missing = list[Path](), list[Path]()
    for folder in (git_dir, *_submodules(git_dir / "modules")):
        for name in IN_GIT:
            path = folder / name
            if path.exists() and not path.is_symlink():
                protected.append(path)
            elif name in ("hooks", "info") and not path.is_symlink():
                missing.append(path)
        if (folder / "config.worktree").is_file():
            protected.append(folder / "config.worktree")
    return GitDirs((git_dir,), tuple(protected), tuple(missing))


def _linked(dot_git: Path) -> GitDirs:
    """A linked work tree or a submodule: `.git` is a file. Commits write its own git dir and the common one."""
    try:
        own = _leads_to(dot_git, "gitdir:")
        common_file = own / "commondir"
        if not common_file.is_file():
            return _submodule(dot_git, own)
        common = _leads_to(common_file)
        if _leads_to(own / "gitdir") != dot_git.resolve():
            return GitDirs(protected=(dot_git,))  # git knows of no work tree here: it may not open another's
    except (OSError, ValueError, RuntimeError):
        return GitDirs(protected=(dot_git,))
    main = _main(common)
    steering = (own / name for name in ("commondir", "gitdir", "config.worktree"))
    return GitDirs(
        (common, own),
        (dot_git, *main.protected, *(path for path in steering if path.is_file())),
        main.missing,
    )


def _submodule(dot_git: Path, own: Path) -> GitDirs:
    """Only a git dir inside of another's `modules` that leads back is its own."""
    inside = any(above.name == "modules" and above.parent.name == ".git" for above in own.parents)
    config = (own / "config").read_text(encoding="utf-8", errors="surrogateescape")
    back = re.search(r"^\s*worktree\s*=\s*(.+?)\s*$", config, re.MULTILINE)
    if not inside or back is None or (own / back[1]).resolve() != dot_git.parent.resolve():
        return GitDirs(protected=(dot_git,))
    main = _main(own)
    return GitDirs(main.writable, (dot_git, *main.protected), main.missing)


def _leads_to(file: Path, prefix: str = "") -> Path:
    with file.open("rb") as opened:
        text = opened.read(4_096).decode("utf-8", "surrogateescape")
    return (file.parent / text.strip().removeprefix(prefix).strip()).resolve(strict=True)


def _submodules(modules: Path) -> Iterator[Path]:
    """Git dirs under `.git/modules`; a name may have several parts, and a submodule submodules of its own."""
    folders, looked = [modules], 0
    while folders and looked < 4 * _SUBMODULES:
        folder, looked = folders.pop(), looked + 1
        if folder.is_symlink() or not folder.is_dir():
            continue
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            yield folder
            folders.append(folder / "modules")
        else:
            with os.scandir(folder) as entries:
                folders += [Path(entry.path) for entry in islice(entries, _SUBMODULES)]

"""Names in a work tree that steer what other programs do: no shell command may change them, nor make them.

Editors and agents act on them, git and shells run what they say. An agent changes one of them by a file tool,
which a person is asked about. The gate knows the same names, see `gate/names`.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cairn_agents.gate import names

AT_THE_TOP = (
    ".cairn", ".vscode", ".idea", ".claude", ".cursor", "AGENTS.md", "CLAUDE.md", ".mcp.json",
    ".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv",
)  # fmt: skip
"""Names that no command may make in the work tree's own folder: few, for each is seen there while commands run.
Deeper ones, and others that the gate knows, are protected where they are there already."""

IN_GIT = ("hooks", "config", "info", "worktrees")
"""In a git dir: what makes git run programs, or believe that it lies elsewhere."""

_DEPTH = 3
_ENTRIES = 4_000
"""Of a work tree that are looked at, level by level."""
_PASSED_BY = frozenset(
    ("node_modules", ".venv", "venv", "target", "dist", "build", "__pycache__", ".tox", "vendor")
)
"""Folders with much in them that is not the project's own."""


def found(root: Path) -> Iterator[Path]:
    """What of a work tree is protected, and git dirs of repositories inside of it. No symlinks: they cannot be held."""
    folders, left = [root], _ENTRIES
    for _ in range(_DEPTH):
        below = list[Path]()
        for folder in folders:
            for entry in _entries(folder, left):
                left -= 1
                if entry.is_symlink():
                    continue
                if _steers(entry.name) or (entry.name == ".git" and folder != root):
                    yield Path(entry.path)
                elif entry.is_dir() and entry.name not in _PASSED_BY and entry.name != ".git":
                    below.append(Path(entry.path))
        folders = below


def _entries(folder: Path, most: int) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return list(islice(entries, max(most, 0)))
    except OSError:
        return []


def _steers(name: str) -> bool:
    part = (name,)
    return bool(names.own(part) or names.instructs(part) or names.editor(part) or names.starts(part))

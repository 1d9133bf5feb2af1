"""The files of a folder that are worth looking at: what .gitignore names stays out, and so do .git and .cairn."""

from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from cairn_agents.tools import beneath

SKIPPED = frozenset((".git", ".cairn", ".hg", ".svn", "node_modules", "__pycache__", ".venv"))


def fits(pattern: str) -> GitIgnoreSpec:
    """`*.py` fits at any depth, `src/**/*.py` from the folder searched: the rules of .gitignore. Raises ValueError."""
    return GitIgnoreSpec.from_lines([pattern.replace("\\", "/").removeprefix("./")])


def is_in_work_tree(folder: Path) -> bool:
    """Whether git would look at the .gitignore files of the folders above."""
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))


def walk(folder: Path, *, hidden: bool = False) -> Iterator[Path]:
    """Files below `folder` (absolute, every link followed) in a fixed order. Symlinked folders are not entered."""
    yield from _walk(folder, _inherited(folder), hidden)


def looked_at(folder: Path, file: Path) -> bool:
    """Whether `walk(folder)` would come to `file`, were it there."""
    specs, at = _inherited(folder), folder
    parts = file.relative_to(folder).parts
    for part in parts:
        specs, at = [*specs, *_read(at)], at / part
        if part in SKIPPED or part.startswith(".") or _ignored(at, at != file, specs):
            return False
    return True


def _walk(folder: Path, specs: list[tuple[Path, GitIgnoreSpec]], hidden: bool) -> Iterator[Path]:
    try:
        entries = sorted(beneath.entries(folder))
    except OSError:
        return
    if any(entry.name == ".gitignore" for entry in entries):
        specs = [*specs, *_read(folder)]
    for entry in entries:
        if entry.name in SKIPPED or (entry.name.startswith(".") and not hidden):
            continue
        path = folder / entry.name
        if _ignored(path, entry.folder, specs):
            continue
        if entry.folder:
            yield from _walk(path, specs, hidden)
        elif entry.file:
            yield path


def _inherited(folder: Path) -> list[tuple[Path, GitIgnoreSpec]]:
    """The .gitignore files above `folder`, up to the top of its work tree."""
    above: list[Path] = []
    for parent in (folder, *folder.parents):
        if parent != folder:
            above.append(parent)
        if (parent / ".git").exists():
            return [found for place in reversed(above) for found in _read(place)]
    return []


def _read(folder: Path) -> list[tuple[Path, GitIgnoreSpec]]:
    try:
        lines = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [(folder, GitIgnoreSpec.from_lines(lines))]


def _ignored(path: Path, is_folder: bool, specs: list[tuple[Path, GitIgnoreSpec]]) -> bool:
    """The nearest file that says anything about `path` decides."""
    for base, spec in reversed(specs):
        name = path.relative_to(base).as_posix() + ("/" if is_folder else "")
        verdict = spec.check_file(name).include
        if verdict is not None:
            return verdict
    return False

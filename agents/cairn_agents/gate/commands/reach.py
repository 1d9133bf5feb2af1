"""What a path in a command may reach: no more than the workspace, and in it nothing that is kept back.

It looks at the file system (names and links, never contents), so a link out of the workspace is
seen. What is swapped between this look and the run is the sandbox's to stop.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from cairn_agents.gate import names
from cairn_agents.gate.commands.words import Asked, Unclear, Word
from cairn_memory.events import Risk

ENTRIES = 5_000
"""Names that one pattern may be held against."""
_HARMLESS = frozenset(("/dev/null",))
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command may run: `root` is the workspace, `bases` every folder it may be in by then, all absolute."""

    root: str
    bases: frozenset[str]
    path: str = ""
    """Where programs are looked for: the PATH of commands."""
    variables: frozenset[str] = frozenset()
    """Variables that the command itself set, to what it read or loops over."""

    @classmethod
    def of(cls, root: str, path: str) -> "Place":
        real = os.path.realpath(root)
        return cls(real, frozenset((real,)), path)

    def moved(self, bases: frozenset[str]) -> "Place":
        return Place(self.root, bases, self.path, self.variables)


@dataclass(slots=True)
class _Look:
    """A walk over the file system that must end."""

    left: int = field(default=ENTRIES)


def require_readable(word: Word, place: Place) -> None:
    """Raises Asked unless every file the word may name lies in the workspace and is no secret."""
    if word.names:
        raise Asked(f"{word.raw} could name any file")
    if word.braces:
        raise Asked(f"{word.raw} is expanded by its braces")
    if word.tilde:
        raise Asked(f"{word.raw} lies in a home folder, outside the workspace", "outside")
    if word.globs:
        _require_matches(word, place)
    else:
        require_inside(word.value, place)


def require_inside(path: str, place: Place) -> None:
    """Raises Asked unless `path`, with every link followed, lies in the workspace and is no secret."""
    if path in ("", "-") or path in _HARMLESS:
        return
    _require_harmless_names(path, path)
    for base in place.bases:
        full = os.path.join(base, path)
        plain = os.path.normpath(full)
        if not _below(plain, place.root):
            raise Asked(f"{path} lies outside the workspace", _risk_outside(plain))
        if _has_link(full, place.root):
            real = os.path.realpath(full)
            if not _below(real, place.root):
                raise Asked(f"{path} leads outside the workspace through a link", "outside")
            _require_harmless_names(os.path.relpath(real, place.root), path)


def folder_of(path: str, base: str, root: str) -> str:
    """Where `cd path` leads from `base`. Raises Asked unless that is a folder in the workspace."""
    real = os.path.realpath(os.path.join(base, path))
    if not _below(real, root):
        raise Asked(f"cd {path} leaves the workspace", "outside")
    _require_harmless_names(os.path.relpath(real, root), path)
    return real


def require_no_secret_below(word: Word, place: Place) -> None:
    """For programs that read a whole folder: raises Asked when a secret lies right in it."""
    for base in place.bases:
        try:
            with os.scandir(os.path.join(base, word.value or ".")) as entries:
                found = names.secret(entry.name for entry, _ in zip(entries, range(ENTRIES), strict=False))
        except OSError:
            continue
        if found:
            raise Asked(
                f"it would read {found} in {word.value or '.'} as well; name the folders to look into",
                "secret",
            )


def _require_harmless_names(path: str, shown: str) -> None:
    parts = [
        part for part in re.split(r"[/\\]" if os.name == "nt" else "/", path) if part not in ("", ".", "..")
    ]
    if found := names.secret(parts):
        raise Asked(f"{shown} may hold secrets ({found})", "secret")
    if found := names.git(parts):
        raise Asked(f"{shown} lies in git's own folder ({found}), which may hold tokens", "protected")
    if names.own(parts):
        raise Asked(f"{shown} lies in Cairn's own folder", "protected")


def _risk_outside(path: str) -> Risk:
    return "secret" if names.secret(path.split(os.sep)) else "outside"


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _has_link(full: str, root: str) -> bool:
    """Whether a link stands in what of the path lies below the workspace's folder; `..` after a link follows it."""
    at = os.path.normpath(root)
    for part in os.path.relpath(full, root).split(os.sep) if ".." not in full.split(os.sep) else ():
        at = os.path.join(at, part)
        if os.path.islink(at):
            return True
    return ".." in full.split(os.sep)


def _require_matches(word: Word, place: Place) -> None:
    """Holds a pattern against the names that are there now, as bash will."""
    if word.masked:
        raise Unclear(f"{word.raw} is a pattern with quotes in it")
    if "[[:" in word.value or "[." in word.value or "[=" in word.value:
        raise Asked(f"{word.raw} is an unusual pattern")
    parts = word.value.split("/")
    first = next(number for number, part in enumerate(parts) if _GLOB.search(part))
    if ".." in parts[first:] or any(
        fnmatchcase("..", _plain(part)) and part.startswith(".") for part in parts
    ):
        raise Asked(f"{word.raw} may match a folder above")
    before = "/".join(parts[:first]) or ("/" if word.value.startswith("/") else ".")
    require_inside(before, place)
    look = _Look()
    for base in place.bases:
        for found in _matches(os.path.join(base, before), parts[first:], look):
            name = os.path.relpath(found, base) if first == 0 else found
            if first == 0 and name.startswith("-"):
                raise Asked(f"{word.raw} matches a file named {name}, which would be taken for an option")
            require_inside(found, place)
    for part in parts[first:]:  # what is not there now
        if names.secret((part,)) or names.git((part,)) or names.own((part,)):
            raise Asked(f"{word.raw} is made to match secrets", "secret")


def _matches(folder: str, parts: list[str], look: _Look) -> Iterator[str]:
    pattern, rest = _plain(parts[0]), parts[1:]
    if not parts[0] or not _GLOB.search(parts[0]):
        following = os.path.join(folder, parts[0])
        yield from _matches(following, rest, look) if rest else (following,)
        return
    try:
        entries = os.listdir(folder)
    except OSError:
        return
    look.left -= len(entries)
    if look.left < 0:
        raise Asked(f"a pattern that is held against more than {ENTRIES:,} names")
    for name in entries:
        if name.startswith(".") and not pattern.startswith("."):
            continue
        if fnmatchcase(name, pattern):
            found = os.path.join(folder, name)
            yield from _matches(found, rest, look) if rest else (found,)


def _plain(part: str) -> str:
    """bash takes `[^a]` for `[!a]`."""
    return part.replace("[^", "[!")

"""Paths as the model writes them, made absolute; and back again for what it reads."""

import errno
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from cairn_agents.tools.base import Scope, ToolError
from cairn_agents.tools.masking import beginning


def resolve(path: str, scope: Scope) -> Path:
    """`path` as an absolute path with every symlink followed, whether or not a file is there.

    Raises ToolError for what is no path at all. Whether the place may be touched is
    the gate's to say.
    """
    if not path or "\0" in path:
        raise ToolError("the path is empty or holds a NUL character; give a path relative to the workspace")
    given = Path(path)
    if path.startswith("~"):
        with suppress(RuntimeError):  # no such user: then it is a name like any other
            given = given.expanduser()
    joined = scope.root / given
    try:
        joined.stat()
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
            raise ToolError(
                f"{beginning(path, 200, scope.mask)} cannot be followed: {error.strerror}; give another path"
            ) from error
    try:
        return joined.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a symlink loop, before Python 3.13
        raise ToolError(
            f"{beginning(path, 200, scope.mask)} cannot be followed: it is a loop; give another path"
        ) from error


def shown(path: Path, scope: Scope) -> str:
    """`path` for the model: relative to the workspace with `/`, absolute when it lies outside."""
    try:
        return visible(path.relative_to(scope.root.resolve()).as_posix() or ".")
    except ValueError:
        return visible(path.as_posix())


def visible(name: str) -> str:
    """`name` in one line, its control characters and bytes that are no text made visible: `a\\nb`."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def missing(path: Path, scope: Scope) -> ToolError:
    """The error for a file that is not there, with names that look like it."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return ToolError(
            f"{shown(path, scope)} does not exist, nor does its folder; find the file with glob, e.g. **/{visible(path.name)}"
        )
    near = get_close_matches(path.name, names[:5_000], n=3)
    hint = f"; near by: {', '.join(map(visible, near))}" if near else "; find it with glob"
    return ToolError(f"{shown(path, scope)} does not exist{hint}")

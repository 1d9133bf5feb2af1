"""How many lines a call added to a file and took out of it, from what the call says."""

import difflib
import json
from typing import Any, cast

LINES = 5_000
"""Lines of an old and a new text that are compared; of longer ones nobody knows."""


def changed_lines(arguments: str, diff: str, is_new: bool) -> tuple[int | None, int | None]:
    """Lines added and removed: counted in a unified `diff` where there is one, else in the raw JSON `arguments`.

    (None, None) when nobody knows: a file that was written anew over another, an edit of many places.
    """
    if diff:
        return _counted(diff.splitlines())
    try:
        found: Any = json.loads(arguments)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(found, dict):
        return None, None
    given = cast("dict[str, Any]", found)
    old, new, content = given.get("old"), given.get("new"), given.get("content")
    if is_new and isinstance(content, str):
        return len(content.splitlines()), 0
    many = any(given.get(name) for name in ("all", "replace_all", "everywhere"))
    if not isinstance(old, str) or not isinstance(new, str) or many:
        return None, None
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > LINES:
        return None, None
    return _counted([*difflib.unified_diff(before, after, n=0, lineterm="")])


def _counted(lines: list[str]) -> tuple[int, int]:
    """Behind the two lines with the file's names."""
    body = lines[2:]
    return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)

"""A hit in a few lines: the stretch of a text where the most of the question's words stand."""

from collections.abc import Collection

from cairn_memory.search.tokens import counted

LONGEST = 320
"""Characters of a snippet."""


def snippet(text: str, start: int, stop: int, wanted: Collection[str]) -> str:
    """The telling lines of `text[start:stop]`, at most `LONGEST` characters, with `…` where something is left out."""
    part = text[start:stop]
    lines = part.splitlines(keepends=True)
    best, at, place = -1, 0, 0
    for line in lines:
        held = len(counted(line, wanted))
        if held > best:
            best, at = held, place
        place += len(line)
    return around(part, at, before=start > 0, after=stop < len(text))


def around(text: str, at: int, *, before: bool = False, after: bool = False) -> str:
    """At most `LONGEST` characters of `text` that hold what stands at `at`; `before` and `after` say that there is more."""
    room = LONGEST - 2
    if len(text) > room:
        start = max(min(at - room // 4, len(text) - room), 0)
        if start and (line := text.rfind("\n", start, at)) >= 0:
            start = line + 1
        before, after = before or start > 0, after or start + room < len(text)
        text = text[start : start + room]
    return f"{'…' if before else ''}{text.strip()}{'…' if after else ''}"

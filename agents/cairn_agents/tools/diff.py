"""A change as a person reads it: a unified diff, found in bounded time and cut where it would be too long."""

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import groupby

from cairn_agents.tools import masking
from cairn_agents.tools.masking import Mask, lead

_CONTEXT = 3
_SHOWN = 60_000
"""Characters."""
_LONGEST = 2_000
"""Characters of one line that are shown."""
_UNENDED = "\n\\ No newline at end of file"
_COMPARED = 3_000
"""Lines of either side, between what both begin and end with, that are compared with care."""
_PAIRS = 20_000
"""Pairs of equal lines among them. difflib's time grows with these and with the number of changes:
this many took it 0.5 s at worst, 6,000,000 (a rewritten file of few different lines) 500 s."""

_Block = tuple[str, int, int, int, int]
"""How old[a:b] becomes new[c:d], as difflib's opcodes say it: tag, a, b, c, d."""
_Row = tuple[str, int]
"""A line of a hunk: its sign, and where it stands in the old text, or with "+" in the new one."""


def unified(name: str, before: str, after: str, mask: Mask) -> str:
    """The diff, "" when nothing changes. Where the sides differ too much, all of the old stands before the new."""
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    shown = [f"--- a/{name}\n", f"+++ b/{name}\n"]
    above = max(lead(before), lead(after))
    room, left_out = _SHOWN, 0
    for group in _groups(_blocks(old, new)):
        rows = _rows(group)
        kept = _fitting(rows, old, new, room)
        left_out += len(rows) - len(kept)
        if kept:
            hunk = [_header(group), *_hunk(kept, old, new, mask, above)]
            shown += hunk
            room -= sum(map(len, hunk))
        if left_out:
            room = 0
    more = f"[{left_out:,} more lines of this change are not shown]" if left_out else ""
    return "".join(shown) + more


def counts(diff: str) -> str:
    """ "+3 -1" out of a diff, for the line a person sees."""
    lines = diff.split("\n")[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    more = " and more" if lines and lines[-1].startswith("[") else ""
    return f"+{added} -{removed}{more}"


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, last + _UNENDED] if last else lines


def _common(old: list[str], new: list[str]) -> int:
    """How many lines both begin with."""
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        if a != b:
            return index
    return min(len(old), len(new))


def _blocks(old: list[str], new: list[str]) -> Iterator[_Block]:
    """All changes with what is equal between them, and a little context at both ends."""
    head, tail = ends(old, new)
    a, b = len(old) - tail, len(new) - tail
    before, after = min(head, _CONTEXT), min(tail, _CONTEXT)
    yield "equal", head - before, head, head - before, head
    yield from changes(old, new)
    yield "equal", a, a + after, b, b + after


def ends(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many lines both begin with, and how many of the rest both end with."""
    head = _common(old, new)
    return head, _common(old[head:][::-1], new[head:][::-1])


def changes(old: list[str], new: list[str]) -> Iterator[_Block]:
    """How one becomes the other, from the first change to the last, in bounded time; nothing where they are equal."""
    head, tail = ends(old, new)
    a, b = len(old) - tail, len(new) - tail
    changed, changed_to = old[head:a], new[head:b]
    if _is_comparable(changed, changed_to):
        for tag, i, j, k, m in SequenceMatcher(None, changed, changed_to).get_opcodes():
            yield tag, i + head, j + head, k + head, m + head
    elif len(changed) == len(changed_to):  # as where one word was replaced in many lines
        for same, run in groupby(range(len(changed)), lambda index: changed[index] == changed_to[index]):
            lines = list(run)
            i, j = head + lines[0], head + lines[-1] + 1
            yield "equal" if same else "replace", i, j, i, j
    else:
        yield "replace", head, a, head, b


def _groups(blocks: Iterable[_Block]) -> Iterator[list[_Block]]:
    """One list a hunk: a long equal block between two changes ends one and begins the next."""
    group: list[_Block] = []
    for tag, a, b, c, d in blocks:
        if tag == "equal" and b - a > 2 * _CONTEXT:
            yield [*group, (tag, a, a + _CONTEXT, c, c + _CONTEXT)]
            a, c = b - _CONTEXT, d - _CONTEXT
            group = []
        group.append((tag, a, b, c, d))
    yield group


def _is_comparable(old: list[str], new: list[str]) -> bool:
    if max(len(old), len(new)) > _COMPARED:
        return False
    there = Counter(new)
    return sum(there[line] for line in old) <= _PAIRS


def _header(group: list[_Block]) -> str:
    first, last = group[0], group[-1]
    return f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"


def _rows(group: list[_Block]) -> list[_Row]:
    rows: list[_Row] = []
    for tag, a, b, c, d in group:
        if tag == "equal":
            rows += [(" ", index) for index in range(a, b)]
        else:
            rows += [("-", index) for index in range(a, b)]
            rows += [("+", index) for index in range(c, d)]
    return rows


def _fitting(rows: list[_Row], old: list[str], new: list[str], room: int) -> list[_Row]:
    """As many of the rows as `room` has characters for."""
    for at, (sign, index) in enumerate(rows):
        room -= min(len((new if sign == "+" else old)[index]), _LONGEST) + 2
        if room < 0:
            return rows[:at]
    return rows


def _hunk(rows: list[_Row], old: list[str], new: list[str], mask: Mask, above: int) -> list[str]:
    """The rows as they are shown, masked with the `above` lines above them."""
    before = iter(_masked(old, [index for sign, index in rows if sign != "+"], mask, above))
    after = iter(_masked(new, [index for sign, index in rows if sign == "+"], mask, above))
    return [f"{sign}{next(after if sign == '+' else before)}\n" for sign, _ in rows]


def _masked(side: list[str], indexes: list[int], mask: Mask, above: int) -> list[str]:
    """These lines of one side, as they are shown."""
    if not indexes:
        return []
    first, end = indexes[0], indexes[-1] + 1
    start = max(first - above, 0)
    near = [line.removesuffix(_UNENDED) for line in side[start:end]]
    masked = masking.lines(near, first - start, end - start, mask, _LONGEST)
    return [masked[index - first] + (_UNENDED if side[index].endswith(_UNENDED) else "") for index in indexes]


def _range(first: int, end: int) -> str:
    """Lines as a hunk's header counts them: from 1; an empty range is named by the line before it."""
    length = end - first
    return f"{first + 1 if length else first},{length}"

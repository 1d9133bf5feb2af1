"""Why an edit's old text is not in the file: told so that the next try fits."""

import heapq
import re
from difflib import get_close_matches
from itertools import islice

from cairn_agents.tools import masking
from cairn_agents.tools.masking import Mask

_CANDIDATES = 200
"""Lines that are compared letter by letter."""
_TELLING = 4
"""Words, the longest ones, of which a line must hold one to be looked at more closely."""
_LIKELY = 20_000
"""Lines that hold one and are compared word by word."""
_COMPARED = 200
"""Characters of a line that are compared."""
_CLOSE = 0.6
"""Ratio of difflib above which a line counts as similar: its documentation's rule of thumb."""
_BLOCK = 12
"""Lines of a similar place that are shown."""
_SHOWN = 400
"""Characters of each of them."""
_VISIBLE = 200
"""Characters of a line whose white space is shown."""
_WORD = re.compile(r"\w+")


def lines_at(text: str, offsets: list[int]) -> list[int]:
    """The lines, from 1, of offsets in rising order; one walk through the text."""
    found: list[int] = []
    line, at = 1, 0
    for offset in offsets:
        line += text.count("\n", at, offset)
        at = offset
        found.append(line)
    return found


def explain(text: str, old: str, name: str, mask: Mask) -> str:
    """One message: only the white space differs, or something similar stands there, or nothing does."""
    lines, wanted = text.split("\n"), old.replace("\r\n", "\n").strip("\n").split("\n")
    if place := _same_but_for_space(text, wanted):
        return _explain_space(lines, wanted, place, name, mask)
    if similar := _similar(lines, wanted):
        place, count = similar
        block = masking.lines(lines, place - 1, min(place - 1 + count, len(lines)), mask, _SHOWN)
        shown = "\n".join(f"{place + i}\t{line.rstrip(chr(13))}" for i, line in enumerate(block))
        return f"old is not in {name}. The most similar place begins at line {place}:\n{shown}"
    return f"old is not in {name}, nor anything like it; read the file and copy the lines to change exactly"


def _explain_space(lines: list[str], wanted: list[str], place: int, name: str, mask: Mask) -> str:
    there = (line.rstrip("\r") for line in lines[place - 1 : place - 1 + len(wanted)])
    pairs = list(zip(wanted, there, strict=True))
    different = [index for index, (given, found) in enumerate(pairs) if given != found]
    if not different:
        return (
            f"old is not in {name}, but its lines stand at line {place} with other empty lines before or behind "
            "them; leave those out, or copy them exactly"
        )
    at = different[0]
    (given,) = masking.lines(wanted, at, at + 1, mask, _VISIBLE)
    (found,) = masking.lines(lines, place - 1 + at, place + at, mask, _VISIBLE)
    more = f" (and {len(different) - 1} more lines differ so)" if len(different) > 1 else ""
    return (
        f"old is not in {name}, but at line {place} it stands with other white space. "
        f"At line {place + at} you gave {_visible(given)} and the file has {_visible(found.rstrip(chr(13)))}{more}. "
        "Here → is a tab and · a blank. Copy the lines exactly as read shows them, without the line numbers."
    )


def _same_but_for_space(text: str, wanted: list[str]) -> int:
    """The line where `wanted` stands but for white space; 0 when it does not."""
    squeezed = _squeezed(text).split("\n")
    target = [_squeezed(line) for line in wanted]
    if not any(target):
        return 0
    for start in range(len(squeezed) - len(target) + 1):
        if squeezed[start] == target[0] and squeezed[start : start + len(target)] == target:
            return start + 1
    return 0


def _squeezed(text: str) -> str:
    """Without white space, but for the ends of lines."""
    for blank in " \t\r\f\v\u00a0":
        text = text.replace(blank, "")
    return text


def _similar(lines: list[str], wanted: list[str]) -> tuple[int, int] | None:
    """The line where the longest of `wanted` has its like, and how many lines to show there.

    Of many lines only those that share most words with it are tried.
    """
    anchor = max(wanted, key=lambda line: len(line.strip()))
    aim = anchor.strip()[:_COMPARED]
    if len(aim) < 4:
        return None
    likely = _sharing_words([line.strip()[:_COMPARED] for line in lines], aim)
    close = get_close_matches(aim, [text for _, text in likely], n=1, cutoff=_CLOSE)
    if not close:
        return None
    at = next(index for index, text in likely if text == close[0])
    start = max(at - wanted.index(anchor), 0)
    return start + 1, min(len(wanted) + 1, _BLOCK)


def _sharing_words(lines: list[str], aim: str) -> list[tuple[int, str]]:
    """At most `_CANDIDATES` of the lines with their indexes, those first that share most words with `aim`."""
    first: dict[str, int] = {}
    for index, line in enumerate(lines):
        first.setdefault(line, index)
    first.pop("", None)
    if len(first) <= _CANDIDATES:
        return [(index, line) for line, index in first.items()]
    words = set(_WORD.findall(aim))
    telling = sorted(words, key=len, reverse=True)[:_TELLING]
    likely = ((index, line) for line, index in first.items() if any(word in line for word in telling))
    return heapq.nsmallest(
        _CANDIDATES,
        islice(likely, _LIKELY),
        key=lambda item: (-len(words.intersection(_WORD.findall(item[1]))), item[0]),
    )


def _visible(line: str) -> str:
    """The line with its white space made visible: tabs as →, leading and trailing blanks as ·."""
    core = line.strip(" \t")
    if not core:
        return f"`{line.replace(' ', '·').replace(chr(9), '→')}`"
    lead, trail = line[: line.index(core)], line[line.index(core) + len(core) :]
    marked = lead.replace(" ", "·") + core + trail.replace(" ", "·")
    return "`" + marked.replace("\t", "→").replace("\r", "␍") + "`"

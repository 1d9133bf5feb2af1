"""The user's words as a part of a window: orders before all else, then whole messages, newest first."""

from cairn_memory.recall.measure import cost
from cairn_memory.recall.orders import is_order, sentences
from cairn_memory.recall.parts import Built, Filling, clip
from cairn_memory.recall.said import Said, UserWords

PASTED = 1_600
"""Characters above which a message counts as pasted material and is cut, unless there is room."""

LEAST = 40
"""Tokens of the newest message that are kept in any budget."""
LABEL = 6
"""Tokens for the number of an event before its words."""


def build(words: UserWords, room: float) -> Built:
    """All that fits: the newest message and the first one, orders of the others, then these in full, newest first."""
    said = [one for one in words.said if one is words.last or one is words.first or not one.chatter]
    filling, lines = Filling(room), dict[int, str]()
    spare = len(words.said) - len(said)
    ends = [one for one in (words.last, words.first) if one is not None]
    for one, share in zip(dict.fromkeys(ends), (0.45, 0.25), strict=False):
        _put(filling, lines, one, _whole(one, min(max(room * share, LEAST), filling.left - LABEL)))
    middle = [one for one in reversed(said) if one.event not in lines]
    for one in middle:
        if text := _orders(one, room / 8):
            _put(filling, lines, one, text)
    for one in reversed(said):
        _grow(filling, lines, one, max(room / 6, PASTED / 4))
    filling.left_out = [f"e{one.event}" for one in said if one.event not in lines]
    filling.refs = [f"e{event}" for event in sorted(lines)]
    filling.cut = sum(lines[one.event] != _line(one, one.text) for one in said if one.event in lines)
    built = filling.done("\n".join(lines[event] for event in sorted(lines)))
    return built if not spare else _with_spare(built, spare)


def _with_spare(built: Built, spare: int) -> Built:
    return Built(built.text, built.kept, built.cut, built.dropped + spare, built.refs, built.left_out)


def _put(filling: Filling, lines: dict[int, str], said: Said, text: str) -> None:
    line = _line(said, text)
    if text and filling.take(line):
        lines[said.event] = line


def _grow(filling: Filling, lines: dict[int, str], said: Said, most: float) -> None:
    """The message in full where it was in part, when there is room for the difference."""
    before = lines.get(said.event, "")
    line = _line(said, _whole(said, max(most, cost(before))))
    if line == before:
        return
    more = cost(line) - cost(before)
    if 0 < more <= filling.left:
        filling.left -= more
        lines[said.event] = line


def _whole(said: Said, most: float) -> str:
    return clip(said.text, most, f"e{said.event}")


def _orders(said: Said, most: float) -> str:
    found = [one for one in sentences(said.text) if is_order(one)]
    return clip(" … ".join(found), most, f"e{said.event}") if found else ""


def _line(said: Said, text: str) -> str:
    return f"- e{said.event}: {text}"

"""Bounds on what is stored: no field of an event may grow without limit.

A field that is too long keeps its head and its tail, and says between them how much
was left out. The whole text, where it matters, lies in a blob. A cut leaves no half of
a word where it can be helped: half a secret would not be known for one. Until an event is
masked a field that was cut knows its whole, so that secrets are masked before the cut.
"""

from typing import Annotated, Self

from pydantic import AfterValidator

LINE = 2_000
"""Characters of a title, a path, a reason: something a person reads in one line."""
TEXT = 64_000
"""Characters of a message, a tool result, a diff."""
REPLY = 256_000
"""Characters of one model reply or of one call's arguments."""
LINES = 200
"""Lines of a list; the rest of a longer one is left out."""

NUMBERS = 2_000
"""Event numbers of a list; the rest of a longer one is left out."""

_EDGES = "\"'`,;<>(){}[]|"
"""What ends a word where there is no white space, as in minified code."""


class Shortened(str):
    """A text that was cut to `limit` characters, and the `whole` of it as long as nobody has masked it.

    Half a secret is not known for one: who masks a field masks the whole, and cuts that.
    """

    __slots__ = ("limit", "whole")

    def __new__(cls, text: str, limit: int) -> Self:
        made = super().__new__(cls, cut(text, limit))
        made.limit, made.whole = limit, text
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy is the short text alone."""
        return str, (str.__str__(self),)


def bounded(text: str, limit: int) -> str:
    """`text` within `limit` characters; one that must be cut for it is a `Shortened`."""
    if len(text) > limit:
        return Shortened(text, limit)
    return text if isinstance(text, Shortened) else cut(text, limit)


def whole_of(text: str) -> str:
    """What `text` was before it was cut, if it was."""
    return text.whole if isinstance(text, Shortened) else text


def cut(text: str, limit: int) -> str:
    """`text` within `limit` characters, head and tail kept, encodable as UTF-8."""
    clean = text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
    if len(clean) <= limit:
        return clean
    room = max(limit - len(_mark(len(clean))), 0)
    head = end_of_word(clean, room * 2 // 3, limit // 8)
    tail = start_of_word(clean, len(clean) - (room - room * 2 // 3), limit // 8)
    return clean[:head] + _mark(tail - head) + clean[tail:]


def end_of_word(text: str, at: int, reach: int) -> int:
    """The last place up to `at`, at most `reach` characters before it, where no word is cut; else `at` itself.

    The end of a line is preferred to one within it when it is near.
    """
    if not 0 < at < len(text) or reach <= 0:
        return at
    stretch = text[max(at - reach, 0) : at]
    if (line := stretch.rfind("\n", max(len(stretch) - reach // 4, 0))) >= 0:
        return at - len(stretch) + line
    if text[at].isspace() or stretch[-1:].isspace():
        return at
    words = stretch.rsplit(None, 1)
    if len(words) == 2 or stretch[:1].isspace():
        return at - len(words[-1])
    edge = max(map(stretch.rfind, _EDGES))
    return at - len(stretch) + edge if edge >= 0 else at


def start_of_word(text: str, at: int, reach: int) -> int:
    """The first place from `at` on, at most `reach` characters behind it, where no word is cut; else `at` itself.

    The start of a line is preferred to one within it when it is near.
    """
    if not 0 < at < len(text) or reach <= 0:
        return at
    stretch = text[at : at + reach]
    if text[at - 1] == "\n":
        return at
    if (line := stretch.find("\n", 0, reach // 4)) >= 0:
        return at + line + 1
    if text[at - 1].isspace() or stretch[:1].isspace():
        return at
    words = stretch.split(None, 1)
    if len(words) == 2 or stretch[-1:].isspace():
        return at + len(words[0])
    edges = [edge for edge in map(stretch.find, _EDGES) if edge >= 0]
    return at + min(edges) + 1 if edges else at


def _mark(left_out: int) -> str:
    return f"\n[... {left_out:,} characters left out ...]\n"


Line = Annotated[str, AfterValidator(lambda text: bounded(text, LINE))]
Text = Annotated[str, AfterValidator(lambda text: bounded(text, TEXT))]
Lines = Annotated[tuple[Line, ...], AfterValidator(lambda lines: lines[:LINES])]
Numbers = Annotated[tuple[int, ...], AfterValidator(lambda numbers: numbers[:NUMBERS])]
Reply = Annotated[str, AfterValidator(lambda text: bounded(text, REPLY))]

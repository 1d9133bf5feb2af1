"""What the parts of a rebuilt window are built with: a part that fits its room, and a text cut to fit."""

from dataclasses import dataclass

from cairn_memory.recall.measure import CHARACTERS, cost

HEAD_ONLY = 60
"""Characters below which a text is not worth being shown with its tail."""


@dataclass(frozen=True, slots=True)
class Built:
    """A part within its room. `kept`, `cut` and `dropped` count its things, `refs` and `left_out` name them."""

    text: str = ""
    kept: int = 0
    cut: int = 0
    dropped: int = 0
    refs: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class Filling:
    """Lines for a part, in the order of their importance, until its room (tokens) is used up."""

    def __init__(self, room: float) -> None:
        self.left = room
        self.refs: list[str] = []
        self.left_out: list[str] = []
        self.cut = 0

    def fits(self, text: str) -> bool:
        return cost(text) + 0.3 <= self.left

    def take(self, text: str, ref: str = "") -> bool:
        """Whether `text`, a line of its own, still fitted; it is counted when it did."""
        if not self.fits(text):
            if ref:
                self.left_out.append(ref)
            return False
        self.left -= cost(text) + 0.3
        if ref:
            self.refs.append(ref)
        return True

    def done(self, text: str) -> Built:
        return Built(
            text, len(self.refs), self.cut, len(self.left_out), tuple(self.refs), tuple(self.left_out)
        )


def clip(text: str, room: float, pointer: str = "") -> str:
    """`text` within `room` tokens: its head and tail, cut between lines or words, with a pointer to the whole.

    Where there is no room for both it is the head alone, "" when not even a word fits.
    """
    limit = int(room * CHARACTERS)
    while cost(text) > room and limit > 4:
        shorter = _within(text, limit, pointer)
        if cost(shorter) <= room:
            return shorter
        limit = min(limit - 1, int(limit * room / cost(shorter)))
    return text if cost(text) <= room else ""


def _within(text: str, limit: int, pointer: str) -> str:
    """Head and tail of a longer text in about `limit` characters, mark included."""
    mark = f" [… {len(text):,} characters{', all in ' + pointer if pointer else ''} …] "
    both = limit - len(mark)
    if both < HEAD_ONLY:
        return _to_break(text[: limit - 1]) + "…"
    head, tail = text[: both * 2 // 3], text[len(text) - both // 3 :]
    return _to_break(head) + mark + _from_break(tail)


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters."""
    line = " ".join(text[: limit * 4].split())
    if len(line) <= limit:
        return line
    return _to_break(line[: limit - 1]) + "…"


def _to_break(head: str) -> str:
    for mark in ("\n", " "):
        at = head.rfind(mark, len(head) * 3 // 4)
        if at > 0:
            return head[:at].rstrip()
    return head


def _from_break(tail: str) -> str:
    for mark in ("\n", " "):
        at = tail.find(mark, 0, len(tail) // 4)
        if at >= 0:
            return tail[at + 1 :].lstrip()
    return tail

"""Phase two: the best candidates scored exactly, and what their neighbours and their session add.

The score of a piece is BM25 (Robertson and Zaragoza 2009) over the question's terms. The constants were
chosen by hand on 72 questions over four long conversations, the same that they were measured on; no other
questions have confirmed them, so small differences between them mean nothing. What counts most, in this order: a message is lent part of what the messages around it
score; the rarity of a word counts with a power below 1, so that a message with several of the question's
words beats one with the rarest alone; the beginning of a message tells what it is about.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

from cairn_memory.search.entries import LEAD, STANDING, WHO, WHO_SHIFT
from cairn_memory.search.tokens import counted

K1 = 1.2
B = 0.9
RARITY = 0.6
"""The power of a term's rarity."""
NEIGHBOURS: Mapping[int, float] = {1: 0.1, -1: 0.2, 2: 0.2, -2: 0.2}
"""What the message so many places on lends."""
ANSWER = 0.4
"""What the next message lends when it answers: when it is not the user's."""
SESSION = 0.3
"""What the mean of a session's three best lends to all of it."""
_BEST = 3
_POOL = 250
"""Messages that can come up at all."""
LEADS = 1.2
STANDS = 1.2
"""Orders and preferences of the user (`always`, `never`, `I prefer`) answer more questions than they have words of."""
SAYS: Mapping[str, float] = {"user": 1.2, "assistant": 1.0, "tool": 0.7, "host": 0.6, "memory": 1.2}


class Row(NamedTuple):
    """A piece as the index knows it."""

    piece: int
    unit: int
    start: int
    stop: int
    size: int
    flags: int
    session: int
    place: int


class Best(NamedTuple):
    """A message that answers: its score, and the piece of it that answers best."""

    unit: int
    score: float
    row: Row


def rarity(pieces: int, of: int) -> float:
    """The weight of a term that `pieces` of `of` pieces hold."""
    return math.log(1 + (of - pieces + 0.5) / (pieces + 0.5)) ** RARITY


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores pieces for one question; `mean_size` is the mean length of a piece in terms."""

    weights: Mapping[str, float]
    mean_size: float

    def guess(self, row: Row, held: float) -> float:
        """As if each term of summed weight `held` stood in the piece once: no text is needed."""
        return held * (K1 + 1) / (1 + self._length(row)) * _factor(row)

    def exact(self, row: Row, text: str) -> float:
        """The score of a piece that says `text`."""
        length = self._length(row)
        counts = counted(text, self.weights.keys()).items()
        score = sum(self.weights[term] * n * (K1 + 1) / (n + length) for term, n in counts)
        return score * _factor(row)

    def _length(self, row: Row) -> float:
        return K1 * (1 - B + B * row.size / self.mean_size)


def _factor(row: Row) -> float:
    factor = SAYS[WHO[row.flags >> WHO_SHIFT]]
    if row.flags & LEAD:
        factor *= LEADS
    return factor * STANDS if row.flags & STANDING else factor


def best_of_units(scored: Iterable[tuple[Row, float]]) -> dict[int, Best]:
    """A message scores what its best piece scores."""
    found: dict[int, Best] = {}
    for row, score in scored:
        if row.unit not in found or score > found[row.unit].score:
            found[row.unit] = Best(row.unit, score, row)
    return found


def shared(units: Mapping[int, Best], beside: Sequence[Row]) -> list[Best]:
    """The best messages, and those `beside` the very best, with what others lend them; best first."""
    own: dict[int, float] = {}
    answers: set[int] = set()
    sessions: defaultdict[int, list[float]] = defaultdict(list)
    for best in units.values():
        if best.row.place >= 0:
            own[_at(best.row)] = best.score
            if best.row.flags >> WHO_SHIFT:
                answers.add(_at(best.row))
            sessions[best.row.session].append(best.score)
    lent = {key: SESSION * sum(sorted(scores)[-_BEST:]) / _BEST for key, scores in sessions.items()}
    pool = {best.unit: best for best in nlargest(_POOL, units.values(), key=lambda best: best.score)}
    for row in beside:  # also those that hold no word of the question
        pool[row.unit] = units.get(row.unit) or Best(row.unit, 0.0, row)
    neighbours = [*NEIGHBOURS.items()]
    found: list[Best] = []
    for best in pool.values():
        score, at = best.score, _at(best.row)
        if best.row.place >= 0:
            score += lent.get(best.row.session, 0.0)
            for by, part in neighbours:
                if lends := own.get(at + by):
                    score += lends * (ANSWER if by == 1 and at + 1 in answers else part)
        found.append(Best(best.unit, score, best.row))
    return sorted(found, key=lambda best: (-best.score, -best.unit))


def _at(row: Row) -> int:
    """Where a message stands: the next of its session stands one further."""
    return row.session << 32 | row.place + 2

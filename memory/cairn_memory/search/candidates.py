"""Phase one: which pieces may answer, found within a budget of work whatever the question.

Reading a posting costs about a microsecond. A word that stands in a fifth of a million
pieces would cost a fifth of a second, and tells little. So the rarer words of a question
are read whole while the budget lasts; a more common word is only looked for among the
pieces of the rarer ones. When all are common, those that hold several of them together
are taken, and the newest. A store within the budget is read whole: nothing is left out.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BUDGET = 8_000
"""Postings that are fetched for the rarer words."""
AMONG = 2_000
"""Of the pieces of the rarer words, so many that hold one more common word are fetched for it: the newest."""
TOGETHER = 1_000
"""Pieces that are fetched for one combination of common words."""
_STEPS = 150_000
"""Postings that may be stepped over, not fetched, for one combination: about a tenth of the cost."""
FEW = 20
"""With fewer pieces than this that hold a rarer word, the common words are asked by themselves, too."""
WIDE = 8
"""A scope that holds more than one in so many pieces is looked up once, not with each word again: it is long."""
_COMMON = 5
"""Common words that are looked at; the commoner ones are left to phase two."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its terms with their weights, how many pieces hold each, the scope's terms and its pieces."""

    weights: Mapping[str, float]
    pieces: Mapping[str, int]
    scope: Sequence[str] = ()
    scope_pieces: int = 0


def candidates(connection: sqlite3.Connection, asked: Asked, last: int) -> dict[int, float]:
    """Pieces with the summed weights of the terms each is known to hold. `last` is the newest piece's number."""
    search = _Search(connection, asked, last)
    rare, common = search.split()
    search.gather(rare)
    if search.votes:
        for term in common[:_COMMON]:
            search.among(rare, term)
    if common and len(search.votes) < FEW:
        found, search.votes = search.votes, {}
        search.together(common[:_COMMON])
        search.votes |= found
    return search.votes


class _Search:
    def __init__(self, connection: sqlite3.Connection, asked: Asked, last: int) -> None:
        self.votes: dict[int, float] = {}
        self._connection, self._asked, self._last = connection, asked, last
        self._wide = bool(asked.scope) and asked.scope_pieces * WIDE > last
        self._narrow = () if self._wide else asked.scope
        """The scope's terms that each query names."""

    def cost(self, term: str) -> int:
        pieces = self._asked.pieces[term]
        return min(pieces, self._asked.scope_pieces) if self._narrow else pieces

    def split(self) -> tuple[list[str], list[str]]:
        """The terms, the rarest first: those the budget allows to read whole, and the others."""
        ordered = sorted(self._asked.weights, key=lambda term: (self.cost(term), self._asked.pieces[term]))
        spent = 0
        for at, term in enumerate(ordered):
            spent += self.cost(term)
            if spent > BUDGET:
                return ordered[:at], ordered[at:]
        return ordered, []

    def match(self, either: Sequence[str], *also: str) -> str:
        """The expression for pieces that hold one of `either` and all of `also`."""
        return " AND ".join(f"({part})" for part in (" OR ".join(map(quoted, either)), *map(quoted, also)))

    def fetch(self, match: str, limit: int = -1, since: int = 0) -> list[int]:
        order = "ORDER BY rowid DESC" if limit >= 0 else ""
        rows = self._connection.execute(
            f"SELECT rowid FROM words WHERE words MATCH ? AND rowid > ? {order} LIMIT ?",
            (match, since, limit),
        )
        return [row[0] for row in rows]

    def vote(self, held: Iterable[str], found: Iterable[int]) -> None:
        weight, known, votes = sum(self._asked.weights[term] for term in held), self.votes.get, self.votes
        for piece in found:
            votes[piece] = known(piece, 0.0) + weight

    def gather(self, rare: Sequence[str]) -> None:
        """All pieces of the scope that hold one of the rare terms."""
        inside = set(self.fetch(self.match(rare, *self._asked.scope))) if self._wide and rare else None
        for term in rare:
            found = self.fetch(self.match((term,), *self._narrow))
            self.vote((term,), found if inside is None else inside.intersection(found))

    def among(self, rare: Sequence[str], common: str) -> None:
        """Which pieces of the rare terms hold `common`, too."""
        found = self.fetch(self.match(rare, common, *self._narrow), AMONG)
        self.vote((common,), self.votes.keys() & found if self._wide else found)

    def together(self, common: Sequence[str]) -> None:
        """Pieces that hold the rarest common term and others; then the newest of each.

        In a narrow scope the newest of each reach far back, and so also tell which stand together.
        """
        (first, *others), scope = common, self._asked.scope
        if self._narrow:
            for term in common:
                self.vote((term,), self.fetch(self.match((term,), *scope), TOGETHER))
            return
        for other in others:
            steps = self._asked.pieces[first] + self._asked.pieces[other]
            steps += self._asked.scope_pieces if scope else 0
            found = self.fetch(self.match((first,), other, *scope), TOGETHER, self._since(steps, _STEPS))
            self.merge((first, other), found)
        self.merge((first,), self.fetch(self.match((first,), *scope), TOGETHER))
        for other in others:
            self.merge((other,), self.fetch(self.match((other,), *scope), TOGETHER // 4))

    def merge(self, held: tuple[str, ...], found: Iterable[int]) -> None:
        """As `vote`, for combinations that repeat the first term: it counts once."""
        alone = self._asked.weights[held[-1]]
        whole = sum(self._asked.weights[term] for term in held)
        for piece in found:
            known = self.votes.get(piece)
            self.votes[piece] = whole if known is None else known + (alone if len(held) > 1 else 0.0)

    def _since(self, steps: int, allowed: int) -> int:
        """Older pieces than this are left out, so that about `allowed` postings are stepped over."""
        return int(self._last * (1 - allowed / steps)) if steps > allowed else 0


def quoted(term: str) -> str:
    """A term as FTS5 takes it."""
    return f'"{term}"'

"""Runs one search from words to hits, in the thread of the readers, over connections of its own."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain
from pathlib import Path

from cairn_memory.search import literal as exactly
from cairn_memory.search.candidates import Asked, candidates
from cairn_memory.search.entries import ALSO_MEMORY, MEMORY, session_term
from cairn_memory.search.passages import KINDS
from cairn_memory.search.rank import NEIGHBOURS, Best, Row, Scorer, best_of_units, rarity, shared
from cairn_memory.search.shape import open_to_read
from cairn_memory.search.snippets import around, snippet
from cairn_memory.search.texts import Found, Hit, Scope, Texts, Unit, event_unit
from cairn_memory.search.tokens import asked

GUESSED = 400
"""Pieces whose score is guessed without their text."""
EXACT = 20
"""Pieces whose text is read to score them: about as many as are shown, since the guess is nearly as good."""
_AT_ONCE = 40
"""Messages that are looked through together for an exact text."""
_AROUND = 20
"""Messages whose neighbours count as candidates although they hold no word of the question."""

_ROW = "p.id, p.unit, p.start, p.stop, p.size, p.flags, u.session, u.place"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for."""

    text: str
    scope: Scope = "all"
    limit: int = 10
    session: str | None = None
    literal: bool = False


class Reader:
    """The reading half of the index. Raises sqlite3.Error; one thread at a time may use it."""

    def __init__(self, index: Path, database: Path) -> None:
        self._index = open_to_read(index)
        try:
            self._log = open_to_read(database)
        except BaseException:
            self._index.close()
            raise

    def close(self) -> None:
        self._index.close()
        self._log.close()

    def search(self, question: Question) -> Found:
        """Answers from one state of the index, whatever is written meanwhile."""
        self._index.execute("BEGIN")
        try:
            words = [] if question.literal else asked(question.text)
            if words:
                return self._ranked(question, words)
            return self._literal(question) if question.text.strip() else Found(())
        finally:
            self._index.execute("COMMIT")

    def near(self, seq: int, count: int) -> list[Hit]:
        """The message of event `seq` and up to `count` before and behind it in its session, in order."""
        row = self._index.execute("SELECT session, place FROM units WHERE id = ?", (seq,)).fetchone()
        if row is None:
            return []
        found = self._index.execute(
            "SELECT id FROM units WHERE session = ? AND place BETWEEN ? AND ? AND place >= 0 ORDER BY place",
            (row[0], row[1] - count, row[1] + count),
        )
        texts, units = Texts(self._log, self._index), [each[0] for each in found]
        texts.load(units)
        known = [(number, texts.unit(number)) for number in units]
        return [_hit(unit, 0.0, around(unit.passage.text, 0)) for _, unit in known if unit]

    def unit(self, seq: int) -> Unit | None:
        """The whole text of event `seq`, also of one that is not indexed yet."""
        select = "SELECT seq, session, kind, time, payload FROM events WHERE seq = ?"
        row = self._log.execute(select, (seq,)).fetchone()
        return event_unit(*row) if row else None

    # --- by words ---------------------------------------------------------------------------

    def _ranked(self, question: Question, words: Sequence[str]) -> Found:
        scope, scope_pieces = self._scope(question)
        if scope_pieces == 0:
            return Found(())
        total, size = self._index.execute("SELECT pieces, size FROM state").fetchone()
        held = {term: pieces for term in words if (pieces := self._pieces(term))}
        weights = {term: rarity(pieces, total) for term, pieces in held.items()}
        (last,) = self._index.execute("SELECT max(id) FROM pieces").fetchone()
        votes = candidates(self._index, Asked(weights, held, scope, scope_pieces), last or 0)
        if question.scope == "history":
            for piece in self._pieces_of_sections():
                votes.pop(piece, None)
        scorer = Scorer(weights, max(size / total, 1.0))
        texts = Texts(self._log, self._index)
        units = best_of_units(self._scores(scorer, votes, texts))
        ranked = shared(units, self._beside(units))[: question.limit]
        texts.load([best.unit for best in ranked])
        found = [(best, unit) for best in ranked if (unit := texts.unit(best.unit))]
        return Found(tuple(_ranked_hit(best, unit, weights.keys()) for best, unit in found))

    def _scores(self, scorer: Scorer, votes: dict[int, float], texts: Texts) -> list[tuple[Row, float]]:
        newest = sorted(votes, reverse=True)  # of those with equal votes
        likely = sorted(newest, key=votes.__getitem__, reverse=True)[:GUESSED]
        guessed = [(row, scorer.guess(row, votes[row.piece])) for row in self._rows(likely)]
        guessed.sort(key=lambda each: -each[1])
        texts.load({row.unit for row, _ in guessed[:EXACT]})
        exact = [(row, scorer.exact(row, texts.text(row.unit)[row.start : row.stop]))
                 for row, _ in guessed[:EXACT]]  # fmt: skip
        return [*exact, *guessed[EXACT:]]

    def _rows(self, pieces: Sequence[int]) -> Iterable[Row]:
        for at in range(0, len(pieces), 500):
            part = pieces[at : at + 500]
            marks = ",".join("?" * len(part))
            join = f"SELECT {_ROW} FROM pieces p JOIN units u ON u.id = p.unit WHERE p.id IN ({marks})"
            yield from map(Row._make, self._index.execute(join, part))

    def _beside(self, units: dict[int, Best]) -> list[Row]:
        """The first pieces of the messages beside the best."""
        best = nlargest(_AROUND, units.values(), key=lambda each: each.score)
        wanted = {
            (each.row.session, each.row.place + by)
            for each in best
            if each.row.place >= 0
            for by in NEIGHBOURS
        }
        places = [place for place in wanted if place[1] >= 0]
        found: list[Row] = []
        for at in range(0, len(places), 100):
            part = places[at : at + 100]
            values = f"(VALUES {','.join(['(?, ?)'] * len(part))}) AS wanted"
            join = "JOIN units u ON u.session = column1 AND u.place = column2 JOIN pieces p ON p.id = u.first"
            select = f"SELECT {_ROW} FROM {values} CROSS {join}"
            found += map(Row._make, self._index.execute(select, [*chain.from_iterable(part)]))
        return found

    def _pieces_of_sections(self) -> Iterable[int]:
        for first, count in self._index.execute("SELECT first, count FROM units WHERE id < 0"):
            yield from range(first, first + count)

    def _scope(self, question: Question) -> tuple[list[str], int]:
        """The terms that narrow the search, and how many pieces lie in it at most."""
        narrow = {"all": [], "history": [], "memory": [MEMORY]}[question.scope]
        if question.session is not None:
            select = "SELECT id FROM sessions WHERE name = ?"
            row = self._index.execute(select, (question.session,)).fetchone()
            if row is None:
                return [], 0
            narrow = [session_term(row[0]), *narrow]
        (total,) = self._index.execute("SELECT pieces FROM state").fetchone()
        return narrow, min([total, *map(self._pieces, narrow)])

    def _pieces(self, term: str) -> int:
        row = self._index.execute("SELECT pieces FROM terms WHERE term = ?", (term,)).fetchone()
        return row[0] if row else 0

    # --- literally --------------------------------------------------------------------------

    def _literal(self, question: Question) -> Found:
        scope, scope_pieces = self._scope(question)
        if scope_pieces == 0:
            return Found(())
        until = time.monotonic() + exactly.SECONDS
        texts, found = Texts(self._log, self._index), dict[int, Hit]()
        held = {word: self._pieces(word) for word in exactly.likely_words(question.text)}
        if all(held.values()):
            self._check(exactly.together(self._index, list(held), scope), question, texts, found)
        problem = ""
        if len(found) < question.limit:
            sure = exactly.whole_words(question.text)
            if sure:
                problem = self._by_words(sorted(sure, key=self._pieces), scope, question, texts, found, until)
            else:
                self._check(self._sections(question), question, texts, found)
                problem = self._by_reading(question, texts, found, until)
        newest_first = sorted(found, key=lambda unit: (unit > 0, -unit))  # what is remembered before all
        return Found(tuple(found[unit] for unit in newest_first), (problem,) if problem else ())

    def _by_words(
        self,
        words: Sequence[str],
        scope: Sequence[str],
        question: Question,
        texts: Texts,
        found: dict[int, Hit],
        until: float,
    ) -> str:
        """Checks all messages with `words`; returns what is to be said when the time did not suffice."""
        for units, oldest in exactly.by_words(self._index, words, scope):
            self._check(units, question, texts, found)
            if len(found) >= question.limit:
                break
            if time.monotonic() > until and oldest > 1:
                return _not_read(oldest)
        return ""

    def _by_reading(self, question: Question, texts: Texts, found: dict[int, Hit], until: float) -> str:
        """Reads the log backwards; returns what is to be said when the time did not suffice."""
        kinds = KINDS if question.scope != "memory" else ALSO_MEMORY
        (position,) = self._index.execute("SELECT position FROM state").fetchone()
        for seq in exactly.by_reading(self._log, question.text, position, question.session, kinds, until):
            if seq < 0:
                return _not_read(-seq)
            self._check([seq], question, texts, found)
            if len(found) >= question.limit:
                break
        return ""

    def _sections(self, question: Question) -> list[int]:
        if question.scope == "history":
            return []
        rows = self._index.execute("SELECT unit, session FROM sections ORDER BY unit")
        return [row[0] for row in rows if question.session in (None, row[1])]

    def _check(self, units: Iterable[int], question: Question, texts: Texts, found: dict[int, Hit]) -> None:
        """Adds those of `units` whose text really holds what is looked for."""
        history = question.scope == "history"
        waiting = [unit for unit in units if unit not in found and not (history and unit < 0)]
        for start in range(0, len(waiting), _AT_ONCE):
            if len(found) >= question.limit:
                return
            part = exactly.holding(self._log, waiting[start : start + _AT_ONCE], question.text)
            texts.load(part)
            for number in part:
                text, unit = texts.text(number), texts.unit(number)
                at = text.find(question.text)
                if at >= 0 and unit and len(found) < question.limit:
                    found[number] = _hit(unit, 1.0, around(text, at))


def _not_read(event: int) -> str:
    return f"the text was looked for back to event e{event}; older ones were not read in time"


def _ranked_hit(best: Best, unit: Unit, wanted: Iterable[str]) -> Hit:
    text = unit.passage.text
    return _hit(unit, best.score, snippet(text, best.row.start, best.row.stop, set(wanted)))


def _hit(unit: Unit, score: float, snippet: str) -> Hit:
    said = unit.passage
    return Hit(
        event=unit.event,
        session=unit.session,
        kind=unit.kind,
        who=said.who,
        time=unit.time,
        line=said.line,
        score=round(score, 4),
        title=said.title,
        snippet=snippet,
        ref=unit.ref,
    )

"""Exact substrings: candidates by the index where it can give any, then the log itself, newest first."""

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence

from cairn_memory.search.candidates import quoted
from cairn_memory.search.tokens import STOP, asked

TOGETHER = 300
"""Pieces that hold all words of the text and are looked at first: mostly the text is among them."""
CANDIDATES = 1_000
"""Pieces with one of its words that are looked at in one go."""
SECONDS = 0.3
"""How long is looked for what the index cannot tell at once."""
_STRETCH = 5_000
"""Events that are looked through at once."""
_END = 1 << 62
"""Beyond the number of any piece."""
_HOLDS = "(instr(payload, ?) OR instr(payload, ?))"
_WHOLE_WORD = re.compile(r"(?<=[\W_])[^\W_]+(?=[\W_])")


def whole_words(literal: str) -> list[str]:
    """Terms that a text with `literal` surely holds: of words that begin and end within it, the longest first.

    A word at its end may be the beginning of a longer one, which has another term.
    """
    found = {
        term for word in _WHOLE_WORD.findall(literal) if word.lower() not in STOP for term in asked(word)
    }
    return sorted(found, key=len, reverse=True)


def likely_words(literal: str) -> list[str]:
    """Terms that a text with `literal` mostly holds: those of all its words."""
    return sorted(asked(literal), key=len, reverse=True)


def together(index: sqlite3.Connection, words: Sequence[str], scope: Sequence[str]) -> list[int]:
    """The newest messages with a piece that holds all of `words`, newest first."""
    found = _matching(index, [*words, *scope], _END, limit=TOGETHER) if words else []
    return _units(index, found, {*found})[0]


def by_words(
    index: sqlite3.Connection, words: Sequence[str], scope: Sequence[str]
) -> Iterator[tuple[list[int], int]]:
    """All messages that may hold all of `words`, newest first, some at a time, each time with the oldest event so far; 0 at the end.

    The first word should be the rarest. A message of one piece holds them all in it; one of several may hold them in different ones.
    """
    below = _END
    while found := _matching(index, [words[0], *scope], below, limit=CANDIDATES):
        whole = _matching(index, [*words, *scope], below, above=found[-1] - 1) if len(words) > 1 else found
        units, oldest = _units(index, found, {*whole})
        yield units, oldest if len(found) == CANDIDATES else 0
        below = found[-1]


def holding(log: sqlite3.Connection, units: Sequence[int], literal: str) -> list[int]:
    """Those of `units` that may hold `literal`: events by their stored text, sections all; in the same order."""
    sure = {unit for unit in units if unit < 0}
    for at in range(0, len(units), 500):
        part = units[at : at + 500]
        select = f"SELECT seq FROM events WHERE seq IN ({','.join('?' * len(part))}) AND {_HOLDS}"
        sure.update(row[0] for row in log.execute(select, (*part, *_written(literal))))
    return [unit for unit in units if unit in sure]


def by_reading(
    log: sqlite3.Connection, literal: str, last: int, session: str | None, kinds: Sequence[str], until: float
) -> Iterator[int]:
    """Events whose stored text holds `literal`, newest first; stops at `until` (of time.monotonic).

    What comes out may still hold it in a part that is not searched. At the end of the
    time comes minus the number of the last event that was looked at.
    """
    narrow, values = f" AND kind IN ({','.join('?' * len(kinds))})", [*kinds]
    if session is not None:
        narrow, values = f"{narrow} AND session = ?", [*values, session]
    while last > 0:
        first = max(last - _STRETCH, 0)
        rows = log.execute(
            f"SELECT seq FROM events WHERE seq > ? AND seq <= ? AND {_HOLDS}{narrow} ORDER BY seq DESC",
            (first, last, *_written(literal), *values),
        )
        yield from (row[0] for row in rows.fetchall())
        last = first
        if last > 0 and time.monotonic() > until:
            yield -last - 1
            return


def _written(literal: str) -> tuple[str, str]:
    """How `literal` stands in a payload, and within the arguments of a call in one."""
    once = json.dumps(literal, ensure_ascii=False)[1:-1]
    return once, json.dumps(once, ensure_ascii=False)[1:-1]


def _matching(
    index: sqlite3.Connection, terms: Sequence[str], below: int, above: int = 0, limit: int = -1
) -> list[int]:
    """The newest pieces between the numbers `above` and `below` that hold all `terms`, newest first."""
    where = "words MATCH ? AND rowid < ? AND rowid > ?"
    select = f"SELECT rowid FROM words WHERE {where} ORDER BY rowid DESC LIMIT ?"
    return [row[0] for row in index.execute(select, (" AND ".join(map(quoted, terms)), below, above, limit))]


def _units(index: sqlite3.Connection, numbers: Sequence[int], whole: set[int]) -> tuple[list[int], int]:
    """The messages of these pieces, each once, in their order, and the oldest event among all.

    Of the pieces that are not in `whole` only those count whose message has several.
    """
    units, oldest = dict[int, None](), 0
    for at in range(0, len(numbers), 500):
        part = numbers[at : at + 500]
        join = "SELECT p.id, p.unit, u.count FROM pieces p JOIN units u ON u.id = p.unit"
        select = f"{join} WHERE p.id IN ({','.join('?' * len(part))}) ORDER BY p.id DESC"
        for piece, unit, count in index.execute(select, part):
            oldest = unit if unit > 0 else oldest
            if count > 1 or piece in whole:
                units[unit] = None
    return list(units), oldest

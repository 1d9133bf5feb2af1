"""What a piece says: from the log, or from the section it belongs to. And what a search finds."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cairn_memory.search.entries import shown
from cairn_memory.search.passages import Passage, passage

Scope = Literal["all", "history", "memory"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A message or a section that answers. `event` is its number in the log (0: it has none), `time` Unix
    milliseconds, `line` its line in the file it was imported from (0: it was not), `snippet` its telling
    lines, `ref` what a reader looks it up by: e123, c3fa9c2, T1.2, checkpoint.md#Decisions.
    """

    event: int
    session: str
    kind: str
    who: str
    time: int
    line: int
    score: float
    title: str
    snippet: str
    ref: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first. `problems` say what was not searched, one line each; mostly there are none."""

    hits: tuple[Hit, ...]
    problems: tuple[str, ...] = ()


class Unit(NamedTuple):
    """A message or a section, with all that is known of it but its score."""

    event: int
    session: str
    kind: str
    time: int
    ref: str
    passage: Passage


class Texts:
    """Reads units, and remembers them for the time of one search."""

    def __init__(self, log: sqlite3.Connection, index: sqlite3.Connection) -> None:
        self._log, self._index = log, index
        self._known: dict[int, Unit | None] = {}

    def load(self, units: Collection[int]) -> None:
        """Reads what is not known yet, in few queries."""
        wanted = [unit for unit in units if unit not in self._known]
        self._known.update(dict.fromkeys(wanted))
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            marks = ",".join("?" * len(part))
            events = f"SELECT seq, session, kind, time, payload FROM events WHERE seq IN ({marks})"
            for row in self._log.execute(events, part):
                self._known[row[0]] = event_unit(*row)
            if any(unit < 0 for unit in part):
                self._load_sections(part)

    def unit(self, number: int) -> Unit | None:
        """A unit that was loaded; None when the log has it no more."""
        return self._known.get(number)

    def text(self, number: int) -> str:
        unit = self._known.get(number)
        return unit.passage.text if unit else ""

    def _load_sections(self, units: list[int]) -> None:
        marks = ",".join("?" * len(units))
        columns = "unit, event, session, kind, time, ref, heading, text"
        for row in self._index.execute(f"SELECT {columns} FROM sections WHERE unit IN ({marks})", units):
            unit, event, session, kind, time, ref, heading, text = row
            self._known[unit] = Unit(
                event, session, kind, time, ref, Passage("memory", heading, shown(heading, text))
            )


def event_unit(seq: int, session: str, kind: str, time: int, payload: str) -> Unit | None:
    """The event in this row of the log, as a unit; None when there is nothing in it to search."""
    found = passage(kind, payload)
    return found and Unit(seq, session, kind, found.time or time, found.ref or f"e{seq}", found)

"""Puts events and sections into the index. One thread uses it, and each call is one transaction."""

import contextlib
import re
import sqlite3
from collections import Counter
from collections.abc import Generator, Sequence

from cairn_memory.events import Event
from cairn_memory.search.passages import passage, pieces
from cairn_memory.search.sections import Section
from cairn_memory.search.tokens import terms

WHO = ("user", "assistant", "tool", "host", "memory")
"""Who said a piece; its number stands in the piece's flags."""
_WHO_OF = {"user": 0, "assistant": 1, "tool": 2, "host": 3}
LEAD, STANDING = 1, 2
WHO_SHIFT = 2
MEMORY = "§m"
"""A term that every piece of the memory holds; no text can hold `§`, it is no letter."""

ALSO_MEMORY = ("note.added", "task.changed")
"""Kinds of event that are memory, too."""
_STANDING = re.compile(r"\b(?:always|never|prefer(?:s|red)?|from now on|don't (?:ever|use))\b", re.IGNORECASE)
"""Words of orders and wishes that hold beyond the moment."""


def session_term(number: int) -> str:
    """The term that every piece of a session holds."""
    return f"§s{number}"


class Entries:
    """The writing half of the index."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sessions: dict[str, tuple[int, int]] = {}
        self._counts: Counter[str] = Counter()
        self._next = self._size = self._gone = 0
        self._pieces: list[tuple[int, int, int, int, int, int]] = []
        self._words: list[tuple[int, str]] = []

    @property
    def position(self) -> int:
        """The last event that was taken in."""
        return int(self._connection.execute("SELECT position FROM state").fetchone()[0])

    def add_events(self, events: Sequence[Event], chain: bytes | None) -> None:
        """Takes in `events`, the next of the log; `chain` is the log's running hash at the last of them."""
        units: list[tuple[int, int, int, int, int]] = []
        with self._transaction():
            for event in events:
                if (found := passage(event.kind, event.text)) is None:
                    continue
                number, place = self._place(event.session)
                scope = (
                    [session_term(number), MEMORY] if event.kind in ALSO_MEMORY else [session_term(number)]
                )
                who = _WHO_OF.get(found.who, 4)
                first, count = self._store(event.seq, found.text, who, scope)
                units.append((event.seq, number, place, first, count))
            self._connection.executemany("INSERT INTO units VALUES (?, ?, ?, ?, ?)", units)
            self._connection.execute("UPDATE state SET position = ?, chain = ?", (events[-1].seq, chain))

    def replace_sections(self, sections: Sequence[Section]) -> bool:
        """Makes the index hold exactly `sections`; only what changed is touched. Says whether anything did."""
        rows = self._connection.execute("SELECT digest, unit FROM sections")
        stored: dict[bytes, int] = dict(rows.fetchall())
        wanted = {section.digest: section for section in sections}
        gone = [unit for digest, unit in stored.items() if digest not in wanted]
        new = [section for digest, section in wanted.items() if digest not in stored]
        if not gone and not new:
            return False
        with self._transaction():
            for unit in gone:
                self._take_out(unit)
            for section in new:
                self._put_in(section)
        return True

    def _put_in(self, section: Section) -> None:
        (lowest,) = self._connection.execute("SELECT min(unit) FROM sections").fetchone()
        unit = min(lowest or 0, 0) - 1
        number = self._session(section.session)[0] if section.session else 0
        first, count = self._store(unit, shown(section.heading, section.text), 4, _scope(number))
        row = (unit, number, -1, first, count)
        self._connection.execute("INSERT INTO units VALUES (?, ?, ?, ?, ?)", row)
        self._connection.execute(
            "INSERT INTO sections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (unit, section.digest, section.ref, section.kind, section.heading, section.text,
             section.session, section.event, section.time),
        )  # fmt: skip

    def _take_out(self, unit: int) -> None:
        first, count, heading, text, session = self._connection.execute(
            "SELECT u.first, u.count, s.heading, s.text, s.session FROM sections s JOIN units u ON u.id = s.unit"
            " WHERE s.unit = ?",
            (unit,),
        ).fetchone()
        scope = _scope(self._session(session)[0] if session else 0)
        whole = shown(heading, text)
        for at, piece in enumerate(pieces(whole)):
            held = terms(whole[piece.start : piece.stop])
            self._counts.subtract({*held, *scope})
            self._size -= len(held)
            self._connection.execute(
                "INSERT INTO words (words, rowid, terms) VALUES ('delete', ?, ?)",
                (first + at, " ".join({*held, *scope})),
            )
        self._gone += count
        self._connection.execute("DELETE FROM pieces WHERE id >= ? AND id < ?", (first, first + count))
        self._connection.execute("DELETE FROM units WHERE id = ?", (unit,))
        self._connection.execute("DELETE FROM sections WHERE unit = ?", (unit,))

    def _store(self, unit: int, text: str, who: int, scope: Sequence[str]) -> tuple[int, int]:
        """Stores the pieces of `text`; returns the number of the first, and how many they are."""
        first, flags = self._next, LEAD | who << WHO_SHIFT
        for piece in pieces(text):
            part = text[piece.start : piece.stop]
            held = terms(part)
            each = {*held, *scope}
            standing = STANDING if who == 0 and _STANDING.search(part) else 0
            row = (self._next, unit, piece.start, piece.stop, len(held), flags | standing)
            self._pieces.append(row)
            self._words.append((self._next, " ".join(each)))
            self._counts.update(each)
            self._size += len(held)
            self._next += 1
            flags &= ~LEAD
        return first, self._next - first

    def _place(self, session: str) -> tuple[int, int]:
        """The session's number, and the next place in it."""
        number, places = self._session(session)
        self._sessions[session] = (number, places + 1)
        return number, places

    def _session(self, name: str) -> tuple[int, int]:
        if name not in self._sessions:
            select = "SELECT id, places FROM sessions WHERE name = ?"
            row = self._connection.execute(select, (name,)).fetchone()
            if row is None:
                self._connection.execute("INSERT INTO sessions (name, places) VALUES (?, 0)", (name,))
                row = self._connection.execute(select, (name,)).fetchone()
            self._sessions[name] = row
        return self._sessions[name]

    def _write(self) -> None:
        """Writes what was gathered, all of one table together."""
        run, many = self._connection.execute, self._connection.executemany
        many("INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?)", self._pieces)
        many("INSERT INTO words (rowid, terms) VALUES (?, ?)", self._words)
        many(
            "INSERT INTO terms VALUES (?, ?) ON CONFLICT (term) DO UPDATE SET pieces = pieces + excluded.pieces",
            [
                (term, self._counts[term]) for term in sorted(self._counts)
            ],  # in the table's order: fewer pages
        )
        many(
            "UPDATE sessions SET places = ? WHERE id = ?",
            [(places, number) for number, places in self._sessions.values()],
        )
        more = len(self._pieces) - self._gone
        run("UPDATE state SET pieces = pieces + ?, size = size + ?", (more, self._size))

    @contextlib.contextmanager
    def _transaction(self) -> Generator[None]:
        self._sessions, self._counts, self._pieces, self._words = {}, Counter(), [], []
        self._size = self._gone = 0
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._next = 1 + (self._connection.execute("SELECT max(id) FROM pieces").fetchone()[0] or 0)
            yield
            self._write()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            raise


def shown(heading: str, text: str) -> str:
    """A section as one text: its heading can be searched, too."""
    return f"{heading}\n{text}" if heading else text


def _scope(session: int) -> list[str]:
    return [MEMORY, session_term(session)] if session else [MEMORY]

"""Which events somebody wants to read, as SQL that looks at no others, however long the log is.

SQLite is not left to choose the way: for several kinds it would sort all events of these kinds, or walk over
the whole session, to give the first few. So each kind is walked along an index in the order of the numbers,
no further than `limit`, and the few numbers found are put in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cairn_memory.database import COLUMNS
from cairn_memory.events import Event

Statement = tuple[str, list[object]]
"""A statement, and the values of its question marks."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Events after number `since` and up to `until`, of `session` and of `kinds` where these are given.

    The first `limit` of them; with `newest` the last, which the statement gives from the newest backwards.
    """

    since: int
    until: int
    session: str | None = None
    kinds: Sequence[str] = ()
    limit: int = 500
    newest: bool = False

    def covers(self, event: Event) -> bool:
        """Whether it is wanted, as far as the limit allows."""
        return (
            self.since < event.seq <= self.until
            and (self.session is None or event.session == self.session)
            and (not self.kinds or event.kind in self.kinds)
        )

    def statement(self) -> Statement:
        """Costs as much as `limit` events of each kind; asks for the indexes of `cairn_memory.migrations`."""
        if not self.kinds:
            where, values = self._narrowed()
            return f"SELECT {COLUMNS} FROM events WHERE {where} {self._cut}", [*values, self.limit]
        index = "events_of_kind" if self.session is None else "events_by_kind"
        where, values = self._narrowed()
        of_kind = f"SELECT seq FROM events INDEXED BY {index} WHERE kind = ? AND {where} {self._cut}"
        parts = " UNION ALL ".join([f"SELECT * FROM ({of_kind})"] * len(self.kinds))
        asked = [value for kind in self.kinds for value in (kind, *values, self.limit)]
        chosen = f"SELECT seq FROM ({parts}) {self._cut}"
        statement = f"SELECT {COLUMNS} FROM events WHERE seq IN ({chosen}) ORDER BY seq {self._order}"
        return statement, [*asked, self.limit]

    def _narrowed(self) -> Statement:
        where, values = "seq > ? AND seq <= ?", [self.since, self.until]
        return (
            (where, [*values])
            if self.session is None
            else (f"session = ? AND {where}", [self.session, *values])
        )

    @property
    def _order(self) -> str:
        return "DESC" if self.newest else "ASC"

    @property
    def _cut(self) -> str:
        return f"ORDER BY seq {self._order} LIMIT ?"


NEWEST_OF_EACH = f"""
    WITH RECURSIVE there(session) AS (
        SELECT min(session) FROM events INDEXED BY events_by_kind WHERE kind = ?1
        UNION ALL
        SELECT (SELECT min(session) FROM events INDEXED BY events_by_kind WHERE kind = ?1 AND session > there.session)
        FROM there WHERE there.session IS NOT NULL
    )
    SELECT {COLUMNS} FROM events WHERE seq IN (
        SELECT (SELECT max(seq) FROM events INDEXED BY events_by_kind
                WHERE kind = ?1 AND session = there.session AND seq <= ?2)
        FROM there WHERE there.session IS NOT NULL
    )
"""
"""The newest event of kind ?1 up to number ?2 in each session: two look-ups a session, however long they are."""

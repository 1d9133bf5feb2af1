"""The user's words, kept whole as long as they fit, and of older ones the sentences that are orders."""

from dataclasses import dataclass

from cairn_memory.bounds import cut
from cairn_memory.recall.orders import is_chatter, is_order, sentences

LONGEST = 24_000
"""Characters of one message that are kept here; the event has all of it."""
ROOM = 2_000_000
"""Characters of all messages; beyond it the oldest but the first keep their orders only."""
ORDERS = 1_200
"""Characters of orders that are kept of a message that had to go."""
MOST = 4_000
"""Messages; beyond it the oldest but the first go."""

_NOT_WORDS = ("<command", "<local-command", "Caveat:", "[Request interrupted", "<system-reminder")
"""How lines begin that other agents write in the user's place."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the user at event `event`. `whole` is false when only its orders are left."""

    event: int
    time: int
    text: str
    whole: bool = True

    @property
    def chatter(self) -> bool:
        return is_chatter(self.text)


class UserWords:
    """All the user said in a session, oldest first."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._room = ROOM
        self._shortened = 1

    def add(self, event: int, time: int, text: str) -> None:
        text = text.strip()
        if not text or text.startswith(_NOT_WORDS):
            return
        kept = cut(text, LONGEST)
        self.said.append(Said(event, time, kept))
        self._room -= len(kept)
        while self._room < 0 and self._shortened < len(self.said) - 1:
            self._shorten(self._shortened)
            self._shortened += 1
        if len(self.said) > MOST:
            self._thin()

    @property
    def first(self) -> Said | None:
        return self.said[0] if self.said else None

    @property
    def last(self) -> Said | None:
        return self.said[-1] if self.said else None

    def _shorten(self, index: int) -> None:
        said = self.said[index]
        left = cut("\n".join(s for s in sentences(said.text) if is_order(s)), ORDERS)
        self.said[index] = Said(said.event, said.time, left, whole=False)
        self._room += len(said.text) - len(left)

    def _thin(self) -> None:
        """Chatter and what holds no order go first, then the oldest."""
        older, newer = self.said[1 : MOST // 2], self.said[MOST // 2 :]
        kept = [said for said in older if is_order(said.text) and not said.chatter][-MOST // 4 :]
        self.said = [self.said[0], *kept, *newer]
        self._room = ROOM - sum(len(said.text) for said in self.said)
        self._shortened = 1

"""Which turn of a recording answers a request."""

import hashlib
from collections import OrderedDict

from cairn_agents.recording import Recording, SideTurn, Turn
from cairn_server.replay.shapes import ChatRequest
from cairn_server.replay.trail import Trail

_REMEMBERED = 1_024
"""Requests whose answer is kept: a retry comes soon after the request it repeats."""


class Over(Exception):
    """The caller is told: every turn has been played."""


class Player:
    """Hands out the turns in order, and the same turn again for the same request.

    So a client that lost an answer, to a broken connection or to a kill, asks again
    with the same bytes and goes on as if nothing had been. Where the replies in a request
    are the recording's own they say where it stands, also in a window that was rebuilt, and
    to a player that was started anew. One player serves one run.
    Requests beside the loop have turns of their own.
    """

    def __init__(self, recording: Recording) -> None:
        self._turns = recording.turns
        self._trail = Trail(recording.turns)
        self._given = _Given()
        self._next: int | None = None
        self._side = recording.side
        self._side_left = list(range(len(recording.side)))
        self._side_given = _Given()

    def answer(self, body: bytes, asked: ChatRequest) -> tuple[int, Turn]:
        """The turn for the request `asked`, as it came in `body`, and its number from 0. Raises Over."""
        number = self._given.get(body)
        if number is None:
            number = self._place(asked)
            if number >= len(self._turns):
                raise Over
            self._next = number + 1
        self._given.put(body, number)
        return number, self._turns[number]

    def answer_side(self, body: bytes, asked: ChatRequest) -> tuple[int, SideTurn]:
        """The turn for a request beside the loop, and its number from 0. Raises Over.

        Of those that are left it is the one that was asked for nearest to where this request stands.
        """
        number = self._side_given.get(body)
        if number is None:
            if not self._side_left:
                raise Over
            place = self._place(asked)
            number = min(self._side_left, key=lambda left: self._distance(left, place))
            self._side_left.remove(number)
        self._side_given.put(body, number)
        return number, self._side[number]

    def _place(self, asked: ChatRequest) -> int:
        """How many turns came before this request."""
        replies = asked.said
        expected = len(replies) if self._next is None else self._next
        place = self._trail.after(replies, expected)
        if place is None and self._next is None and (calls := asked.condensed_calls) is not None:
            return self._trail.after_calls(calls, expected)
        return expected if place is None else place

    def _distance(self, number: int, place: int) -> int:
        """How far from `place` this turn beside the loop was asked for; those that do not say come in their order."""
        after = self._side[number].after
        return abs(after - place) if after >= 0 else 0


class _Given:
    """Which turn the newest requests got."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[bytes, int] = OrderedDict()

    def get(self, body: bytes) -> int | None:
        return self._numbers.get(hashlib.sha256(body).digest())

    def put(self, body: bytes, number: int) -> None:
        digest = hashlib.sha256(body).digest()
        self._numbers[digest] = number
        self._numbers.move_to_end(digest)
        if len(self._numbers) > _REMEMBERED:
            self._numbers.popitem(last=False)

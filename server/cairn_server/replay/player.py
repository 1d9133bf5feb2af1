"""Which turn of a recording answers a request."""

import hashlib
from collections import OrderedDict

from cairn_agents.recording import Recording, Turn

_REMEMBERED = 1_024
"""Requests whose answer is kept: a retry comes soon after the request it repeats."""


class Over(Exception):
    """The caller is told: every turn has been played."""


class Player:
    """Hands out the turns in order, and the same turn again for the same request.

    So a client that lost an answer, to a broken connection or to a kill, asks again
    with the same bytes and goes on as if nothing had been. One player serves one run.
    """

    def __init__(self, recording: Recording) -> None:
        self._turns = recording.turns
        self._given: OrderedDict[bytes, int] = OrderedDict()
        self._next: int | None = None

    def answer(self, body: bytes, replies: int) -> tuple[int, Turn]:
        """The turn for the request `body`, and its number from 0. Raises Over.

        `replies` is how many replies of the model the request already holds: a
        player that was started anew goes on from there.
        """
        digest = hashlib.sha256(body).digest()
        number = self._given.get(digest)
        if number is None:
            number = replies if self._next is None else self._next
            if number >= len(self._turns):
                raise Over
            self._next = number + 1
        self._given[digest] = number
        self._given.move_to_end(digest)
        if len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)
        return number, self._turns[number]

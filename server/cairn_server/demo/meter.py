"""What the endpoint of the demo was sent: how much, how much of it again, and whether the rule stood in it."""

import json
from dataclasses import dataclass

from cairn_agents.model.usage import estimate_tokens


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came. `size` in bytes; the first `shared` of them began the run's request before, too.

    `side` is one beside the run, of a writer of checkpoints. `rule`: the rule stands in it, word for word.
    """

    size: int
    shared: int = 0
    side: bool = False
    rule: bool = True

    @property
    def tokens(self) -> int:
        return estimate_tokens(self.size)


class Meter:
    """Listens at the endpoint. It sees requests as a provider would: nobody tells it what they should hold."""

    def __init__(self, rule: str) -> None:
        self.requests: list[Request] = []
        self._rule = json.dumps(rule, ensure_ascii=False)[1:-1].encode()
        self._before = b""

    def heard(self, body: bytes, side: bool) -> None:
        shared = _shared(self._before, body)
        self.requests.append(Request(len(body), shared, side, self._rule in body))
        if not side:
            self._before = body


def _shared(one: bytes, other: bytes) -> int:
    """Bytes that both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low

"""Where a secret stands in a text."""

from typing import NamedTuple


class Finding(NamedTuple):
    """Characters `start` to `end` of a text are a secret; `kind` goes into the placeholder."""

    start: int
    end: int
    kind: str

"""How many tokens a window has, and what they are for."""

from dataclasses import dataclass

from cairn_agents.config.settings import WindowSettings
from cairn_agents.model.endpoint import Endpoint

REPLY_SHARE = 8
LEAST_FOR_REPLY = 1_024
MOST_FOR_REPLY = 16_384
"""A reply may need an eighth of the window, within these tokens, where nobody set its length."""


RESULT_SHARE = 16
LEAST_RESULT = 4_000
"""What one command printed may take a sixteenth of the window, at least so many characters. In a window of
128,000 tokens that is about what may be shown of it at all."""
CHARACTERS = 3.6
"""Of a token, roughly."""


def longest_output(window: int) -> int:
    """Characters of a command's output that one result may hold in a window of so many tokens."""
    return max(LEAST_RESULT, int(window / RESULT_SHARE * CHARACTERS))


@dataclass(frozen=True, slots=True)
class Room:
    """Tokens: `usable` of the window for a request, `limit` at which it is rebuilt, `budget` of a rebuilt one
    (besides system prompt and tools), `marks` at which checkpoints are made."""

    usable: int
    limit: int
    budget: int
    marks: tuple[int, ...]


def room(endpoint: Endpoint, settings: WindowSettings, ceiling: int = 0) -> Room:
    """The room in `endpoint`'s window. `ceiling` is what a provider was found to take, 0 when none refused."""
    window = endpoint.window
    reply = endpoint.max_output or max(LEAST_FOR_REPLY, min(window // REPLY_SHARE, MOST_FOR_REPLY))
    usable = max(window - reply, window // 2)
    if ceiling:
        usable = min(usable, ceiling)
    return Room(
        usable=usable,
        limit=_tokens(settings.rebuild_at, usable),
        budget=_tokens(settings.rebuild_to, usable),
        marks=tuple(sorted(_tokens(mark, usable) for mark in settings.checkpoints)),
    )


def _tokens(mark: float, usable: int) -> int:
    """A mark as tokens: up to 1 it is a share."""
    return min(int(mark * usable if mark <= 1 else mark), usable)

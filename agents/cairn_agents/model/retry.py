"""When a failed request is tried again: the only such rule in Cairn."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from cairn_agents.model.errors import ModelError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Doubling waits with jitter, unless the provider says how long. All in seconds."""

    attempts: int = 6
    base: float = 0.5
    longest: float = 60.0
    longest_wait: float = 600.0
    """A longer wait than this, asked for by the provider, stops the run instead."""
    chance: Callable[[], float] = random.random

    def wait(self, attempt: int, error: ModelError) -> float | None:
        """Seconds to wait after the `attempt`th try (from 1); None when it is not to be tried again."""
        if not error.retry or attempt >= self.attempts:
            return None
        backoff = min(self.base * 2 ** min(attempt - 1, 30), self.longest) * (0.5 + self.chance() / 2)
        if error.retry_after is None:
            return backoff
        if error.retry_after > self.longest_wait:
            return None
        # "Retry at once" is believed one time, lest all tries are over within a moment.
        return error.retry_after if attempt == 1 else max(error.retry_after, backoff)

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
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.longest_wait else None
        full = min(self.base * 2 ** (attempt - 1), self.longest)
        return full * (0.5 + self.chance() / 2)

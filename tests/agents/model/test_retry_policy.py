"""When a request is tried again: pure arithmetic."""

import pytest

from cairn_agents.model.errors import (
    Overloaded,
    QuotaSpent,
    RateLimited,
    Refused,
    ReplyTooLarge,
    Unreachable,
    WindowFull,
)
from cairn_agents.model.retry import RetryPolicy

POLICY = RetryPolicy(attempts=8, chance=lambda: 1.0)


def test_waits_double_up_to_the_longest() -> None:
    policy = RetryPolicy(attempts=100, chance=lambda: 1.0)
    error = Unreachable("gone")
    assert [policy.wait(attempt, error) for attempt in range(1, 10)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert policy.wait(99, error) == 60


def test_chance_spreads_the_waits_over_half_their_length() -> None:
    assert RetryPolicy(chance=lambda: 0.0).wait(1, Unreachable("")) == 0.25
    assert 0.25 <= (RetryPolicy().wait(1, Unreachable("")) or 0) <= 0.5


def test_the_last_attempt_is_not_followed_by_another() -> None:
    assert POLICY.wait(7, Overloaded("")) is not None
    assert POLICY.wait(8, Overloaded("")) is None


@pytest.mark.parametrize("kind", [Refused, QuotaSpent, WindowFull, ReplyTooLarge])
def test_what_waiting_cannot_mend_is_not_tried_again(kind: type[Refused]) -> None:
    assert POLICY.wait(1, kind("no", retry_after=1.0)) is None


def test_a_wait_the_provider_asks_for_is_kept_unless_it_is_too_long() -> None:
    assert POLICY.wait(1, RateLimited("", retry_after=90.0)) == 90.0
    assert POLICY.wait(1, RateLimited("", retry_after=600.0)) == 600.0
    assert POLICY.wait(1, RateLimited("", retry_after=601.0)) is None


def test_a_provider_that_says_at_once_does_not_use_up_all_tries_within_a_moment() -> None:
    now = RateLimited("", retry_after=0.0)
    assert [POLICY.wait(attempt, now) for attempt in (1, 2, 3, 4)] == [0.0, 1.0, 2.0, 4.0]

"""A clock that jumps changes times and nothing else: order, numbers, states and results stay."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import harness
from scripted_provider import call, say
from stored import append_notes, numbers, opened

from cairn_memory.verify import verify

DAY = 86_400.0
JUMPS = (0.0, -3_650 * DAY, 20 * DAY, -1.0, 3_650 * DAY, -0.001)
"""Seconds that the clock is off, one look after another: years back, weeks on, a moment back."""


@pytest.fixture
def jumping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The wall clock is off by another amount at each look; what measures time by itself is not touched."""
    now, now_ns, off = time.time, time.time_ns, itertools.cycle(JUMPS)
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now() + next(off))
        patch.setattr(time, "time_ns", lambda: now_ns() + int(next(off) * 1e9))
        yield


@pytest.mark.usefixtures("jumping")
async def test_events_keep_their_order_whatever_the_clock_says(tmp_path: Path) -> None:
    async with opened(tmp_path / "log") as (log, problems):
        assert problems == ()
        events = await append_notes(log, 30)
    times = [event.time for event in events]
    assert times != sorted(times), "the clock went back"
    assert await numbers(tmp_path / "log") == (list(range(1, 31)), ())
    assert verify(tmp_path / "log") == []


@pytest.mark.usefixtures("jumping")
async def test_a_run_comes_to_its_end_and_can_be_resumed_whatever_the_clock_says(tmp_path: Path) -> None:
    turns = [call("bash", command=f"echo {n} >> log.txt") for n in range(6)]
    async with harness(tmp_path, [*turns, say("done"), say("again")]) as h:
        info = await h.run()
        assert (info.state, info.steps) == ("done", 7)
        assert (h.root / "log.txt").read_text(encoding="utf-8") == "0\n1\n2\n3\n4\n5\n"
        info = await h.resume(info.session, "once more")
        assert (info.state, info.steps) == ("done", 8)
        assert [each.session for each in h.runs.list()] == [info.session]
        results = [event.payload for event in await h.events("tool.finished")]
        assert [result.outcome for result in results] == ["ok"] * 6  # type: ignore[attr-defined]


async def test_a_budget_of_time_is_not_given_back_by_a_clock_that_goes_back(tmp_path: Path) -> None:
    from cairn_memory.events import StateChanged
    from cairn_memory.sessions import SessionFold

    fold = SessionFold("s")
    for state, at in (("running", 10_000), ("waiting", 15_000), ("running", 4_000), ("done", 1_000)):
        fold.apply(StateChanged(state=state), at)  # type: ignore[arg-type]
    assert fold.seconds_worked(500) == 5.0

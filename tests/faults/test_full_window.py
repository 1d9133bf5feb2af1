"""A provider that says "context length exceeded": one rebuild, one retry, and nothing of the user's words is lost."""

from pathlib import Path

from harness import harness
from scripted_provider import Script, call, say

from cairn_memory.events import ModelFailed, WindowStarted

RULE = "CANARY-9: never touch legacy/ünïcode.txt!"
LONG = 'for i in $(seq 1 200); do echo "line $i of step {0} says lorem ipsum"; done'
STEPS = 12


def _refused_once(number: int) -> Script:
    """The sixth request is too long; the one after it is answered as the sixth would have been."""
    if number == 5:
        return 400
    step = number - (number > 5)
    return call("bash", command=LONG.format(step)) if step < STEPS else say("done")


async def test_a_window_that_the_provider_refuses_costs_one_rebuild_and_one_retry(tmp_path: Path) -> None:
    async with harness(tmp_path, _refused_once, window=64_000) as h:
        info = await h.run(f"Do twelve steps. {RULE}", window=64_000)
        assert (info.state, info.steps) == ("done", STEPS + 1)
        assert len(h.provider.requests) == STEPS + 2, "one request more than replies"
        rebuilt = [each for each in await h.payloads(WindowStarted.kind) if isinstance(each, WindowStarted)][
            1:
        ]
        assert [each.reason for each in rebuilt].count("exceeded") == 1
        assert rebuilt[0].reason == "exceeded"
        (failed,) = await h.payloads(ModelFailed.kind)
        assert isinstance(failed, ModelFailed) and failed.error == "WindowFull"
        before, after = h.provider.requests[5], h.provider.requests[6]
        assert len(after.body) < len(before.body)
        assert RULE in str(after.json) and "of step 4" in str(after.json), "word for word"

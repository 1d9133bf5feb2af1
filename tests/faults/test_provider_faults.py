"""Whatever a provider does, a run ends in the same text, in a retry, or in a state that can be resumed."""

from functools import partial
from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import FAULTS, STATUSES, call, say

from cairn_agents import outfit
from cairn_agents.model.retry import RetryPolicy
from cairn_memory.events import ModelFailed, ModelReplied, ToolFinished, ToolStarted


def quick(*faults: str | int, attempts: int = 3) -> str:
    """Settings with few tries. Only for a fault that hangs the deadlines are short: a busy machine makes the others slow too."""
    seconds = 0.5 if {"stall", "silent"}.intersection(faults) else 10.0
    return f"""
[model]
first_token_timeout = {seconds}
stall_timeout = {seconds}
[retry]
attempts = {attempts}
"""


SAME_TEXT = ("ok", "one_byte_pieces", "crlf", "comments", "no_space", "trickle", "no_done")
RETRIED = {
    "drop_mid_stream": "Unreachable",
    "drop_before_done": "Unreachable",
    "half_event": "Unreachable",
    "half_tool_drop": "Unreachable",
    "not_json": "Garbled",
    "bad_utf8": "Garbled",
    "error_in_stream": "Overloaded",
    "stall": "Stalled",
    "silent": "Stalled",
    "refuse": "Unreachable",
    429: "RateLimited",
    500: "Overloaded",
    502: "Overloaded",
    503: "Overloaded",
    529: "Overloaded",
}
STOPPED = {
    401: "Refused",
    402: "Refused",
    404: "Refused",
    413: "Refused",
    "endless": "ReplyTooLarge",
}


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits between tries are those of the policy, a fiftieth as long."""
    monkeypatch.setattr(outfit, "RetryPolicy", partial(RetryPolicy, base=0.01))


async def _failures(h: Harness) -> list[ModelFailed]:
    return [each for each in await h.payloads("model.failed") if isinstance(each, ModelFailed)]


@pytest.mark.parametrize("fault", SAME_TEXT)
async def test_a_stream_in_another_shape_gives_the_same_text(tmp_path: Path, fault: str) -> None:
    async with harness(tmp_path, [fault]) as h:
        info = await h.run()
        assert info.state == "done"
        (reply,) = await h.payloads("model.replied")
        assert isinstance(reply, ModelReplied)
        assert reply.text == "hello"
        assert "".join(text for source, text in h.streamed if source == "text") == "hello"


@pytest.mark.parametrize("fault", RETRIED, ids=str)
async def test_a_passing_fault_is_tried_again_with_the_same_bytes(tmp_path: Path, fault: str | int) -> None:
    async with harness(tmp_path, [fault, "ok"], config=quick(fault)) as h:
        info = await h.run()
        assert info.state == "done"
        (failure,) = await _failures(h)
        assert failure.error == RETRIED[fault]
        assert failure.retry_in is not None
        first, second = h.provider.requests
        assert first.body == second.body
        assert not await h.events("tool.started")


@pytest.mark.parametrize("fault", RETRIED, ids=str)
async def test_a_fault_that_stays_ends_in_a_state_that_can_be_resumed(
    tmp_path: Path, fault: str | int
) -> None:
    async with harness(tmp_path, [fault] * 3, config=quick(fault, attempts=2)) as h:
        info = await h.run()
        assert info.state == "failed"
        assert info.reason
        h.provider.turns = [*[fault] * 2, "ok"]
        assert (await h.resume(info.session)).state == "done"


@pytest.mark.parametrize("fault", STOPPED, ids=str)
async def test_what_trying_again_cannot_mend_stops_at_once_and_says_why(
    tmp_path: Path, fault: str | int
) -> None:
    async with harness(tmp_path, [fault, "ok"], config=quick(fault)) as h:
        info = await h.run()
        assert info.state == "failed"
        assert len(h.provider.requests) == 1
        (state,) = (await h.payloads("session.state"))[-1:]
        assert state.cause == STOPPED[fault]  # type: ignore[attr-defined]
        assert "\n" not in info.reason and "sk-" not in info.reason
        assert (await h.resume(info.session)).state == "done"


async def test_retry_after_is_waited_for_and_too_long_a_wait_stops(tmp_path: Path) -> None:
    async with harness(tmp_path, [429, "ok"], retry_after="3600") as h:
        info = await h.run()
        assert info.state == "failed"
        assert "429" in info.reason


@pytest.mark.parametrize("fault", ["half_tool_json", "tool_args_not_object", "unknown_tool"])
async def test_a_call_that_is_not_whole_or_not_known_is_told_to_the_model_and_never_run(
    tmp_path: Path, fault: str
) -> None:
    async with harness(tmp_path, [fault, say("I see.")]) as h:
        info = await h.run()
        assert info.state == "done"
        (result,) = await h.payloads("tool.finished")
        assert isinstance(result, ToolFinished)
        assert result.outcome == "error"
        assert not await h.events("tool.started")
        assert h.conversation()[-1]["role"] == "tool"


async def test_two_calls_with_one_id_both_get_their_own_result(tmp_path: Path) -> None:
    async with harness(tmp_path, ["two_tools_same_id", say("ok")]) as h:
        (h.root / "a.txt").write_text("content\n", encoding="utf-8")
        assert (await h.run()).state == "done"
        calls = h.conversation()[-3]["tool_calls"]
        results = h.conversation()[-2:]
        assert [each["id"] for each in calls] == [each["tool_call_id"] for each in results] == ["t1", "t1-2"]


async def test_a_call_cut_off_at_the_output_limit_is_not_run_and_the_model_is_told(tmp_path: Path) -> None:
    async with harness(tmp_path, ["length_in_call", "length", say("done")]) as h:
        assert (await h.run()).state == "done"
        assert not await h.events("tool.started")
        assert "cut off" in h.conversation(1)[-1]["content"]


async def test_empty_replies_are_asked_again_then_nudged_then_stop(tmp_path: Path) -> None:
    async with harness(tmp_path, lambda number: "null_delta") as h:
        info = await h.run()
        assert (info.state, len(h.provider.requests)) == ("failed", 4)
        assert "empty" in info.reason
        assert h.provider.requests[0].body == h.provider.requests[1].body == h.provider.requests[2].body


@pytest.mark.parametrize("fault", ["huge_line", "huge_output"])
async def test_a_huge_reply_is_bounded_in_the_log_and_whole_in_a_blob(tmp_path: Path, fault: str) -> None:
    async with harness(tmp_path, [fault]) as h:
        assert (await h.run()).state == "done"
        (reply,) = await h.payloads("model.replied")
        assert isinstance(reply, ModelReplied)
        assert len(reply.text) <= 256_000
        assert reply.whole is not None and reply.whole.size >= 4 << 20


@pytest.mark.parametrize("fault", ["think_tags", "reasoning"])
async def test_reasoning_is_kept_apart_from_the_text(tmp_path: Path, fault: str) -> None:
    async with harness(tmp_path, [fault]) as h:
        assert (await h.run()).state == "done"
        (reply,) = await h.payloads("model.replied")
        assert isinstance(reply, ModelReplied)
        assert (reply.text, reply.reasoning) == ("hello", "why")


async def test_a_tool_call_is_run_once_however_often_its_request_failed(tmp_path: Path) -> None:
    turns = ["half_tool_drop", 500, call("bash", command="echo once >> log.txt"), "stall", say("done")]
    async with harness(tmp_path, turns, config=quick("stall")) as h:
        assert (await h.run()).state == "done"
        assert (h.root / "log.txt").read_text(encoding="utf-8") == "once\n"
        assert len([each for each in await h.payloads("tool.started") if isinstance(each, ToolStarted)]) == 1


def test_every_fault_of_the_script_is_tested() -> None:
    tested = {*SAME_TEXT, *RETRIED, *STOPPED, *STATUSES} | {
        "tool", "half_tool_json", "tool_args_not_object", "unknown_tool", "two_tools_same_id", "length_in_call",
        "length", "null_delta", "empty_choices", "split_utf8", "huge_line", "huge_output", "think_tags", "reasoning",
    }  # fmt: skip
    assert {*FAULTS} <= tested


@pytest.mark.parametrize(("fault", "text"), [("split_utf8", "é€"), ("empty_choices", "hello")])
async def test_characters_split_between_pieces_and_pieces_without_choices_do_no_harm(
    tmp_path: Path, fault: str, text: str
) -> None:
    async with harness(tmp_path, [fault, "ok"]) as h:
        assert (await h.run()).state == "done"
        last = (await h.payloads("model.replied"))[-1]
        assert isinstance(last, ModelReplied)
        assert last.text == text

"""A reply out of the pieces of a stream: what is in it, and when it is whole."""

from typing import Any

import pytest

from cairn_agents.model import assemble
from cairn_agents.model.assemble import Assembly
from cairn_agents.model.errors import ModelError, Overloaded, ReplyTooLarge, Unreachable
from cairn_agents.model.reply import Delta, Reply
from cairn_memory.events import Usage


def delta(finish: str | None = None, **fields: Any) -> dict[str, object]:
    return {"model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def tool(arguments: str, index: int = 0) -> dict[str, object]:
    function = {"name": "read", "arguments": arguments}
    return delta(tool_calls=[{"index": index, "id": f"t{index}", "function": function}])


NO_CHOICES: dict[str, object] = {"choices": []}
EMPTY: dict[str, object] = {}


def counted(**usage: Any) -> dict[str, object]:
    return {"choices": [], "usage": usage}


def reply(*chunks: dict[str, object], ended: bool = True, shown: list[Delta] | None = None) -> Reply:
    assembly = Assembly((shown if shown is not None else []).append, "made", "host:1")
    for chunk in chunks:
        assembly.add(chunk)
    return assembly.take(ended=ended, sent=3600)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([delta(content="hel"), delta(content="lo"), delta("stop")], id="by the book"),
        pytest.param([delta(content="hello", finish="stop")], id="all in one piece"),
        pytest.param([delta(content=None), delta(content="hello"), NO_CHOICES, delta("stop")], id="nulls"),
        pytest.param(
            [{"choices": None}, EMPTY, delta(content="hello"), {"choices": ["x"]}, delta("stop")], id="litter"
        ),
        pytest.param(
            [{"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}], id="a whole message"
        ),
        pytest.param(
            [delta(content=[{"type": "text", "text": "hello"}]), delta("stop")], id="a list of parts"
        ),
        pytest.param([delta(refusal="hello"), delta("stop")], id="a refusal"),
    ],
)
def test_text_is_put_together(chunks: list[dict[str, object]]) -> None:
    shown: list[Delta] = []
    assert reply(*chunks, shown=shown).text == "hello"
    assert "".join(each.text for each in shown) == "hello"


@pytest.mark.parametrize(
    "chunks",
    [
        [delta(reasoning_content="why"), delta(content="hello")],
        [delta(reasoning="why"), delta(content="hello")],
        [delta(reasoning="why", reasoning_content="why"), delta(content="hello")],
        [delta(content="<think>why</think>\nhello")],
        [
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "why"}]}]),
            delta(content=[{"type": "text", "text": "hello"}]),
        ],
    ],
    ids=["reasoning_content", "reasoning", "both names", "tags", "parts"],
)
def test_reasoning_is_kept_apart(chunks: list[dict[str, object]]) -> None:
    shown: list[Delta] = []
    whole = reply(*chunks, delta("stop"), shown=shown)
    assert (whole.reasoning, whole.text) == ("why", "hello")
    assert "".join(each.reasoning for each in shown) == "why"


@pytest.mark.parametrize(
    ("chunks", "ended", "error"),
    [
        ([delta(content="hello"), delta("stop")], False, None),
        ([delta(content="hello")], True, None),
        ([tool('{"path":"a"}')], True, None),
        ([delta(content="hello")], False, Unreachable),
        ([delta(content="hello"), counted(prompt_tokens=5, completion_tokens=1)], False, Unreachable),
        ([tool('{"path":"a"}')], False, Unreachable),
        ([tool('{"path":')], True, Unreachable),
        ([tool("")], True, Unreachable),
        ([], True, Unreachable),
        ([NO_CHOICES], True, Unreachable),
        ([delta(content="hel"), delta("error")], True, Overloaded),
        ([delta("insufficient_system_resource")], True, Overloaded),
    ],
)
def test_a_reply_is_whole_with_a_finish_reason_or_when_it_ended_in_order(
    chunks: list[dict[str, object]], ended: bool, error: type[ModelError] | None
) -> None:
    if error is None:
        assert reply(*chunks, ended=ended)
        return
    with pytest.raises(error, match="host:1"):
        reply(*chunks, ended=ended)


@pytest.mark.parametrize("reason", ["length", "max_tokens", "content_filter", "some_new_reason"])
def test_a_call_in_which_the_reply_was_cut_off_is_left_out(reason: str) -> None:
    whole = reply(tool('{"path":"a"}'), tool('{"path":"b', 1), delta(reason))
    assert [call.id for call in whole.calls] == ["t0"]
    assert whole.finish == {"max_tokens": "length"}.get(reason, reason)


@pytest.mark.parametrize("reason", ["tool_calls", "stop", "function_call", "tool_use"])
def test_a_call_the_provider_says_is_finished_is_kept_for_the_model_to_be_told(reason: str) -> None:
    (call,) = reply(tool('{"path":'), delta(reason)).calls
    assert call.arguments == '{"path":'


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(
            {"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 60}},
            Usage(prompt=100, cached=60, completion=20),
            id="OpenAI",
        ),
        pytest.param(
            {"prompt_tokens": 100, "completion_tokens": 20, "prompt_cache_hit_tokens": 60},
            Usage(prompt=100, cached=60, completion=20),
            id="DeepSeek",
        ),
        pytest.param(
            {"prompt_tokens": 100, "completion_tokens": 20, "cached_tokens": 60},
            Usage(prompt=100, cached=60, completion=20),
            id="Kimi",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "cached_tokens": 60,
                "prompt_cache_hit_tokens": 60,
                "prompt_tokens_details": {"cached_tokens": 60},
            },
            Usage(prompt=100, cached=60, completion=20),
            id="one count under three names",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "completion_tokens_details": {"reasoning_tokens": 15},
            },
            Usage(prompt=100, completion=20, reasoning=15),
            id="reasoning is part of the completion",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 15},
            },
            Usage(prompt=100, completion=35, reasoning=15),
            id="reasoning beside the completion (xAI, Gemini)",
        ),
        pytest.param(
            {"prompt_tokens": 40, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 60}},
            Usage(prompt=100, cached=60, completion=20),
            id="cached beside the prompt",
        ),
        pytest.param(
            {
                "prompt_tokens": "100",
                "completion_tokens": 20,
                "prompt_tokens_details": [],
                "total_tokens": True,
            },
            Usage(completion=20),
            id="wrong types",
        ),
    ],
)
def test_tokens_are_counted_once_whatever_the_fields_are_called(
    usage: dict[str, object], expected: Usage
) -> None:
    assert reply(delta(content="x"), delta("stop"), counted(**usage)).usage == expected


def test_of_several_counts_the_last_is_taken() -> None:
    first = delta(content="hel") | {"usage": {"prompt_tokens": 100, "completion_tokens": 1}}
    last = delta("stop", content="lo") | {"usage": {"prompt_tokens": 100, "completion_tokens": 2}}
    assert reply(first, last, {"choices": [], "usage": None}).usage == Usage(prompt=100, completion=2)


def test_groq_wraps_its_count() -> None:
    groq = delta("stop") | {"x_groq": {"id": "r", "usage": {"prompt_tokens": 9, "completion_tokens": 4}}}
    assert reply(delta(content="x"), groq).usage == Usage(prompt=9, completion=4)


@pytest.mark.parametrize(
    "count", [{}, {"usage": {}}, {"usage": {"total_tokens": 3}}, {"usage": {"prompt_tokens": 0}}]
)
def test_without_a_count_tokens_are_estimated_and_marked_so(count: dict[str, object]) -> None:
    usage = reply(delta(content="x" * 36), delta("stop") | count).usage
    assert usage == Usage(prompt=1000, completion=10, estimated=True)


def test_half_characters_are_joined_and_lone_ones_replaced() -> None:
    shown: list[Delta] = []
    whole = reply(delta(content="a\ud83d"), delta(content="\ude00b\udc00"), delta("stop"), shown=shown)
    assert whole.text == "a😀b�"
    assert all(each.text.encode() for each in shown)


def test_a_reply_without_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "LARGEST_REPLY", 1_000)
    with pytest.raises(ReplyTooLarge, match="1,000"):
        reply(delta(content="x" * 600), tool("y" * 300), delta(reasoning="z" * 200))


def test_a_reply_that_calls_tools_without_end_is_broken_off() -> None:
    with pytest.raises(ReplyTooLarge, match="more than 200 tools"):
        reply(
            *(
                delta(tool_calls=[{"index": n, "id": f"c{n}", "function": {"name": "read"}}])
                for n in range(201)
            )
        )

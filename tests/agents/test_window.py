"""The window's bytes, and requests beside the conversation on the same bytes."""

import itertools
import json
from typing import Any

from cairn_agents.model.endpoint import Endpoint
from cairn_agents.window import Window, make_head
from cairn_memory.events import (
    HostMessage,
    ModelReplied,
    ModelRequested,
    Payload,
    ToolCall,
    ToolFinished,
    UserMessage,
)

TOOL: dict[str, object] = {"type": "function", "function": {"name": "read", "parameters": {}}}
ANSWER: dict[str, object] = {"type": "function", "function": {"name": "checkpoint", "parameters": {}}}
MORE: dict[str, object] = {"tool_choice": "none", "response_format": {"type": "json_schema"}}


def window(*payloads: Payload, **endpoint: Any) -> Window:
    made = Window()
    made.open(make_head([TOOL], "You are „Cairn“."), Endpoint("http://x/v1", "m", **endpoint))
    for payload in payloads:
        made.apply(payload)
    return made


def call(name: str) -> ToolCall:
    return ToolCall(id=name, name="read", arguments='{"path": "a"}')


STEP = (
    UserMessage(text="go — 潮汐"),
    ModelRequested(step=1),
    ModelReplied(step=1, text="I read.", calls=(call("c1"), call("c2"))),
    ToolFinished(step=1, call="c1", text="one"),
    ToolFinished(step=1, call="c2", text="two"),
)


def test_a_request_beside_the_conversation_begins_with_the_windows_own_bytes() -> None:
    at = window(*STEP, ModelRequested(step=2))
    aside = at.aside("What must be kept?", MORE)
    assert aside.startswith(at.request()[:-2])
    body = json.loads(aside)
    assert body["messages"][-1] == {"role": "user", "content": "What must be kept?"}
    assert list(body)[-3:] == ["messages", "tool_choice", "response_format"]
    assert at.request() == window(*STEP, ModelRequested(step=2)).request(), "the window itself is as before"


def test_words_that_wait_are_in_it() -> None:
    at = window(*STEP, UserMessage(text="and quickly"), HostMessage(text="a file"))
    said = [message["content"] for message in json.loads(at.aside("Judge."))["messages"]]
    assert said[-3:] == ["and quickly", "<from-cairn>\na file\n</from-cairn>", "Judge."]


def test_while_calls_are_open_it_ends_before_the_reply_that_made_them() -> None:
    """No provider takes a user message between a call and its result."""
    for events in range(len(STEP) + 1):
        at = window(*STEP[:events])
        opened = events in (3, 4)
        roles = [message["role"] for message in json.loads(at.aside("Judge."))["messages"]]
        assert roles[-1] == "user"
        assert (roles.count("assistant"), roles.count("tool")) == ((0, 0) if opened or events < 3 else (1, 2))


def test_a_prefix_stays_as_it_was_when_the_window_goes_on() -> None:
    at = window(*STEP)
    before = at.prefix()
    body = before.body("Judge.")
    at.apply(ModelReplied(step=2, text="more"))
    assert before.body("Judge.") == body


def test_a_field_of_the_settings_is_not_sent_twice() -> None:
    at = window(*STEP, extra={"tool_choice": "auto", "temperature": 0})
    pairs = json.loads(at.aside("Judge.", MORE), object_pairs_hook=list)
    names = [name for name, _ in pairs]
    assert sorted(names) == sorted(set(names)) and dict(pairs)["tool_choice"] == "none"
    assert dict(pairs)["temperature"] == 0


def test_a_tool_can_be_offered_behind_the_others() -> None:
    at = window(*STEP, ModelRequested(step=2))
    body = at.prefix().body("Judge.", {"tool_choice": "required"}, ANSWER)
    assert json.loads(body)["tools"] == [TOOL, ANSWER]
    common = sum(
        1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(body, at.request(), strict=False))
    )
    assert common > at.request().index(b'"read"'), "the tools before it are the same bytes"
    without = {**json.loads(body), "tools": [TOOL]}
    assert without["messages"][:-1] == json.loads(at.request())["messages"]


def test_its_size_is_known_before_it_is_sent() -> None:
    prefix = window(*STEP).prefix()
    words = "Judge. " * 1_000
    assert prefix.tokens_with(words) >= len(prefix.body(words)) / 3.7

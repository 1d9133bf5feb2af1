"""`cairn replay`: a recorded session answers like a real provider."""

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError

from cairn_agents.model.client import ModelClient
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.prompts import prompt
from cairn_agents.recording import Recording, RecordingError, SideTurn, Turn, from_events, parse, read
from cairn_agents.roles.evidence import LoggedEvidence
from cairn_agents.roles.writer import Judged, Writer
from cairn_agents.window import Window, make_head
from cairn_memory.events import (
    CheckpointStarted,
    Event,
    ModelReplied,
    Payload,
    SessionStarted,
    SideCallReplied,
    ToolCall,
    Usage,
    UserMessage,
)
from cairn_memory.recall.compose import Material, compose
from cairn_memory.recall.facts import Facts
from cairn_server.replay.serve import main, serving

WORDS = "Ich prüfe zuerst die Gezeiten — 潮汐 — bevor ich etwas ändere. 🌊"
EDIT = ToolCall(
    id="call_2", name="edit", arguments='{"path": "a.py", "old": "\\"ä\\"\\n", "new": "x", "all": true}'
)
RECORDING = Recording(
    session="s1",
    model="old-model",
    goal="make it green",
    turns=(
        Turn(
            text=WORDS,
            reasoning="The tides come first.",
            calls=(ToolCall(id="call_1", name="read", arguments='{"path": "a.py"}'), EDIT),
            finish="tool_calls",
            usage=Usage(prompt=900, cached=800, completion=70, reasoning=12),
        ),
        Turn(text="Half a sent", finish="length", usage=Usage(prompt=5, completion=5, estimated=True)),
        Turn(text="Done.", finish="stop", usage=Usage(prompt=1_000, completion=3)),
    ),
)


def conversation(replies: int) -> dict[str, Any]:
    """A request that holds `replies` replies of the model already."""
    said = [{"role": "user", "content": "go"}]
    for number in range(replies):
        said += [{"role": "assistant", "content": str(number)}, {"role": "user", "content": "go on"}]
    return {"model": "any", "messages": said}


async def post(base_url: str, body: bytes, host: str | None = None) -> tuple[int, str]:
    """The status and text that the endpoint answers to raw bytes."""

    def ask() -> tuple[int, str]:
        address = base_url.removeprefix("http://").removesuffix("/v1")
        connection = http.client.HTTPConnection(address, timeout=10)
        try:
            connection.request("POST", "/v1/chat/completions", body, {"Host": host} if host else {})
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8")
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


async def content(base_url: str, body: dict[str, Any]) -> str:
    status, text = await post(base_url, json.dumps(body).encode())
    assert status == 200, text
    return json.loads(text)["choices"][0]["message"]["content"]


async def test_a_streamed_turn_reaches_the_sdk_whole() -> None:
    text, reasoning, finish, usage = "", "", None, None
    names: dict[int, tuple[str, str]] = {}
    arguments: dict[int, list[str]] = {}
    async with serving(RECORDING) as base_url, AsyncOpenAI(base_url=base_url, api_key="none") as client:
        stream = await client.chat.completions.create(
            model="any",
            messages=[{"role": "user", "content": "go"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                finish = choice.finish_reason or finish
                text += choice.delta.content or ""
                reasoning += getattr(choice.delta, "reasoning_content", "")
                for call in choice.delta.tool_calls or []:
                    assert call.function is not None
                    if call.id and call.function.name:
                        names[call.index] = (call.id, call.function.name)
                    arguments.setdefault(call.index, []).append(call.function.arguments or "")
    turn = RECORDING.turns[0]
    assert (text, reasoning, finish) == (turn.text, turn.reasoning, turn.finish)
    assert list(names.values()) == [(call.id, call.name) for call in turn.calls]
    assert ["".join(pieces) for pieces in arguments.values()] == [call.arguments for call in turn.calls]
    assert len(arguments[1]) > 2, "the arguments come in pieces, as from a real provider"
    assert usage is not None and usage.prompt_tokens_details is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (900, 70, 970)
    assert usage.prompt_tokens_details.cached_tokens == 800


async def test_a_request_without_a_stream_gets_the_turn_in_one_piece() -> None:
    async with serving(RECORDING) as base_url, AsyncOpenAI(base_url=base_url, api_key="none") as client:
        answer = await client.chat.completions.create(
            model="any", messages=[{"role": "user", "content": "go"}]
        )
        listed = [model.id async for model in client.models.list()]
    message = answer.choices[0].message
    assert message.content == WORDS
    assert [call.id for call in message.tool_calls or []] == ["call_1", "call_2"]
    assert answer.usage is not None and answer.usage.total_tokens == 970
    assert listed == ["old-model"]


async def test_the_stream_ends_as_the_protocol_says_and_has_usage_only_when_asked() -> None:
    async with serving(RECORDING) as base_url:
        _, text = await post(base_url, json.dumps({**conversation(0), "stream": True}).encode())
    events = text.removesuffix("\n\n").split("\n\n")
    assert events[-1] == "data: [DONE]"
    assert json.loads(events[-2].removeprefix("data: "))["choices"][0]["finish_reason"] == "tool_calls"
    assert '"usage"' not in text


async def test_usage_that_was_only_estimated_is_not_passed_off_as_the_providers() -> None:
    async with serving(RECORDING) as base_url:
        _, text = await post(base_url, json.dumps(conversation(1)).encode())
    assert "usage" not in json.loads(text)


async def test_the_same_request_gets_the_same_turn_and_a_new_one_the_next() -> None:
    async with serving(RECORDING) as base_url:
        got = [await content(base_url, conversation(replies)) for replies in (0, 0, 1, 0, 1, 2, 2)]
    first, second, third = (turn.text for turn in RECORDING.turns)
    assert got == [first, first, second, first, second, third, third]


async def test_a_new_request_without_the_lost_reply_still_moves_on() -> None:
    """An empty reply leaves nothing in the conversation: the nudge after it must not get it again."""
    async with serving(RECORDING) as base_url:
        first = await content(base_url, conversation(0))
        nudged = conversation(0)
        nudged["messages"].append({"role": "user", "content": "that was empty"})
        second = await content(base_url, nudged)
    assert [first, second] == [turn.text for turn in RECORDING.turns[:2]]


async def test_an_endpoint_started_anew_goes_on_where_the_conversation_stands() -> None:
    async with serving(RECORDING) as base_url:
        assert await content(base_url, conversation(2)) == "Done."


LONG = Recording(
    session="long",
    turns=tuple(
        Turn(
            text="" if number % 3 == 2 else ("Next." if number % 3 else f"step {number}"),
            calls=() if number % 3 == 2 else (ToolCall(id=f"call_{number}", name="read", arguments="{}"),),
            usage=Usage(estimated=True),
        )
        for number in range(30)
    ),
)
"""Every third turn says nothing at all, as some models do when they are at a loss."""


def rebuilt(*numbers: int, calls: int = 0) -> dict[str, Any]:
    """A request out of a rebuilt window: what was kept of so many calls, then these turns as they were."""
    facts = Facts()
    facts.take(1, UserMessage(text="go"))
    for number in range(calls):
        facts.take(
            2 + number,
            ModelReplied(step=number, calls=(ToolCall(id=f"c{number}", name="read", arguments="{}"),)),
        )
    told = prompt("rebuilt").format(block=compose(Material(facts), 1_000).text)
    said: list[dict[str, Any]] = [
        {"role": "system", "content": "You are Cairn."},
        {"role": "user", "content": told},
    ]
    for number in numbers:
        turn = LONG.turns[number]
        asked = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": "{}"}}
            for c in turn.calls
        ]
        said.append({"role": "assistant", "content": turn.text or None, "tool_calls": asked})
        said += [{"role": "tool", "tool_call_id": c.id, "content": "ok"} for c in turn.calls]
    return {"model": "any", "messages": said}


async def number_of(base_url: str, body: dict[str, Any]) -> int:
    """Which turn comes for this request."""
    status, text = await post(base_url, json.dumps(body).encode())
    assert status == 200, text
    return int(json.loads(text)["id"].removeprefix("chatcmpl-replay-")) - 1


@pytest.mark.parametrize(
    "kept, comes",
    [((9,), 10), ((9, 10), 11), ((6, 7, 9, 10), 11), ((21, 22), 23), ((24,), 25)],
)
async def test_a_rebuilt_window_gets_the_turn_behind_its_newest_reply_also_from_a_new_endpoint(
    kept: tuple[int, ...], comes: int
) -> None:
    async with serving(LONG) as base_url:
        assert await number_of(base_url, rebuilt(*kept)) == comes


async def test_a_rebuilt_window_with_no_reply_in_it_says_itself_how_far_it_came() -> None:
    async with serving(LONG) as base_url:
        assert await number_of(base_url, rebuilt(calls=11)) == 16
        assert await number_of(base_url, rebuilt(calls=12)) == 17, "and then the next in order"


async def test_a_reply_that_was_lost_in_a_kill_comes_again_although_the_request_is_another() -> None:
    async with serving(LONG) as base_url:
        assert await number_of(base_url, rebuilt(9)) == 10
        resumed = rebuilt(9)
        resumed["messages"].append({"role": "user", "content": "Files changed while the session rested."})
        assert await number_of(base_url, resumed) == 10
        assert await number_of(base_url, rebuilt(9, 10)) == 11
        nudged = rebuilt(9, 10)
        nudged["messages"].append({"role": "user", "content": "That was empty."})
        assert await number_of(base_url, nudged) == 12, (
            "an empty turn leaves no trace, and is not given twice"
        )


async def test_a_request_beside_the_run_gets_the_reply_that_was_given_nearest_to_where_it_stands() -> None:
    side = tuple(SideTurn(role="writer", text=f"at {after}", after=after) for after in (1, 10, 20))
    async with serving(LONG.model_copy(update={"side": side})) as base_url:
        got = [await content(base_url, {**rebuilt(at), **SIGNS[0]}) for at in (18, 9, 18, 0)]
    assert got == ["at 20", "at 10", "at 20", "at 1"]


async def test_after_the_last_turn_one_message_says_that_the_recording_is_over() -> None:
    async with (
        serving(RECORDING, "tides.jsonl") as base_url,
        AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0) as client,
    ):
        with pytest.raises(BadRequestError) as refused:
            await client.chat.completions.create(model="any", messages=conversation(3)["messages"])
    assert refused.value.code == "recording_over"
    assert "tides.jsonl is over: all its 3 turns" in refused.value.message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"messages": 1}', b"\xff\xfe"])
async def test_a_request_that_is_none_gets_an_error_and_costs_no_turn(body: bytes) -> None:
    async with serving(RECORDING) as base_url:
        status, text = await post(base_url, body)
        assert status == 400 and json.loads(text)["error"]["message"]
        assert await content(base_url, conversation(0)) == WORDS


async def test_a_web_page_under_another_name_is_turned_away() -> None:
    async with serving(RECORDING) as base_url:
        status, text = await post(base_url, json.dumps(conversation(0)).encode(), host="evil.example")
    assert status == 400 and WORDS not in text


JUDGED = '{"deltas": [{"section": "next action", "action": "add", "text": "Go on", "events": []}]}'
SIDE_TURNS = (
    SideTurn(role="writer", text=JUDGED, finish="stop", usage=Usage(prompt=1_000, completion=20), ms=5),
    SideTurn(role="writer", error="the model did not answer within 120 s"),
    SideTurn(role="writer", text='{"deltas": []}', finish="stop"),
)
SIDE = RECORDING.model_copy(update={"side": SIDE_TURNS})
SIGNS: list[dict[str, Any]] = [
    {"tool_choice": "none"},
    {"tool_choice": {"type": "function", "function": {"name": "checkpoint"}}},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "checkpoint", "schema": {}}}},
]


def beside(number: int, sign: dict[str, Any]) -> bytes:
    """A request beside the loop, another one for each number."""
    asked = conversation(1)
    asked["messages"].append({"role": "user", "content": f"judge {number}"})
    return json.dumps({**asked, **sign}).encode()


@pytest.mark.parametrize("sign", SIGNS, ids=["no call", "one call", "a shape"])
async def test_a_request_beside_the_run_gets_the_reply_it_got_and_costs_no_turn(sign: dict[str, Any]) -> None:
    async with serving(SIDE) as base_url:
        assert await content(base_url, conversation(0)) == WORDS
        answers = [await post(base_url, beside(number, sign)) for number in (0, 1, 1, 2, 3)]
        assert await content(base_url, conversation(1)) == RECORDING.turns[1].text
    assert [status for status, _ in answers] == [200, 404, 404, 200, 404]
    assert json.loads(answers[0][1])["choices"][0]["message"]["content"] == JUDGED
    codes = [json.loads(text)["error"] for status, text in answers if status == 404]
    assert [error["code"] for error in codes] == ["no_side_turn"] * 3
    assert "came to nothing" in codes[0]["message"] and "no further reply" in codes[2]["message"]


@pytest.mark.parametrize("choice", [{}, {"tool_choice": "auto"}, {"response_format": {"type": "text"}}])
async def test_a_request_of_the_run_is_not_taken_for_one_beside_it(choice: dict[str, Any]) -> None:
    async with serving(SIDE) as base_url:
        assert await content(base_url, {**conversation(0), **choice}) == WORDS


async def test_the_writer_is_answered_by_a_replay_and_does_without_when_there_is_nothing(
    tmp_path: Path,
) -> None:
    window = Window()
    async with serving(SIDE) as base_url:
        endpoint = Endpoint(base_url, "old-model")
        window.open(make_head([], "You are Cairn."), endpoint)
        client = ModelClient(endpoint)
        writer = Writer(client, lambda model, usage: 0.0)
        judged: list[Judged] = []
        for step in range(4):
            window.apply(UserMessage(text=f"step {step}"))
            judged.append(await writer.write(window.prefix(), 9_000, (), None, LoggedEvidence((), tmp_path)))
        await client.close()
    assert [len(each.deltas) for each in judged] == [1, 0, 0, 0]
    assert [each.judged for each in judged] == [True, False, True, False]
    assert [len(each.events) for each in judged] == [1, 1, 1, 1], "and one recording gives the next"


def event(seq: int, payload: Payload) -> Event:
    return Event(seq, "s1", "main", payload.kind, 0, payload.model_dump_json())


def test_a_session_becomes_a_recording_and_comes_back_the_same(tmp_path: Path) -> None:
    turns = RECORDING.turns
    replies = [
        ModelReplied(
            step=step, model="old-model", **{name: getattr(turn, name) for name in Turn.model_fields}
        )
        for step, turn in enumerate(turns, start=1)
    ]
    started = SessionStarted(goal="make it green", root="/w", model="old-model")
    events = [event(n, p) for n, p in enumerate([started, UserMessage(text="make it green"), *replies])]
    file = tmp_path / "run.jsonl"
    file.write_text(from_events(events), encoding="utf-8", newline="\n")
    assert read(file) == RECORDING


def test_replies_beside_the_run_are_kept_apart_from_its_turns(tmp_path: Path) -> None:
    turns = [ModelReplied(step=step, text=turn.text) for step, turn in enumerate(RECORDING.turns, start=1)]
    side = [
        SideCallReplied(**each.model_dump(include={"role", "text", "error", "usage", "ms"}))
        for each in SIDE.side
    ]
    mixed = [payload for pair in zip(turns, side, strict=True) for payload in pair]
    file = tmp_path / "run.jsonl"
    file.write_text(from_events(event(n, p) for n, p in enumerate(mixed)), encoding="utf-8", newline="\n")
    read_back = read(file)
    assert [turn.text for turn in read_back.turns] == [turn.text for turn in RECORDING.turns]
    assert [(turn.text, turn.error) for turn in read_back.side] == [
        (turn.text, turn.error) for turn in SIDE.side
    ]


def test_a_reply_beside_the_run_says_behind_how_many_turns_it_was_asked_for() -> None:
    payloads: list[Payload] = [SideCallReplied(role="writer", text="early")]
    payloads += [ModelReplied(step=step, text="turn") for step in (1, 2)]
    payloads += [
        CheckpointStarted(covers=3),
        ModelReplied(step=3, text="turn"),
        SideCallReplied(role="writer"),
    ]
    made = parse(from_events(event(number, payload) for number, payload in enumerate(payloads)), "made")
    assert [turn.after for turn in made.side] == [-1, 2]


def test_a_reader_that_knows_nothing_of_them_plays_the_turns_all_the_same() -> None:
    head, *lines = SIDE.dump().splitlines()
    known = json.loads(head)
    assert known.pop("side") and known["cairn_replay"] == 1 and known["turns"] == len(lines)
    assert [json.dumps(known, separators=(",", ":")), *lines] == RECORDING.dump().splitlines()


def cut(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:-1])


DAMAGES: list[tuple[Callable[[str], str], str]] = [
    (cut, "line 3: ends after 2 of 3 turns"),
    (lambda text: text[: len(text) // 2], "line 2: Invalid JSON"),
    (lambda text: "", "line 1: Invalid JSON"),
    (lambda text: text.replace('"name":"read"', '"name":7'), "line 2: calls.0.name: "),
    (lambda text: text.replace('"cairn_replay":1', '"cairn_replay":2'), "line 1: format 2"),
]


@pytest.mark.parametrize(("damage", "complaint"), DAMAGES)
def test_a_broken_recording_is_named_with_its_line_and_what_to_do(
    tmp_path: Path, damage: Callable[[str], str], complaint: str
) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text(damage(RECORDING.dump()), encoding="utf-8", newline="\n")
    with pytest.raises(RecordingError) as broken:
        read(file)
    message = str(broken.value)
    assert message.startswith(f"{file}, {complaint}") and "\n" not in message
    assert "--as-replay" in message or "update Cairn" in message


def test_bytes_that_are_no_text_and_a_missing_file_are_one_line_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "noise.jsonl"
    file.write_bytes(b'{"cairn_replay": 1}\xff')
    assert main([str(file)]) == 1
    assert main([str(tmp_path / "none.jsonl")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and "byte 19 is not UTF-8" in lines[0] and "cannot be read" in lines[1]


def test_the_command_prints_where_it_listens_and_how_to_use_it(tmp_path: Path) -> None:
    file = tmp_path / "tides.jsonl"
    file.write_text(RECORDING.dump(), encoding="utf-8", newline="\n")
    program = "import sys; from cairn_server.replay.serve import main; sys.exit(main(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            assert process.stdout is not None
            greeting = [process.stdout.readline() for _ in range(5)]
        finally:
            process.terminate()
    base_url = greeting[0].rsplit(" ", 1)[1].strip()
    assert base_url.startswith("http://127.0.0.1:") and "3 turns of old-model" in greeting[0]
    assert f"cairn run 'make it green' --base-url {base_url} --model old-model" in greeting[3]
    assert "cairn resume" in greeting[4]

"""Every fault of a provider, seen by the model client alone: the same reply, another try, or a typed error."""

import json
from typing import Self

import pytest
from deadlines import deadline
from scripted_provider import FAULTS, STATUSES, Script, ScriptedProvider, Turn

from cairn_agents.model.client import ModelClient, warm_up
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.errors import (
    Garbled,
    ModelError,
    Overloaded,
    RateLimited,
    Refused,
    ReplyTooLarge,
    Stalled,
    Unreachable,
    WindowFull,
)
from cairn_agents.model.reply import Delta, Reply
from cairn_agents.model.retry import RetryPolicy

BODY = b'{"model":"m","messages":[]}'
EMPTY_BODY = Turn(())

SAME_TEXT = (
    "ok",
    "one_byte_pieces",
    "crlf",
    "comments",
    "no_space",
    "trickle",
    "no_done",
    "think_tags",
    "reasoning",
)
RETRIED: dict[Script, type[ModelError]] = {
    "drop_mid_stream": Unreachable,
    "drop_before_done": Unreachable,
    "half_event": Unreachable,
    "half_tool_drop": Unreachable,
    "empty_choices": Unreachable,
    EMPTY_BODY: Unreachable,
    "refuse": Unreachable,
    "not_json": Garbled,
    "bad_utf8": Garbled,
    "error_in_stream": Overloaded,
    "stall": Stalled,
    "silent": Stalled,
    429: RateLimited,
    500: Overloaded,
    502: Overloaded,
    503: Overloaded,
    529: Overloaded,
}
STOPPED: dict[Script, type[ModelError]] = {
    400: WindowFull,
    401: Refused,
    402: Refused,
    404: Refused,
    413: Refused,
    "endless": ReplyTooLarge,
}
TEXTS: dict[str, tuple[str, str]] = {
    "split_utf8": ("é€", "stop"),
    "null_delta": ("", "stop"),
    "length": ("hel", "length"),
    "length_in_call": ("", "length"),
    "huge_line": ("A" * (4 << 20), "stop"),
    "huge_output": ("B" * (4096 * 2560), "stop"),
}
CALLS: dict[str, list[tuple[str, str, str]]] = {
    "tool": [("t1", "read", '{"path":"a.txt"}')],
    "half_tool_json": [("t1", "read", '{"path":')],
    "tool_args_not_object": [("t1", "read", "[1,2]")],
    "two_tools_same_id": [("t1", "read", '{"path":"a.txt"}'), ("t1-2", "read", "{}")],
    "unknown_tool": [("t9", "no_such_tool", "{}")],
}


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """The deadlines here are short: the SDK's imports must not fall into the first of them."""
    warm_up()


class Asker:
    """A client and the loop that tries again, without the waits. Only for a fault that hangs its deadlines are short: a busy
    machine makes the others slow too."""

    def __init__(self, url: str, fault: Script = "") -> None:
        first, stall = (1.5, 0.5) if fault in ("stall", "silent") else (10.0, 10.0)
        self.client = ModelClient(Endpoint(url, "m", first_token_timeout=first, stall_timeout=stall))
        self.shown: list[str] = []
        self.errors: list[ModelError] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def ask(self) -> Reply:
        self.shown.clear()
        async with deadline(20):
            return await self.client.ask(BODY, self._show)

    async def ask_until_whole(self, policy: RetryPolicy) -> Reply:
        attempt = 1
        while True:
            try:
                return await self.ask()
            except ModelError as error:
                self.errors.append(error)
                if policy.wait(attempt, error) is None:
                    raise
                attempt += 1

    def _show(self, delta: Delta) -> None:
        self.shown.append(delta.text)


@pytest.mark.parametrize("fault", SAME_TEXT)
async def test_a_stream_in_another_shape_gives_the_same_text(fault: str) -> None:
    async with ScriptedProvider([fault]) as provider, Asker(provider.url) as asker:
        reply = await asker.ask()
    assert (reply.text, reply.finish) == ("hello", "stop")
    assert "".join(asker.shown) == "hello"


@pytest.mark.parametrize("fault", RETRIED, ids=str)
async def test_a_passing_fault_costs_one_more_try(fault: Script) -> None:
    async with ScriptedProvider([fault, "ok"]) as provider, Asker(provider.url, fault) as asker:
        reply = await asker.ask_until_whole(RetryPolicy())
    assert reply.text == "hello"
    assert [type(error) for error in asker.errors] == [RETRIED[fault]]
    assert [request.body for request in provider.requests] == [BODY, BODY]


@pytest.mark.parametrize("fault", RETRIED, ids=str)
async def test_a_fault_that_stays_ends_in_its_typed_error(fault: Script) -> None:
    async with ScriptedProvider(default=fault) as provider, Asker(provider.url, fault) as asker:
        with pytest.raises(RETRIED[fault]) as told:
            await asker.ask_until_whole(RetryPolicy(attempts=2))
        assert len(provider.requests) == 2
    assert "127.0.0.1" in told.value.message
    assert "\n" not in told.value.message


@pytest.mark.parametrize("fault", STOPPED, ids=str)
async def test_what_trying_again_cannot_mend_is_tried_once(fault: Script) -> None:
    async with ScriptedProvider([fault, "ok"]) as provider, Asker(provider.url, fault) as asker:
        with pytest.raises(ModelError) as told:
            await asker.ask_until_whole(RetryPolicy())
        assert len(provider.requests) == 1
        assert type(told.value) is STOPPED[fault]
        assert (await asker.ask()).text == "hello"


@pytest.mark.parametrize("fault", TEXTS)
async def test_an_odd_reply_is_taken_as_it_is(fault: str) -> None:
    async with ScriptedProvider([fault]) as provider, Asker(provider.url) as asker:
        reply = await asker.ask()
    assert reply.calls == ()
    assert (len(reply.text), reply.finish) == (len(TEXTS[fault][0]), TEXTS[fault][1])
    assert reply.text == TEXTS[fault][0]


@pytest.mark.parametrize("fault", CALLS)
async def test_odd_calls_are_handed_on_as_they_came_with_ids_of_their_own(fault: str) -> None:
    async with ScriptedProvider([fault]) as provider, Asker(provider.url) as asker:
        reply = await asker.ask()
    assert [(call.id, call.name, call.arguments) for call in reply.calls] == CALLS[fault]


async def test_a_wait_the_provider_asks_for_reaches_the_policy() -> None:
    async with ScriptedProvider([429], retry_after="17") as provider, Asker(provider.url) as asker:
        with pytest.raises(RateLimited) as told:
            await asker.ask()
    assert told.value.retry_after == 17.0


@pytest.mark.parametrize("size", range(0, 400, 7))
async def test_a_stream_that_breaks_at_any_byte_is_never_half_a_call(size: int) -> None:
    whole = b"".join(piece for piece in FAULTS["tool"] if isinstance(piece, bytes))
    async with ScriptedProvider([Turn((whole[:size], None))]) as provider, Asker(provider.url) as asker:
        try:
            reply = await asker.ask()
        except ModelError as error:
            assert error.retry
            return
    assert [json.loads(call.arguments) for call in reply.calls] == [{"path": "a.txt"}]


def test_every_fault_of_the_script_is_tested() -> None:
    assert {*SAME_TEXT, *RETRIED, *STOPPED, *TEXTS, *CALLS} >= {*FAULTS, *STATUSES}

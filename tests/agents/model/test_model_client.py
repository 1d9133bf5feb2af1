"""One request over real HTTP: what goes out, what comes back, how long it may take."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from deadlines import deadline
from raw_server import answer, raw_server
from scripted_provider import DONE, ScriptedProvider, Turn, call, calls, chunk, event, say

from cairn_agents.model.client import ModelClient, warm_up
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.errors import Garbled, ModelError, Refused, Stalled, Unreachable, WindowFull
from cairn_agents.model.reply import Delta, Reply

BODY = b'{"model":"m",  "messages":[{"role":"user","content":"\xc3\xa9"}]}'


@asynccontextmanager
async def client(url: str, **settings: Any) -> AsyncGenerator[ModelClient]:
    one = ModelClient(Endpoint(url, "m", **settings))
    try:
        yield one
    finally:
        await one.close()


def unseen(delta: Delta) -> None:
    """Nobody watches."""


async def ask(url: str, body: bytes = BODY, **settings: Any) -> Reply:
    async with client(url, **settings) as one, deadline():
        return await one.ask(body, unseen)


async def test_the_body_goes_out_as_it_is() -> None:
    async with ScriptedProvider(default=say("hello")) as provider:
        await ask(provider.url)
    (request,) = provider.requests
    assert request.body == BODY
    assert "content-type: application/json" in request.head.lower()
    assert request.head.startswith("POST /v1/chat/completions ")


async def test_a_key_is_sent_as_a_bearer_and_none_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "of-another-provider")
    async with ScriptedProvider(default=say("hello")) as provider:
        await ask(provider.url, api_key="the-key")
        await ask(provider.url)
    with_key, without = (request.head.lower() for request in provider.requests)
    assert "authorization: bearer the-key\r\n" in with_key
    assert "authorization" not in without
    assert "of-another-provider" not in with_key + without


async def test_a_reply_comes_back_with_its_calls_count_and_times() -> None:
    async with ScriptedProvider(
        [calls(("read", {"path": "a"}), ("bash", {"command": "ls"}), text="Let me see.")]
    ) as provider:
        shown: list[Delta] = []
        async with client(provider.url) as one:
            reply = await one.ask(BODY, shown.append)
    assert reply.text == "Let me see."
    assert [(each.name, json.loads(each.arguments)) for each in reply.calls] == [
        ("read", {"path": "a"}),
        ("bash", {"command": "ls"}),
    ]
    assert (reply.finish, reply.model, reply.usage.estimated) == ("tool_calls", "scripted", False)
    assert 0 <= reply.first_token_ms <= reply.ms
    assert [each.tool for each in shown if each.tool] == ["read", "bash"]


async def test_one_connection_serves_many_requests() -> None:
    ports: set[Any] = set()

    class Counting(ScriptedProvider):
        async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ports.add(writer.get_extra_info("peername"))
            await super()._serve(reader, writer)

    async with Counting(default=say("hello")) as provider, client(provider.url) as one:
        for _ in range(5):
            await one.ask(BODY, unseen)
    assert len(ports) == 1


async def test_many_sessions_may_ask_at_once() -> None:
    async with ScriptedProvider(default=say("hello")) as provider, client(provider.url) as one, deadline():
        replies = await asyncio.gather(*(one.ask(BODY, unseen) for _ in range(20)))
    assert {reply.text for reply in replies} == {"hello"}


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
async def test_no_proxy_is_asked_for_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with ScriptedProvider(default=say("hello")) as provider:
        for host in ("127.0.0.1", "localhost"):
            assert (await ask(provider.url.replace("127.0.0.1", host))).text == "hello"


async def test_other_servers_are_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_server(answer(b'{"error": {"message": "the proxy"}}', status="403 Forbidden")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Refused, match="the proxy"):
            await ask("http://models.invalid/v1")
    assert proxy.heads[0].startswith("POST http://models.invalid/v1/chat/completions ")


async def test_calls_without_ids_get_ones_that_differ_from_request_to_request() -> None:
    nameless = Turn(
        (
            chunk("tool_calls", tool_calls=[{"index": 0, "function": {"name": "read", "arguments": "{}"}}]),
            DONE,
        )
    )
    async with ScriptedProvider(default=nameless) as provider, client(provider.url) as one:
        first = await one.ask(BODY, unseen)
        again = await one.ask(BODY, unseen)
        later = await one.ask(BODY + b" ", unseen)
        named = await one.ask(BODY, unseen, call_prefix="s7")
    ids = [reply.calls[0].id for reply in (first, again, later, named)]
    assert ids[0] == ids[1] != ids[2]
    assert ids[3] == "s7-1"


@pytest.mark.parametrize("where", ["silent", "stall"])
async def test_each_wait_has_its_own_deadline(where: str) -> None:
    async with ScriptedProvider([where]) as provider:
        with pytest.raises(Stalled, match="did not begin" if where == "silent" else "stalled"):
            limits: dict[str, Any] = {
                "first_token_timeout": 0.1 if where == "silent" else 30.0,
                "stall_timeout": 0.1,
            }
            await ask(provider.url, **limits)


async def test_a_server_that_takes_the_request_and_says_nothing_is_not_waited_for() -> None:
    async with raw_server() as silent:
        with pytest.raises(Stalled, match="did not begin"):
            await ask(silent.url, first_token_timeout=0.1)


async def test_a_reply_may_take_longer_than_one_wait_as_long_as_pieces_come() -> None:
    async with ScriptedProvider(["trickle"]) as provider:
        assert (await ask(provider.url, first_token_timeout=5.0, stall_timeout=5.0)).text == "hello"


class Watching(ScriptedProvider):
    """Says when a connection is over."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await super()._serve(reader, writer)
        self.gone.set()

    gone: asyncio.Event


async def test_cancelling_lets_go_of_the_connection_and_the_next_request_works() -> None:
    provider, begun = Watching(["stall", say("hello")]), asyncio.Event()
    provider.gone = asyncio.Event()
    async with provider, client(provider.url) as one, deadline():
        asking = asyncio.create_task(one.ask(BODY, lambda delta: begun.set()))
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await provider.gone.wait()
        assert (await one.ask(BODY, unseen)).text == "hello"


async def test_a_fault_of_the_one_who_is_shown_pieces_is_not_blamed_on_the_provider() -> None:
    def broken(delta: Delta) -> None:
        raise ValueError("a bug of ours")

    provider = Watching(["stall", say("hello")])
    provider.gone = asyncio.Event()
    async with provider, client(provider.url) as one, deadline():
        with pytest.raises(ValueError, match="a bug of ours") as told:
            await one.ask(BODY, broken)
        await provider.gone.wait()
        assert told.type is ValueError
        assert (await one.ask(BODY, unseen)).text == "hello"


WHOLE = {"model": "m", "choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}], "usage": None}


async def test_a_provider_that_does_not_stream_is_understood() -> None:
    async with raw_server(answer(json.dumps(WHOLE).encode())) as server:
        assert (await ask(server.url)).text == "hello"


@pytest.mark.parametrize(
    ("said", "error", "says"),
    [
        (answer(b"<html>Welcome</html>", "text/html"), Garbled, "base URL"),
        (answer(b'{"error": {"message": "prompt is too long: 9 > 8"}}'), WindowFull, "no longer fits"),
        (answer(b"{"), Garbled, "no reply"),
        (answer(b"", "text/event-stream"), Unreachable, "before the reply was whole"),
        (answer(b"data: [1]\n\n", "text/event-stream"), Garbled, "no JSON object"),
        (answer(b"data: null\n\n", "text/event-stream"), Garbled, "no JSON object"),
        (answer(b"data: " + b"[" * 200_000 + b"\n\n", "text/event-stream"), Garbled, "no reply"),
        (
            answer(b"", status="308 Moved", location="https://new.example/v1"),
            Refused,
            "https://new.example/v1",
        ),
        (answer(b"no such page", "text/plain", status="404 Not Found"), Refused, "no such page"),
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\nshort", Unreachable, "broke"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", Unreachable, "broke"),
    ],
)
async def test_what_is_no_reply_ends_in_a_typed_error(
    said: bytes, error: type[ModelError], says: str
) -> None:
    async with raw_server(said) as server:
        with pytest.raises(error, match=says) as told:
            await ask(server.url)
    assert str(server.port) in told.value.message or error is WindowFull


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:11434/v1", "must begin with http"),
        ("ftp://x/v1", "must begin with http"),
        ("http://[::1/v1", "no address"),
    ],
)
async def test_an_address_that_is_none_is_refused_at_once(url: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        await ask(url)


@pytest.mark.parametrize("key", ["sk-1\n", "sk-\u201c1\u201d", "sk 1"])
async def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(Refused, match="copy it again") as told:
        await ask("http://127.0.0.1:1/v1", api_key=key)
    assert key not in told.value.message


async def test_a_server_that_is_not_there_is_told_so() -> None:
    async with raw_server() as server:
        gone = server.url
    with pytest.raises(Unreachable, match="is the server running"):
        await ask(gone)


async def test_an_event_without_end_is_broken_off_before_it_fills_the_memory() -> None:
    endless = Turn((b"data: ", *[b"x" * (1 << 20)] * 64))
    async with ScriptedProvider([endless]) as provider:
        with pytest.raises(ModelError, match="broken off"):
            await ask(provider.url)


async def test_unknown_fields_and_comments_do_no_harm() -> None:
    turn = Turn(
        (
            b": OPENROUTER PROCESSING\n\n",
            event({"x": {"y": [1]}}),
            chunk(content="hello"),
            chunk("stop"),
            DONE,
        )
    )
    async with ScriptedProvider([turn]) as provider:
        assert (await ask(provider.url)).text == "hello"


async def test_the_time_of_a_request_does_not_grow_with_its_body() -> None:
    """Work beside the wire, in Python calls: for a body a thousand times as large it is the same."""
    small, large = BODY, b'{"x":"' + b"a" * 1_000_000 + b'"}'
    async with (
        ScriptedProvider(default=call("read", path="a"), keep_bodies=False) as provider,
        client(provider.url) as one,
    ):
        await one.ask(small, unseen)
        counts = [await _calls_made(one, body) for body in (small, large)]
    assert counts[1] < counts[0] * 1.5 + 200


async def _calls_made(one: ModelClient, body: bytes) -> int:
    """Python functions called in our code and the SDK's for one request; the transport's depend on the socket."""
    made = 0

    def count(frame: Any, event: str, argument: object) -> None:
        nonlocal made
        if event == "call" and (
            "cairn_agents" in frame.f_code.co_filename or "openai" in frame.f_code.co_filename
        ):
            made += 1

    sys.setprofile(count)
    try:
        await one.ask(body, unseen)
    finally:
        sys.setprofile(None)
    return made


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys; import cairn_agents.model.client, cairn_agents.model.discover, cairn_agents.model.prices; "
        "print([name for name in ('openai', 'httpx2') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50
    )
    assert done.stdout.strip() == "[]"


async def test_warming_up_in_a_thread_readies_the_first_request() -> None:
    await asyncio.to_thread(warm_up)
    async with ScriptedProvider(default=say("hello")) as provider:
        assert (await ask(provider.url)).text == "hello"

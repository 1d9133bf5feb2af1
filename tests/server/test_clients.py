"""Many clients at once, slow ones, and those who come back: everybody gets every event once, in order."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from deadlines import deadline
from wire import Client, HostProcess, Hosts, client, greeted


async def _collect(attached: Client, since: int, count: int, **interest: Any) -> list[int]:
    await attached.request("cairn/events/subscribe", {"since": since, **interest})
    return [(await attached.event())["seq"] for _ in range(count)]


async def _when_quiet(attached: Client) -> int:
    """The newest event once no session of an earlier test works any more."""
    while (status := await attached.request("cairn/host/status"))["running"]:
        pass
    return status["last_seq"]


@pytest.mark.repeat
async def test_a_hundred_clients_get_their_own_answers_and_every_event_once(host: HostProcess) -> None:
    async with deadline(40), client(host.file) as first:
        since = (await first.request("cairn/host/status"))["last_seq"]

        async def one(number: int) -> list[int]:
            async with client(host.file, "lsp" if number % 10 == 0 else "rpc") as attached:
                ready = asyncio.create_task(_collect(attached, since, 60))
                prompts = [f"client {number} word {i}" for i in range(2)]
                for prompt in prompts:
                    refused = await attached.reply("cairn/session/show", {"session": prompt})
                    assert prompt in refused["error"]["message"]
                return await ready

        following = [asyncio.create_task(one(number)) for number in range(100)]
        await first.request("cairn/run/start", {"prompt": "notes 57 200"})
        for seqs in await asyncio.gather(*following):
            assert seqs == list(range(since + 1, since + 61))


async def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(host: HostProcess) -> None:
    async with deadline(30), client(host.file) as starter:
        started = await starter.request("cairn/run/start", {"prompt": "notes 200 1000"})
        cursor, seen = started["since"], list[int]()
        while len(seen) < 203:
            async with client(host.file) as attached:
                for seq in await _collect(attached, cursor, min(17, 203 - len(seen))):
                    seen.append(seq)
                    cursor = seq
        assert seen == list(range(started["since"] + 1, started["since"] + 204))


async def test_a_client_that_follows_one_session_gets_that_session_only(host: HostProcess) -> None:
    async with deadline(20), client(host.file) as attached:
        mine = await attached.request("cairn/run/start", {"prompt": "notes 40 10"})
        await attached.request("cairn/run/start", {"prompt": "notes 40 10"})
        session = mine["session"]
        await attached.request("cairn/events/subscribe", {"session": session, "since": 0})
        found = [await attached.event() for _ in range(43)]
        assert {event["session"] for event in found} == {session}
        assert [event["payload"]["text"].split()[0] for event in found[2:-1]] == [str(n) for n in range(40)]


async def test_a_second_subscription_replaces_the_first(host: HostProcess) -> None:
    async with deadline(), client(host.file) as attached:
        started = await attached.request("cairn/run/start", {"prompt": "done"})
        only = {"session": started["session"]}
        first = await _collect(attached, started["since"], 3, **only)
        assert await _collect(attached, first[0], 2, **only) == first[1:]
        await attached.request("cairn/host/status")
        assert attached.notices.empty()


async def test_the_reply_to_a_subscription_comes_before_its_first_event(host: HostProcess) -> None:
    for face in ("rpc", "lsp"):
        async with deadline(), client(host.file, face) as attached:
            await attached.request("cairn/run/start", {"prompt": "done"})
            before = len(attached.order)
            await _collect(attached, 0, 2)
            assert attached.order[before] == "reply"
            assert attached.order[before + 1] == "cairn/event"


async def test_who_asks_from_now_on_is_told_what_is_newest_and_gets_what_comes_after_it(
    host: HostProcess,
) -> None:
    async with deadline(), client(host.file) as attached:
        last = await _when_quiet(attached)
        subscribed = await attached.request("cairn/events/subscribe", {"since": None})
        started = await attached.request("cairn/run/start", {"prompt": "notes 1 1"})
        assert (subscribed["last_seq"], started["since"]) == (last, last)
        assert (await attached.event())["seq"] == last + 1


async def test_streamed_text_comes_before_the_event_that_it_led_to(host: HostProcess) -> None:
    async with deadline(), client(host.file) as attached:
        last = await _when_quiet(attached)
        await attached.request("cairn/events/subscribe", {"since": last})
        await attached.request("cairn/run/start", {"prompt": "stream 20"})
        shown: list[tuple[str, str]] = []
        while len(shown) < 40:
            notice = await attached.notices.get()
            params = notice["params"]
            if notice["method"] == "cairn/stream":
                shown.append((str(params["step"] - 1), params["text"]))
            elif params["event"]["kind"] == "note.added":
                shown.append((params["event"]["payload"]["text"], "event"))
        expected = [[(str(n), f"word{n} and more"), (str(n), "event")] for n in range(20)]
        assert shown == [pair for step in expected for pair in step]


async def test_a_client_that_wants_no_streamed_text_gets_none(host: HostProcess) -> None:
    async with deadline(), client(host.file) as attached:
        last = await _when_quiet(attached)
        await attached.request("cairn/events/subscribe", {"since": last, "stream": False})
        await attached.request("cairn/run/start", {"prompt": "stream 5"})
        while (await attached.event())["kind"] != "session.state":
            pass
        assert "cairn/stream" not in attached.order


@pytest.mark.repeat
async def test_a_client_that_stalls_is_cut_and_the_others_are_served(workspace: Path, hosts: Hosts) -> None:
    host = hosts.start(workspace, "--patience", "0.2")
    async with deadline(40), client(host.file) as active:
        _, writer, _ = await greeted(host.file)
        cast(Any, writer.transport).pause_reading()
        subscribe = b'{"jsonrpc": "2.0", "id": 1, "method": "cairn/events/subscribe", "params": {}}\n'
        writer.write(subscribe)
        before = host.resident_kb()
        started = await active.request("cairn/run/start", {"prompt": "notes 500 60000"})
        assert len(await _collect(active, started["since"], 503)) == 503  # 30 MB
        while (await active.request("cairn/host/status"))["clients"] > 1:
            pass
        # The newest events are kept in memory, up to a bound; nothing is kept for a client.
        assert host.resident_kb() - before < 60_000
        log = (host.local / "host.log").read_text(encoding="utf-8")
        assert "the client does not read; it was cut" in log
        writer.transport.abort()
    assert host.stop() == 0

"""A small window: it is rebuilt before it is full, loses none of the user's words, and never goes in circles."""

import asyncio
import itertools
from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import Script, call, say, tokens_of

from cairn_memory.blobs import BlobStore
from cairn_memory.events import BlobRef, CheckpointWritten, ReceiptWritten, ToolFinished, WindowStarted

WINDOW = 16_000
RULE = "CANARY-7: never touch the file legacy/ünïcode.txt, whatever happens!"
BIG = 'for i in $(seq 1 300); do echo "line $i of step {0} says lorem ipsum"; done'


def long_run(steps: int) -> list[Script]:
    return [*(call("bash", command=BIG.format(i)) for i in range(steps)), say("All steps are done.")]


async def test_the_users_words_stand_in_every_request_and_none_is_longer_than_the_window(
    tmp_path: Path,
) -> None:
    async with harness(tmp_path, long_run(40), window=WINDOW) as h:
        info = await h.run(f"Do forty steps.\n\n{RULE}", window=WINDOW)
        assert (info.state, info.steps) == ("done", 41)
        assert all(RULE.encode() in request.body for request in h.provider.requests)
        assert max(tokens_of(request.body) for request in h.provider.requests) <= WINDOW
        windows = await h.payloads(WindowStarted.kind)
        assert 2 <= len(windows) <= 20


async def test_between_two_rebuilds_each_request_begins_with_the_one_before(tmp_path: Path) -> None:
    async with harness(tmp_path, long_run(25), window=WINDOW) as h:
        await h.run("go", window=WINDOW)
        bodies = [request.body for request in h.provider.requests]
        breaks = sum(not after.startswith(before[:-2]) for before, after in itertools.pairwise(bodies))
        assert breaks == len(await h.payloads(WindowStarted.kind)) - 1


async def test_a_rebuilt_window_is_the_same_after_a_restart(tmp_path: Path) -> None:
    async with harness(tmp_path, long_run(30), window=WINDOW) as h:
        info = await h.run("go", window=WINDOW)
        last = h.provider.requests[-1].body
        info = await h.resume(info.session, "and once more", window=WINDOW)
        assert h.provider.requests[-1].body.startswith(last[:-2])


async def test_a_rebuild_leaves_a_receipt_and_a_checkpoint_that_covers_it(tmp_path: Path) -> None:
    async with harness(tmp_path, long_run(25), window=WINDOW) as h:
        await h.run("go", window=WINDOW)
        started = [each for each in await h.payloads(WindowStarted.kind) if isinstance(each, WindowStarted)]
        receipts = [
            each for each in await h.payloads(ReceiptWritten.kind) if isinstance(each, ReceiptWritten)
        ]
        written = [
            each for each in await h.payloads(CheckpointWritten.kind) if isinstance(each, CheckpointWritten)
        ]
        rebuilt = [each for each in started if each.covers]
        assert [each.number for each in rebuilt] == [each.window for each in receipts if each.window > 1]
        made = {each.number: each for each in written}
        assert all(made[each.checkpoint].covers <= each.covers for each in rebuilt)
        assert [each.number for each in written] == sorted(made)
        assert all(receipt.tokens <= receipt.budget for receipt in receipts)


async def test_a_provider_whose_window_is_smaller_than_was_said_is_met_with_a_rebuild(tmp_path: Path) -> None:
    async with harness(tmp_path, long_run(20), window=9_000) as h:
        info = await h.run(f"go. {RULE}", window=64_000)
        assert info.state == "done"
        assert all(RULE.encode() in request.body for request in h.provider.requests)
        assert {each.reason for each in await _started(h) if each.covers} >= {"exceeded"}
        refused = sum(tokens_of(request.body) > 9_000 for request in h.provider.requests)
        assert refused <= 3, "what a provider refused once is not tried again and again"


async def test_a_window_that_can_never_hold_it_stops_the_run_in_one_clear_line(tmp_path: Path) -> None:
    async with harness(tmp_path, lambda number: 400) as h:
        info = await h.run("go", window=64_000)
        assert info.state == "failed" and "too small" in info.reason
        assert len(h.provider.requests) <= 6


async def test_a_message_longer_than_the_window_is_shortened_and_pointed_to(tmp_path: Path) -> None:
    async with harness(tmp_path, [say("read it")], window=WINDOW) as h:
        info = await h.run("HEAD OF IT. " + "word " * 30_000 + " TAIL OF IT.", window=WINDOW)
        assert info.state == "done"
        body = h.provider.requests[-1].body
        assert b"HEAD OF IT." in body and b"TAIL OF IT." in body and tokens_of(body) <= WINDOW


async def test_words_said_while_a_window_is_rebuilt_are_in_it(tmp_path: Path) -> None:
    async with harness(tmp_path, long_run(30), window=WINDOW) as h:
        session = await h.start("go", window=WINDOW)
        for number in range(12):
            await h.runs.resume(session, f"AND-ALSO-{number}!", h.settings(window=WINDOW))
            await h.log.wait(h.log.last_seq)
        await h.rest(session)
        for number in range(12):
            assert f"AND-ALSO-{number}!".encode() in h.provider.requests[-1].body


async def test_words_said_after_a_window_was_composed_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, put, loop = list[str](), BlobStore.put, asyncio.get_running_loop()
    async with harness(tmp_path, long_run(12), window=WINDOW) as h:

        def speaking(self: BlobStore, data: bytes) -> BlobRef:
            if b"a new one begins here" in data and not said:
                said.append("AND-ALSO the gate!")
                words = h.runs.resume(None, said[0], h.settings(window=WINDOW))
                asyncio.run_coroutine_threadsafe(words, loop).result(20)
            return put(self, data)

        monkeypatch.setattr(BlobStore, "put", speaking)
        assert (await h.run("go", window=WINDOW)).state == "done"
        bodies = [request.body for request in h.provider.requests]
        assert said and b"AND-ALSO the gate!" in bodies[-1]


async def test_the_newest_step_stands_word_for_word_behind_what_was_condensed(tmp_path: Path) -> None:
    small = BIG.replace("300", "30")
    turns: list[Script] = [*(call("bash", command=small.format(i)) for i in range(60)), say("All done.")]
    config = "[window]\nrebuild_to = 0.4\n"
    async with harness(tmp_path, turns, window=WINDOW, config=config) as h:
        assert (await h.run("go", window=WINDOW)).state == "done"
        assert len(await _started(h)) > 2
        done = [each for each in await h.payloads(ToolFinished.kind) if isinstance(each, ToolFinished)]
        for number, finished in enumerate(done, start=1):
            asked, answered = h.conversation(number)[-2:]
            assert asked["tool_calls"][0]["id"] == answered["tool_call_id"] == finished.call
            assert answered["content"] == finished.text


async def test_a_rebuild_that_would_free_too_little_is_made_from_a_smaller_budget(tmp_path: Path) -> None:
    config = "[window]\nrebuild_to = 0.8\n"
    async with harness(tmp_path, long_run(25), window=WINDOW, config=config) as h:
        info = await h.run(f"go. {RULE}", window=WINDOW)
        assert (info.state, info.steps) == ("done", 26)
        assert all(RULE.encode() in request.body for request in h.provider.requests)
        receipts = [
            each for each in await h.payloads(ReceiptWritten.kind) if isinstance(each, ReceiptWritten)
        ]
        assert receipts and all(receipt.budget < WINDOW * 0.5 for receipt in receipts)


async def _started(h: Harness) -> list[WindowStarted]:
    return [each for each in await h.payloads(WindowStarted.kind) if isinstance(each, WindowStarted)]

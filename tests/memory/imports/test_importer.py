"""Importing a file: a whole session in the log, once, whatever happens in between."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import fake_secrets
import pytest
from deadlines import deadline
from stored import opened

from cairn_memory.blobs import BlobStore
from cairn_memory.bounds import REPLY, TEXT
from cairn_memory.events import (
    Event,
    HostMessage,
    ModelReplied,
    SessionImported,
    SessionResumed,
    SessionStarted,
    StateChanged,
    ToolFinished,
    UserMessage,
)
from cairn_memory.imports import importer
from cairn_memory.imports.importer import import_file
from cairn_memory.imports.message import Imported, ImportRefused
from cairn_memory.imports.payloads import NO_RESULT, SUMMARY
from cairn_memory.log import EventLog
from cairn_memory.sessions import SessionFold

DATA = Path(__file__).parent / "data"


@pytest.fixture
async def log(tmp_path: Path) -> AsyncGenerator[EventLog]:
    async with opened(tmp_path / "log") as (found, _):
        yield found


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


def write(path: Path, *messages: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in messages), encoding="utf-8")
    return path


async def events_of(log: EventLog, session: str) -> list[Event]:
    return await log.read(session=session, limit=100_000)


async def test_an_imported_session_says_where_it_comes_from_and_rests_as_done(
    log: EventLog, blobs: BlobStore, root: Path
) -> None:
    path = DATA / "neutral.jsonl"
    imported = await import_file(path, log, blobs, root)
    started, told, *_, rest = [event.payload for event in await events_of(log, imported.session)]
    assert imported == Imported(imported.session, 8, ())
    assert imported.session.startswith("imp-260301-") and len(imported.session) == 17
    assert isinstance(started, SessionStarted)
    assert (started.goal, started.root) == ("Make the lighthouse blink twice.", str(root))
    assert isinstance(told, SessionImported)
    assert (told.path, told.format, told.messages) == (str(path), "neutral", 8)
    assert rest == StateChanged(state="done", reason=f"imported from {path}", cause="import")


async def test_each_message_becomes_an_event_with_its_line_and_time(
    log: EventLog, blobs: BlobStore, root: Path
) -> None:
    imported = await import_file(DATA / "neutral.jsonl", log, blobs, root)
    payloads = [event.payload for event in await events_of(log, imported.session)][2:-1]
    kinds = (UserMessage, ModelReplied, ToolFinished, ToolFinished, HostMessage)
    assert [type(each) for each in payloads] == [*kinds, ModelReplied, ToolFinished, ModelReplied]
    origins = [each.origin for each in payloads if isinstance(each, (*kinds,))]
    assert [origin.line for origin in origins if origin] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert origins[0] and origins[0].time == 1_772_359_200_000
    results = [each for each in payloads if isinstance(each, ToolFinished)]
    assert [(each.call, each.name, each.title, each.outcome, each.step) for each in results] == [
        ("n1", "read", "read lamp.py", "ok", 1),
        ("n2", "bash", "bash make lamp", "error", 1),
        ("n1~2", "edit", "edit lamp.py", "ok", 2),
    ]
    assert isinstance(payloads[4], HostMessage) and payloads[4].about == SUMMARY


async def test_a_session_ends_with_nothing_left_to_do(log: EventLog, blobs: BlobStore, root: Path) -> None:
    imported = await import_file(DATA / "claude-code.jsonl", log, blobs, root)
    fold = SessionFold(imported.session)
    for event in await events_of(log, imported.session):
        fold.apply(event.payload, event.time)
    assert (fold.turn, fold.state, fold.pending, fold.steps) == ("rest", "done", {}, 4)
    assert imported.problems == ("line 18: no JSON, or not all of it",)


async def test_a_call_without_a_result_gets_one_and_a_result_without_a_call_becomes_host_text(
    log: EventLog, blobs: BlobStore, root: Path
) -> None:
    imported = await import_file(DATA / "claude-code.jsonl", log, blobs, root)
    payloads = [event.payload for event in await events_of(log, imported.session)]
    asked = next(
        index
        for index, each in enumerate(payloads)
        if isinstance(each, ModelReplied) and [call.id for call in each.calls] == ["toolu_04"]
    )
    answer = payloads[asked + 1]
    assert isinstance(answer, ToolFinished)
    assert (answer.call, answer.outcome, answer.text) == ("toolu_04", "interrupted", NO_RESULT)
    orphans = [
        each.text for each in payloads if isinstance(each, HostMessage) and "not in the file" in each.text
    ]
    assert orphans == ["Result of a call that is not in the file:\na result nobody asked for\n[image]"]


async def test_ids_that_are_missing_or_used_again_become_unique(
    log: EventLog, blobs: BlobStore, root: Path
) -> None:
    def call(identity: str) -> dict[str, Any]:
        return {"id": identity, "name": "t", "arguments": "{}"}

    def result(identity: str, text: str) -> dict[str, Any]:
        return {"role": "tool", "tool_call_id": identity, "content": text}

    path = write(
        root / "f.jsonl",
        {"role": "assistant", "content": "", "tool_calls": [call("a"), call("a"), call("")]},
        result("a", "first"),
        result("a", "second"),
        result("", "third"),
        {"role": "assistant", "content": "", "tool_calls": [call("a")]},
        {"role": "assistant", "content": "", "tool_calls": [call("a"), call("a~2")]},
        result("a", "last"),
        result("a~2", "other"),
    )
    imported = await import_file(path, log, blobs, root)
    payloads = [event.payload for event in await events_of(log, imported.session)]
    asked = [call.id for each in payloads if isinstance(each, ModelReplied) for call in each.calls]
    assert asked == ["a", "a~2", "call", "a~3", "a~4", "a~2~2"]
    found = {each.call: each.text for each in payloads if isinstance(each, ToolFinished)}
    assert found == {
        "a": "first",
        "a~2": "second",
        "call": "third",
        "a~3": NO_RESULT,
        "a~4": "last",
        "a~2~2": "other",
    }


async def test_no_secret_of_a_short_message_is_stored(
    log: EventLog, blobs: BlobStore, tmp_path: Path
) -> None:
    secret = fake_secrets.WITH_FORM["openai legacy"]
    path = write(
        tmp_path / "s.jsonl",
        {"meta": {"tool": "x"}},
        {"role": "user", "content": f"use {secret} for it"},
        {
            "role": "assistant",
            "content": f"I use {secret}.",
            "tool_calls": [{"id": "1", "name": "bash", "arguments": {"command": f"echo {secret}"}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": secret},
    )
    imported = await import_file(path, log, blobs, tmp_path)
    events = await events_of(log, imported.session)
    assert {UserMessage.kind, ModelReplied.kind, ToolFinished.kind} <= {event.kind for event in events}
    assert all(secret not in event.text for event in events)


async def test_texts_over_the_bounds_are_kept_whole_and_masked_in_blobs(
    log: EventLog, blobs: BlobStore, root: Path
) -> None:
    secret = fake_secrets.WITH_FORM["openai legacy"]
    long = "word " * (REPLY // 5) + secret + " word" * 100
    arguments = {"path": "big.txt", "content": long, "more": 1}
    path = write(
        root / "f.jsonl",
        {"role": "user", "content": long},
        {"role": "system", "content": long},
        {
            "role": "assistant",
            "content": long,
            "tool_calls": [{"id": "c", "name": "w", "arguments": arguments}],
        },
        {"role": "tool", "tool_call_id": "c", "content": long},
    )
    imported = await import_file(path, log, blobs, root)
    events = await events_of(log, imported.session)
    assert all(secret not in event.text for event in events)
    for payload in [event.payload for event in events][2:-1]:
        assert isinstance(payload, UserMessage | HostMessage | ModelReplied | ToolFinished)
        assert payload.whole is not None
        whole = blobs.get(payload.whole).decode()
        assert secret not in whole and whole.endswith("word" * 1) and len(whole) > REPLY
        assert len(payload.text) <= (REPLY if isinstance(payload, ModelReplied) else TEXT)
        for call in payload.calls if isinstance(payload, ModelReplied) else ():
            assert json.loads(call.arguments)["path"] == "big.txt"


async def test_the_same_file_again_gives_the_session_that_is_there_and_adds_nothing(
    log: EventLog, blobs: BlobStore, root: Path
) -> None:
    first = await import_file(DATA / "codex.jsonl", log, blobs, root)
    end = log.last_seq
    copy = root / "elsewhere.jsonl"
    copy.write_bytes((DATA / "codex.jsonl").read_bytes())
    again = await import_file(copy, log, blobs, root)
    assert again == Imported(first.session, first.messages, first.problems, already=True)
    assert log.last_seq == end
    other = await import_file(DATA / "codex-old.jsonl", log, blobs, root)
    assert other.session != first.session


async def killed_in_its_midst(path: Path, log: EventLog, blobs: BlobStore, root: Path) -> None:
    """An import that wrote some batches and then was no more."""
    task = asyncio.create_task(import_file(path, log, blobs, root))
    async with deadline():
        await log.wait(6)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (session,) = await log.newest_of_each(SessionImported.kind)
    assert await log.newest_of_each(StateChanged.kind) == {}, session


def many(path: Path, count: int) -> Path:
    turn: list[dict[str, Any]] = [
        {"role": "user", "content": "go on"},
        {"role": "assistant", "content": "x", "tool_calls": [{"id": "c", "name": "t", "arguments": {}}]},
        {"role": "tool", "tool_call_id": "c", "content": "y"},
        {"role": "assistant", "content": "z", "tool_calls": [{"id": "d", "name": "t", "arguments": {}}]},
    ]
    return write(path, *(turn * (count // 4)))


async def test_an_import_that_was_killed_is_finished_by_the_next_one(
    root: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "_BATCH", 1)
    path = many(root / "f.jsonl", 400)
    async with opened(root / "killed") as (log, _):
        await killed_in_its_midst(path, log, blobs, root)
    async with opened(root / "killed") as (log, _):
        (session,) = await log.newest_of_each(SessionImported.kind)
        there = len(await events_of(log, session))
        await log.append(session, StateChanged(state="interrupted", reason="as a host says that starts"))
        imported = await import_file(path, log, blobs, root)
        assert (imported.session, imported.already) == (session, False)
        found = await events_of(log, session)
        assert (await import_file(path, log, blobs, root)).already
    async with opened(root / "whole") as (log, _):
        expected = await events_of(log, (await import_file(path, log, blobs, root)).session)
    assert 2 < there < len(expected)
    texts = [event.text for event in found]
    assert texts[:there] + texts[there + 1 :] == [event.text for event in expected]


async def test_no_line_of_a_file_is_written_in_two_parts(
    log: EventLog, root: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill leaves a line whole or not at all: the next import goes on behind the last line that is there."""
    monkeypatch.setattr(importer, "_BATCH", 1)
    groups: list[set[int]] = []
    append = log.append

    async def spy(session: str, *payloads: Any) -> tuple[Event, ...]:
        events = await append(session, *payloads)
        origins = [json.loads(event.text).get("origin") for event in events]
        groups.append({origin["line"] for origin in origins if origin})
        return events

    monkeypatch.setattr(log, "append", spy)
    await import_file(DATA / "opencode-export.json", log, blobs, root)
    assert [group for group in groups if group] == [{15}, {52}, {218}, {239}]


async def test_half_an_import_that_its_user_took_up_is_left_alone(
    log: EventLog, root: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "_BATCH", 1)
    path = many(root / "f.jsonl", 400)
    await killed_in_its_midst(path, log, blobs, root)
    (half,) = await log.newest_of_each(SessionImported.kind)
    await log.append(half, SessionResumed(), UserMessage(text="I go on here"))
    before = await events_of(log, half)
    imported = await import_file(path, log, blobs, root)
    assert imported.session != half and imported.session.startswith(half)
    assert [event.seq for event in await events_of(log, half)] == [event.seq for event in before]


async def test_a_file_without_a_message_makes_no_session(log: EventLog, root: Path, blobs: BlobStore) -> None:
    path = write(root / "f.jsonl", {"meta": {}}, {"role": "nobody"})
    with pytest.raises(ImportRefused, match="no message"):
        await import_file(path, log, blobs, root)
    assert log.last_seq == 0


async def test_more_messages_than_the_bound_are_left_out_and_told(
    log: EventLog, root: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "MOST_MESSAGES", 5)
    imported = await import_file(many(root / "f.jsonl", 12), log, blobs, root)
    assert imported.messages == 5
    assert imported.problems == ("line 6: more than 5 messages; the rest is left out",)


@pytest.mark.bench
async def test_fifty_thousand_messages_are_imported_in_well_under_a_minute(
    log: EventLog, root: Path, blobs: BlobStore
) -> None:
    started = time.monotonic()
    imported = await import_file(many(root / "f.jsonl", 50_000), log, blobs, root)
    assert imported.messages == 50_000
    assert time.monotonic() - started < 45

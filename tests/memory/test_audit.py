"""The audit: everything that was done is a row, with what let it run; nothing that was not done is one."""

import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from cairn_memory.audit import AuditKind, Row, read_audit
from cairn_memory.audit import read as module
from cairn_memory.audit.changed_lines import changed_lines
from cairn_memory.audit.fold import OPEN, Audit
from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    BlobRef,
    Event,
    FileVersioned,
    ModelReplied,
    Origin,
    Payload,
    ProcessEnded,
    ProcessStarted,
    StateChanged,
    TaskChanged,
    ToolCall,
    ToolFinished,
    ToolStarted,
)
from cairn_memory.events.conversation import FileEffect
from cairn_memory.log import EventLog
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log

OLD, NEW = "a" * 64, "b" * 64


@pytest.fixture
async def log(tmp_path: Path) -> AsyncGenerator[EventLog]:
    folder = tmp_path / "local"
    folder.mkdir()
    opened, _ = await open_log(folder, SecretMasker(key=b"0123456789abcdef"))
    yield opened
    await opened.close()


def asked(name: str = "bash", call: str = "c1", step: int = 1, **arguments: Any) -> ModelReplied:
    return ModelReplied(step=step, calls=(ToolCall(id=call, name=name, arguments=json.dumps(arguments)),))


def started(name: str = "bash", call: str = "c1", rule: str = "allow bash", **more: Any) -> ToolStarted:
    return ToolStarted(step=1, call=call, name=name, title=f"{name} it", rule=rule, **more)


def finished(name: str = "bash", call: str = "c1", **more: Any) -> ToolFinished:
    return ToolFinished(step=1, call=call, name=name, **more)


def edited(path: str = "/w/a.py", before: str = OLD, after: str = NEW) -> FileEffect:
    return FileEffect(path=path, before=before, after=after)


async def rows(log: EventLog, *payloads: Payload, **asked_for: Any) -> list[Row]:
    await log.append("s-1", *payloads)
    return list((await read_audit(log, **asked_for)).rows)


async def test_a_command_says_what_ran_for_which_task_and_what_let_it_run(log: EventLog) -> None:
    (row,) = await rows(
        log,
        TaskChanged(task="T1.2", title="t", state="in progress"),
        asked(command="make test | tail"),
        started(),
        finished(outcome="error", exit_code=2, ms=31),
    )
    assert (row.kind, row.what, row.outcome, row.exit_code) == ("command", "make test | tail", "error", 2)
    assert (row.session, row.agent, row.task, row.allowed) == ("s-1", "main", "T1.2", "allow bash")
    assert (row.events, row.ms) == ((2, 3, 4), 31)
    assert abs(row.time - time.time() * 1_000) < 60_000


async def test_the_task_is_the_one_at_the_time(log: EventLog) -> None:
    found = await rows(
        log,
        asked(command="one"), started(), finished(),
        TaskChanged(task="T1", title="t", state="in progress"),
        asked(command="two"), started(), finished(),
        TaskChanged(task="T1", title="t", state="done"),
        asked(command="three"), started(), finished(),
    )  # fmt: skip
    assert [row.task for row in found] == ["", "T1", ""]


async def test_an_install_has_a_row_besides_its_commands(log: EventLog) -> None:
    found = await rows(
        log, asked(command="cd web && npm ci; sudo pip install x"), started(), finished(exit_code=0)
    )
    assert [(row.kind, row.what) for row in found] == [
        ("command", "cd web && npm ci; sudo pip install x"),
        ("install", "npm ci"),
        ("install", "pip install x"),
    ]
    assert len({row.events for row in found}) == 1
    only = (await read_audit(log, kinds=("install",))).rows
    assert [row.what for row in only] == ["npm ci", "pip install x"]


async def test_a_file_change_has_path_hashes_and_lines(log: EventLog) -> None:
    found = await rows(
        log,
        asked("edit", path="a.py", old="x\ny\n", new="x\nz\nz\n"),
        started("edit", effect=edited()),
        finished("edit", effect=edited()),
        asked("write", path="b.py", content="1\n2\n"),
        started("write", effect=edited("/w/b.py", "")),
        finished("write", effect=edited("/w/b.py", "")),
        asked("write", path="a.py", content="1\n2\n"),
        started("write", effect=edited()),
        finished("write", effect=edited()),
    )
    assert [(row.kind, row.what, row.before, row.after) for row in found] == [
        ("file", "/w/a.py", "a" * 12, "b" * 12),
        ("file", "/w/b.py", "", "b" * 12),
        ("file", "/w/a.py", "a" * 12, "b" * 12),
    ]
    assert [(row.added, row.removed) for row in found] == [(2, 1), (2, 0), (None, None)]


async def test_who_approved_or_denied_a_call_is_named(log: EventLog) -> None:
    ask = ApprovalRequested(
        id="s-1:1.0", call="c1", name="edit", title="t", detail="--- a\n+++ b\n@@\n-x\n+y\n+z"
    )
    found = await rows(
        log,
        asked("write", path="a.py", content="y"), ask, ApprovalAnswered(id="s-1:1.0", decision="allow", by="editor"),
        started("write", rule="approved", effect=edited()), finished("write", effect=edited()),
        asked(command="rm -r /"), ask, ApprovalAnswered(id="s-1:1.0", decision="deny", by="terminal", words="no"),
        finished(outcome="denied", text="The user denied this call: no. It was not run."),
        asked(command="curl x"),
        finished(outcome="denied", text="Denied: the rule `deny curl` denies it. Find another way, or say what you need."),
    )  # fmt: skip
    assert [(row.outcome, row.allowed) for row in found] == [
        ("ok", "approved by editor"),
        ("denied", "denied by terminal"),
        ("denied", "the rule `deny curl` denies it"),
    ]
    assert (found[0].added, found[0].removed) == (2, 1)
    assert found[1].what == "rm -r /" and len(found[1].events) == 4


async def test_what_was_interrupted_or_cut_off_is_told_and_what_works_now_too(log: EventLog) -> None:
    found = await rows(
        log,
        asked(command="sleep 9"), started(), finished(outcome="interrupted"),
        asked(command="never ran"), finished(outcome="interrupted"),
        asked(command="make"), started(), StateChanged(state="interrupted", reason="the host stopped in mid-run"),
        finished(exit_code=0),
        asked("edit", path="a.py", old="x", new="y"), started("edit", effect=edited()),
    )  # fmt: skip
    assert [(row.what, row.outcome) for row in found] == [
        ("sleep 9", "interrupted"),
        ("never ran", "not run"),
        ("make", "cut off"),
        ("make", "ok"),
        ("/w/a.py", "unfinished"),
    ]


async def test_reads_and_calls_that_never_began_are_no_rows(log: EventLog) -> None:
    assert not await rows(
        log,
        asked("read", path="a.py"), finished("read", effect=edited(after=OLD)),
        asked("edit", path="a.py", old="", new=""), finished("edit", outcome="error", text="`old` is empty"),
        asked("grep", pattern="x"), finished("grep"),
        asked("write", path="a.py", content="x"), started("write", effect=edited(after=OLD)),
        finished("write", effect=edited(after=OLD)),
    )  # fmt: skip


async def test_the_end_of_a_background_command_is_a_row(log: EventLog) -> None:
    found = await rows(
        log,
        asked(command="serve", background=True), started(), finished(summary="in the background"),
        ProcessStarted(id="1.0", command="serve", pid=7, output="o"), ProcessEnded(id="1.0", exit_code=3),
    )  # fmt: skip
    assert [(row.what, row.outcome, row.exit_code) for row in found] == [
        ("serve", "ok", None),
        ("serve", "error", 3),
    ]


async def test_edits_of_the_memory_by_agent_and_user_are_file_changes(log: EventLog) -> None:
    def version(by: Any) -> FileVersioned:
        content = BlobRef(digest=NEW, size=1)
        return FileVersioned(
            file="project/MEMORY.md", number=1, content=content, before=OLD, reason="r", by=by
        )

    found = await rows(log, version("agent"), version("code"), version("user"))
    assert [(row.kind, row.what, row.agent, row.after) for row in found] == [
        ("file", "project/MEMORY.md", "main", "b" * 12),
        ("file", "project/MEMORY.md", "user", "b" * 12),
    ]


async def test_sessions_of_other_programs_are_in_it_with_their_own_times(log: EventLog) -> None:
    origin = Origin(line=3, time=1_000)
    found = await rows(
        log,
        ModelReplied(step=1, origin=origin, calls=(
            ToolCall(id="a", name="Bash", arguments='{"command": "npm i x"}'),
            ToolCall(id="b", name="Edit", arguments='{"file_path": "/p/a.ts", "old_string": "x", "new_string": "y"}'),
        )),
        finished("Bash", "a", origin=origin, title="Bash npm i x"),
        finished("Edit", "b", origin=origin, title="Edit /p/a.ts"),
    )  # fmt: skip
    assert [(row.kind, row.what, row.time) for row in found] == [
        ("command", "npm i x", 1_000),
        ("install", "npm i x", 1_000),
        ("file", "/p/a.ts", 1_000),
    ]


async def test_pages_put_together_are_the_whole(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENTS", 3)
    monkeypatch.setattr(module, "REACH", 30)
    for number in range(40):
        session = f"s-{number % 3}"
        if number < 3:  # long before the later pages
            await log.append(session, TaskChanged(task=f"T{number}", title="t", state="in progress"))
        await log.append(
            session, asked(command=f"step {number}", call=f"c{number}"), started(call=f"c{number}")
        )
        if number >= 3:
            await log.append(f"s-{(number - 3) % 3}", finished(call=f"c{number - 3}"))
    whole = await read_audit(log)
    assert len(whole.rows) == 40 and not whole.more
    found: list[Row] = []
    since, more = 0, True
    while more:
        page = await read_audit(log, since, limit=4)
        found += page.rows
        since, more = page.since, page.more
    assert tuple(found) == whole.rows
    assert {row.session for row in (await read_audit(log, session="s-1")).rows} == {"s-1"}
    kinds: tuple[AuditKind, ...] = ("file",)
    assert (await read_audit(log, kinds=kinds)).rows == ()
    assert (await read_audit(log, after=int(time.time() * 1_000) + 60_000)).rows == ()


def test_a_million_events_take_no_more_memory_than_a_few() -> None:
    audit, text = Audit(), asked(command="x" * 100).model_dump_json()
    for number in range(3 * OPEN):
        event = Event(number + 1, "s", "main", "model.replied", 0, text.replace('"c1"', f'"c{number}"'))
        assert audit.apply(event) == []
    assert len(audit._open) == OPEN  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("arguments", ["", "[1]", "{", '{"old": 1}', '{"old": "a", "new": "b", "all": true}'])
def test_lines_that_nobody_knows_are_not_guessed(arguments: str) -> None:
    assert changed_lines(arguments, "", False) == (None, None)

"""The tool `task`: what a model asks right is done, and what it asks wrong is told in one line."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from desk import Desk

from cairn_agents.tools.base import Result
from cairn_agents.tools.toolbox import Toolbox
from cairn_memory.events import TaskChanged, ToolFinished
from cairn_memory.redact import SecretMasker, masked
from cairn_memory.store import open_log
from cairn_memory.tasks import Evidence, TaskTree, task_lines


@pytest.fixture
def tree() -> TaskTree:
    return TaskTree()


@pytest.fixture
def tasks(desk: Desk, tree: TaskTree) -> Desk:
    desk.scope = replace(desk.scope, tasks=tree)
    return desk


async def ask(desk: Desk, action: str, **arguments: object) -> Result:
    """One call, and its events taken in as a session does."""
    result = await desk("task", action=action, **arguments)
    assert desk.scope.tasks is not None
    for event in result.events:
        desk.scope.tasks.apply(event, desk.scope.session, 1)
    return result


async def test_a_plan_is_made_worked_off_and_says_what_comes_next(tasks: Desk, tree: TaskTree) -> None:
    assert (await ask(tasks, "create", title="Parse")).text == "T1 was created: Parse"
    await ask(tasks, "create", title="Lexer", parent="T1", criteria=["tests/lexer.py passes"])
    await ask(tasks, "create", title="Docs", needs=["T1"])
    started = await ask(tasks, "start", id="T1.1")
    assert started.text == "T1.1 is in progress: Lexer\nDone when: tests/lexer.py passes"
    assert "It needs T1 (open) before" in (await ask(tasks, "start", id="T2")).text
    await ask(tasks, "block", id="T2", note="no examples")
    done = await ask(tasks, "done", id="T1.1", evidence=[12, 40])
    assert done.text == "T1.1 is done (evidence: e12, e40): Lexer\nNext: T1 Parse (open); 1 left."
    assert (await ask(tasks, "done", id="T1", evidence=[41])).text.endswith("No other task is left to do.")
    assert task_lines(tree) == [
        "- [x] T1 Parse (done; e41)",
        "  - [x] T1.1 Lexer (done; e12, e40)",
        "- [!] T2 Docs (blocked; no examples)",
    ]


async def test_the_tool_changes_nothing_itself(tasks: Desk, tree: TaskTree) -> None:
    result = await tasks("task", action="create", title="a")
    (event,) = result.events
    assert isinstance(event, TaskChanged) and event.task == "T1"
    assert len(tree) == 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"needs": "T1, t2"}, ("T1", "T2")),
        ({"needs": '["1", "#T2"]'}, ("T1", "T2")),
        ({"needs": None}, ()),
        ({"criteria": "one line\n\nanother"}, ("one line", "another")),
        ({"criteria": "[x] looks like a list"}, ("[x] looks like a list",)),
    ],
)
async def test_lists_are_taken_as_models_give_them(
    tasks: Desk, tree: TaskTree, given: dict[str, object], kept: tuple[str, ...]
) -> None:
    await ask(tasks, "create", title="a")
    await ask(tasks, "create", title="b")
    await ask(tasks, "create", title="c", **given)
    task = tree.get("T3")
    assert task is not None and (task.needs or task.criteria) == kept


async def test_all_arguments_filled_in_with_nothing_keep_what_there_is(tasks: Desk, tree: TaskTree) -> None:
    await ask(tasks, "create", title="a", criteria=["it runs"])
    empty: dict[str, object] = {
        "title": "",
        "parent": "",
        "needs": [],
        "criteria": [],
        "evidence": [],
        "note": "",
    }
    await ask(tasks, "start", id="t1", **empty)
    await ask(tasks, "change", id="1", **{**empty, "title": "better"})
    task = tree.get("T1")
    assert task is not None
    assert (task.title, task.criteria, task.state) == ("better", ("it runs",), "in progress")
    await ask(tasks, "done", id="", **{**empty, "evidence": "e7, 8"})
    assert task_lines(tree) == ["- [x] T1 better (done; e7, e8)"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"action": "start", "id": "T4"}, "there is no task T4; open tasks of this session: T1 Parse"),
        ({"action": "start"}, "start needs the `id` of a task; open tasks of this session: T1 Parse"),
        ({"action": "create"}, "it has no title"),
        ({"action": "create", "title": "x", "parent": "T7"}, "there is no task 'T7'; open tasks: T1 (open)"),
        ({"action": "block", "id": "T1"}, "say in `note` what it waits for"),
        ({"action": "done", "id": "T1"}, "no event shows"),
        ({"action": "done", "id": "T1", "evidence": "tests pass"}, "give those, or leave it out"),
        ({"action": "reopen", "id": "T2", "needs": ["T2"]}, "T2"),
        ({"action": "finish", "id": "T1"}, "'done'"),
    ],
)
async def test_what_was_asked_wrong_is_said_in_one_line(
    tasks: Desk, call: dict[str, object], said: str
) -> None:
    await ask(tasks, "create", title="Parse")
    text = await tasks.fails("task", **call)
    assert said in text and "\n" not in text


async def test_without_evidence_named_the_calls_since_the_start_are_taken(
    tasks: Desk, tmp_path: Path
) -> None:
    log, _ = await open_log(tmp_path / "log", SecretMasker(()))
    tasks.scope = replace(tasks.scope, evidence=Evidence(log))

    async def logged(action: str, **arguments: object) -> Result:
        result = await ask(tasks, action, **arguments)
        await log.append("s", ToolFinished(step=1, call="c", name="task"), *result.events)
        return result

    await logged("create", title="a")
    await logged("create", title="b", parent="T1")
    await logged("start", id="T1.1")
    assert "below it T1.1" in await tasks.fails("task", action="done", id="T1")
    assert "no call of yours has succeeded" in await tasks.fails("task", action="done", id="T1.1")
    await log.append("s", ToolFinished(step=1, call="c", name="bash", exit_code=0))
    assert "leave `evidence` out" in await tasks.fails("task", action="done", id="T1.1", evidence=[1, 900])
    assert "(evidence: e7)" in (await logged("done")).text
    assert "(evidence: e7)" in (await logged("done", id="T1", evidence=["e7"])).text
    await log.close()


async def test_the_list_shows_what_is_open_and_what_this_session_did(tasks: Desk, tree: TaskTree) -> None:
    assert "no open tasks" in (await ask(tasks, "list")).text
    tree.apply(TaskChanged(task="T1", title="of another", state="done", evidence=(1,)), "other", 1)
    assert "finished: 1" in (await ask(tasks, "list")).text
    tree.apply(TaskChanged(task="T2", title="of another"), "other", 1)
    await ask(tasks, "create", title="mine", parent="T2", criteria=["it runs"])
    await ask(tasks, "start", id="T2.1")
    listed = (await ask(tasks, "list")).text
    assert listed == "- [ ] T2 of another\n  - [>] T2.1 mine (in progress)\nYou are at T2.1."
    assert (await ask(tasks, "list", id="T2.1")).text == "- [>] T2.1 mine (in progress)\nDone when: it runs"
    for number in range(200):
        await ask(tasks, "create", title=f"task {number}")
    listed = (await ask(tasks, "list")).text
    assert len(listed.splitlines()) == 102 and "[102 more;" in listed


async def test_a_secret_in_a_task_is_masked_in_its_title_and_its_event(tasks: Desk) -> None:
    secret = "ghp_" + "FAKEfake0123456789FAKEfake0123456789"[:36]
    _, plan = await tasks.plan("task", action="create", title=f"{'x ' * 20}{secret}")
    assert secret not in tasks.stored_line(plan.title)
    (event,) = (await tasks("task", action="create", title=f"use {secret}", criteria=[secret])).events
    assert secret not in masked(event, tasks.masker).model_dump_json()


async def test_where_no_tasks_are_kept_the_model_is_told(desk: Desk) -> None:
    assert "no tasks are kept" in await desk.fails("task", action="list")


def test_the_schema_is_small() -> None:
    (schema,) = (each for each in Toolbox().schemas(("note",)) if "criteria" in json.dumps(each))
    assert len(json.dumps(schema, separators=(",", ":"))) / 4 < 250

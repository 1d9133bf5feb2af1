"""Tasks in a run: what the calls of `task` leave in the log, and what happens to a model that stops too soon."""

import asyncio
import itertools
from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import Turn, call, calls, say

from cairn_agents.guards.open_tasks import OpenTasksGuard
from cairn_agents.model.reply import Reply
from cairn_memory.events import Event, GuardActed, HostMessage, Payload, TaskChanged, ToolFinished
from cairn_memory.redact import Masked
from cairn_memory.sessions import SessionFold
from cairn_memory.tasks import TaskTree, read_tasks, task_lines

CREATE = call("task", action="create", title="the first")
START = call("task", action="start", id="T1")
WORK = call("bash", command="echo ok")
DONE = call("task", action="done", id="T1")


async def _asked(h: Harness) -> list[GuardActed]:
    acted = [each for each in await h.payloads("guard.acted") if isinstance(each, GuardActed)]
    return [each for each in acted if each.guard == "open-tasks"]


async def _lines(h: Harness) -> list[str]:
    return task_lines(await read_tasks(h.log))


async def test_a_task_done_in_a_run_names_the_calls_that_show_it(tmp_path: Path) -> None:
    async with harness(tmp_path, [CREATE, WORK, START, WORK, DONE, say("done")]) as h:
        info = await h.run()
        assert (info.state, info.reason) == ("done", "the agent finished")
        finished = [event for event in await h.events("tool.finished") if '"bash"' in event.text]
        assert await _lines(h) == [f"- [x] T1 the first (done; e{finished[1].seq})"]
        assert not await _asked(h)


async def test_calls_of_one_reply_see_what_the_ones_before_them_did(tmp_path: Path) -> None:
    plan = calls(
        ("task", {"action": "create", "title": "a"}),
        ("task", {"action": "create", "title": "b", "needs": ["T1"]}),
        ("task", {"action": "start", "id": "T1"}),
        ("bash", {"command": "echo ok"}),
        ("task", {"action": "done"}),
        ("task", {"action": "abandon", "id": "T2", "note": "not asked for"}),
    )
    async with harness(tmp_path, [plan, say("done")]) as h:
        assert (await h.run()).state == "done"
        lines = await _lines(h)
        assert lines[0].startswith("- [x] T1 a (done; e")
        assert lines[1] == "- [-] T2 b (abandoned; not asked for)"


async def test_a_result_and_what_the_call_leaves_are_durable_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[list[str]] = []
    async with harness(tmp_path, [CREATE, call("note", text="remember"), DONE, say("stop")]) as h:
        append = h.log.append

        async def watched(session: str, *payloads: Payload | Masked, **more: str) -> tuple[Event, ...]:
            groups.append([each.payload.kind for each in payloads if isinstance(each, Masked)])
            return await append(session, *payloads, **more)

        monkeypatch.setattr(h.log, "append", watched)
        await h.run()
        for left in ("task.changed", "note.added"):
            (group,) = [each for each in groups if left in each]
            assert group[group.index(left) - 1] == "tool.finished"
        refused = [each for each in await h.payloads("tool.finished") if isinstance(each, ToolFinished)][-1]
        assert refused.outcome == "error" and "no call of yours has succeeded" in refused.text


async def test_a_model_that_stops_is_asked_by_name_and_goes_on(tmp_path: Path) -> None:
    async with harness(tmp_path, [CREATE, START, say("done, I think"), WORK, DONE, say("now it is")]) as h:
        info = await h.run()
        assert (info.state, info.reason) == ("done", "the agent finished")
        (asked,) = await _asked(h)
        assert (asked.action, asked.count) == ("nudge", 1)
        (words,) = [each for each in await h.payloads("message.host") if isinstance(each, HostMessage)]
        assert "T1 (in progress): the first" in words.text
        assert "the first" in str(h.conversation(3)[-1]["content"])


@pytest.mark.parametrize("between", [None, call("task", action="list"), WORK])
async def test_a_model_that_stops_again_and_again_is_let_go_and_the_reason_names_the_tasks(
    tmp_path: Path, between: Turn | None
) -> None:
    def turns(number: int) -> Turn:
        if number == 0:
            return CREATE
        return between if between and number % 2 else say("I am done.")

    async with harness(tmp_path, turns) as h:
        info = await h.run()
        assert (info.state, info.reason) == ("done", "the agent stopped; 1 task open (T1)")
        assert [each.count for each in await _asked(h)] == [1, 2, 3]
        (state,) = (await h.payloads("session.state"))[-1:]
        assert '"cause":"tasks"' in state.model_dump_json()
        assert (await h.resume(info.session, "and now?")).state == "done"
        assert [each.count for each in await _asked(h)] == [1, 2, 3, 1, 2, 3]


async def test_a_model_that_works_off_its_list_is_not_let_go_in_the_middle_of_it(tmp_path: Path) -> None:
    plan = calls(*(("task", {"action": "create", "title": f"number {each}"}) for each in range(6)))
    steps: list[Turn] = [plan]
    for each in range(1, 7):
        done = ("task", {"action": "done", "id": f"T{each}"})
        steps += [say("so far"), say("so good"), calls(("bash", {"command": f"echo {each}"}), done)]
    async with harness(tmp_path, [*steps, say("all done")]) as h:
        info = await h.run()
        assert (info.state, info.reason) == ("done", "the agent finished")
        assert [each.count for each in await _asked(h)] == [1, 2] * 6


async def test_new_tasks_never_make_it_ask_for_ever(tmp_path: Path) -> None:
    def turns(number: int) -> Turn:
        if number == 0:
            return calls(("task", {"action": "create", "title": "never done"}))
        if number % 2:
            return say("I am done.")
        if number % 4:
            return call("task", action="create", title=f"number {number}")
        return call("task", action="abandon", id=f"T{number // 4 + 1}")

    async with harness(tmp_path, turns) as h:
        assert "T1" in (await h.run()).reason
        assert len(await _asked(h)) == 3


async def test_a_blocked_task_is_named_and_not_asked_about(tmp_path: Path) -> None:
    block = call("task", action="block", id="T1", note="no access to the server")
    async with harness(tmp_path, [CREATE, block, say("I need access.")]) as h:
        info = await h.run()
        assert info.reason == "the agent stopped; T1 is blocked (no access to the server)"
        assert not await _asked(h)


@pytest.mark.parametrize(("config", "mode"), [("[guards]\nopen_tasks = 0", "build"), ("", "plan")])
async def test_it_is_not_asked_when_switched_off_or_when_it_only_plans(
    tmp_path: Path, config: str, mode: str
) -> None:
    async with harness(tmp_path, [CREATE, say("the plan")], config=config) as h:
        session = await h.start(mode=mode)  # pyright: ignore[reportArgumentType]
        assert (await h.rest(session)).reason == "the agent stopped; 1 task open (T1)"
        assert not await _asked(h)


async def test_tasks_of_another_session_are_not_asked_about(tmp_path: Path) -> None:
    async with harness(tmp_path, [CREATE, *[say("stop")] * 4, say("the other has nothing to do")]) as h:
        await h.run()
        before = len(await _asked(h))
        assert (await h.run()).reason == "the agent finished"
        assert len(await _asked(h)) == before


async def test_sessions_that_run_at_once_never_give_two_tasks_one_number(tmp_path: Path) -> None:
    titles = (f"number {number}" for number in itertools.count())

    def turns(replies: int) -> Turn:
        return (
            say("planned")
            if replies
            else calls(*(("task", {"action": "create", "title": next(titles)}) for _ in range(5)))
        )

    async with harness(tmp_path, turns, config="[guards]\nopen_tasks = 0", by_conversation=True) as h:
        sessions = [await h.start() for _ in range(3)]
        await asyncio.gather(*map(h.rest, sessions))
        made = [each for each in await h.payloads("task.changed") if isinstance(each, TaskChanged)]
        assert sorted(each.task for each in made) == sorted(f"T{number}" for number in range(1, 16))


def test_the_guard_leaves_replies_alone_that_are_no_stop() -> None:
    tree = TaskTree()
    tree.apply(TaskChanged(task="T1", title="t"), "s", 1)
    guard, fold = OpenTasksGuard(tree), SessionFold("s")
    assert guard.on_reply(fold, Reply(text="half", finish="length")) is None
    assert guard.on_reply(SessionFold("other"), Reply(text="done", finish="stop")) is None
    verdict = guard.on_reply(fold, Reply(text="done", finish="stop"))
    assert verdict is not None and (verdict.action, verdict.left) == ("nudge", 1)


def test_what_is_said_about_many_tasks_is_short() -> None:
    tree = TaskTree()
    for number in range(1, 300):
        tree.apply(TaskChanged(task=f"T{number}", title="x" * 2_000), "s", 1)
    verdict = OpenTasksGuard(tree).on_reply(SessionFold("s"), Reply(text="done", finish="stop"))
    assert verdict is not None and "and 289 more" in verdict.words
    assert len(verdict.words) < 3_500 and len(verdict.reason) < 200

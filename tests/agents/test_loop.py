"""The loop: what a run does, when it stops, and how it goes on."""

import itertools
from pathlib import Path

import pytest
from deadlines import deadline
from harness import Harness, harness
from scripted_provider import Turn, call, calls, say

from cairn_memory.events import ApprovalAnswered, GuardActed, HostMessage, ToolFinished


async def _results(h: Harness) -> list[ToolFinished]:
    return [each for each in await h.payloads("tool.finished") if isinstance(each, ToolFinished)]


async def test_a_run_reads_edits_runs_a_command_and_finishes(tmp_path: Path) -> None:
    turns = [
        call("read", path="a.py"),
        call("edit", path="a.py", old="1", new="2"),
        call("bash", command="cat a.py"),
        say("Changed it to two."),
    ]
    async with harness(tmp_path, turns) as h:
        (h.root / "a.py").write_text("x = 1\n", encoding="utf-8")
        info = await h.run("make it two")
        assert (info.state, info.steps) == ("done", 4)
        assert (h.root / "a.py").read_text(encoding="utf-8") == "x = 2\n"
        assert [each.outcome for each in await _results(h)] == ["ok", "ok", "ok"]
        assert h.conversation()[0] == {"role": "user", "content": "make it two"}
        assert h.conversation()[-1]["content"] == "x = 2"


async def test_every_request_begins_with_the_bytes_of_the_one_before_also_after_a_resume(
    tmp_path: Path,
) -> None:
    turns = [
        *[call("bash", command=f"echo {i}") for i in range(5)],
        say("one"),
        call("read", path="."),
        say("two"),
    ]
    async with harness(tmp_path, turns) as h:
        info = await h.run()
        assert (await h.resume(info.session, "and more")).state == "done"
        bodies = [request.body for request in h.provider.requests]
        assert len(bodies) == 8
        assert all(after.startswith(before[:-2]) for before, after in itertools.pairwise(bodies))


async def test_the_first_request_stays_under_four_thousand_tokens(tmp_path: Path) -> None:
    async with harness(tmp_path, [say("hi")]) as h:
        await h.run()
        assert len(h.provider.requests[0].body) / 3.5 < 4_000


async def test_reads_of_one_reply_run_together_and_their_results_keep_the_order(tmp_path: Path) -> None:
    turns = [calls(("read", {"path": "a"}), ("read", {"path": "b"}), ("glob", {"pattern": "*"})), say("ok")]
    async with harness(tmp_path, turns) as h:
        for name in "ab":
            (h.root / name).write_text(f"{name}\n", encoding="utf-8")
        await h.run()
        assert [message["tool_call_id"] for message in h.conversation()[-3:]] == ["c0", "c1", "c2"]


async def test_the_same_call_again_and_again_is_pointed_out_then_stopped(tmp_path: Path) -> None:
    async with harness(tmp_path, lambda number: call("read", path="a")) as h:
        (h.root / "a").write_text("a\n", encoding="utf-8")
        info = await h.run()
        assert info.state == "failed"
        assert "6 times" in info.reason
        nudges = [each for each in await h.payloads("message.host") if isinstance(each, HostMessage)]
        assert len(nudges) == 1


async def test_a_circle_of_calls_is_stopped_but_not_one_that_sees_something_new(tmp_path: Path) -> None:
    async with harness(tmp_path / "circle", lambda n: call("read", path="ab"[n % 2])) as h:
        for name in "ab":
            (h.root / name).write_text(f"{name}\n", encoding="utf-8")
        assert (await h.run()).state == "failed"
        assert len(h.provider.requests) <= 14

    def poll(number: int) -> Turn:
        return call("bash", command="date +%s%N") if number < 20 else say("over")

    async with harness(tmp_path / "poll", poll) as h:
        assert (await h.run()).state == "done"


async def test_a_call_written_as_text_is_pointed_out_and_not_run(tmp_path: Path) -> None:
    text = '<tool_call>\n{"name": "bash", "arguments": {"command": "touch x"}}\n</tool_call>'
    async with harness(tmp_path, [say(text), say("done")]) as h:
        assert (await h.run()).state == "done"
        assert not (h.root / "x").exists()
        (acted,) = await h.payloads("guard.acted")
        assert isinstance(acted, GuardActed)
        assert acted.guard == "text-call"


@pytest.mark.parametrize(
    ("config", "what"),
    [("max_steps = 3", "steps"), ("max_tokens = 300", "tokens"), ("max_seconds = 0.000001", "seconds")],
)
async def test_a_spent_budget_stops_the_run_and_a_resume_grants_as_much_again(
    tmp_path: Path, config: str, what: str
) -> None:
    async with harness(
        tmp_path, lambda n: call("bash", command=f"echo {n}"), config=f"[budget]\n{config}"
    ) as h:
        info = await h.run()
        assert info.state == "budget"
        assert what in info.reason
        again = await h.resume(info.session)
        assert again.state == "budget"
        if what != "seconds":
            assert again.steps == 2 * info.steps


async def test_limits_and_approvals_that_a_client_chooses_go_above_the_files(tmp_path: Path) -> None:
    files = "[budget]\nmax_tokens = 1\n[approvals]\nunattended = 'wait'"
    turns = [call("bash", command="touch x"), say("over")]
    async with harness(tmp_path, turns, config=files) as h:
        info = await h.run(approve_all=False, max_tokens=0, max_cost=7.5, unattended="deny", deny_after=0.01)
        assert info.state == "done" and info.budget.max_tokens == 0 and info.budget.max_cost == 7.5
        assert [result.outcome for result in await _results(h)] == ["denied"]


async def test_plan_mode_offers_and_lets_through_no_effect_shell_included(tmp_path: Path) -> None:
    turns = [calls(("write", {"path": "x", "content": "x"}), ("bash", {"command": "touch y"})), say("a plan")]
    async with harness(tmp_path, turns) as h:
        info = await h.run(mode="plan")
        assert info.state == "done"
        assert {each.outcome for each in await _results(h)} == {"denied"}
        assert sorted(path.name for path in h.root.iterdir()) == [".cairn"]
        offered = {tool["function"]["name"] for tool in h.provider.requests[0].json["tools"]}
        assert {"read", "write", "edit", "bash"} < offered  # to look around, and to keep its plan


async def test_plan_mode_may_look_around_with_the_shell_and_keep_its_plan(tmp_path: Path) -> None:
    turns = [call("bash", command="pwd | wc -l"), say("a plan")]
    async with harness(tmp_path, turns) as h:
        session = (await h.run(mode="plan")).session
        assert {each.outcome for each in await _results(h)} == {"ok"}
        folder = h.root / ".cairn" / "local" / "sessions" / session
        assert (
            f".cairn/local/sessions/{session}/plan.md"
            in h.provider.requests[0].json["messages"][0]["content"]
        )
        assert folder.is_dir()


async def test_a_call_that_needs_an_answer_waits_for_one_and_a_denial_reaches_the_model(
    tmp_path: Path,
) -> None:
    turns = [call("bash", command="touch x"), say("I see.")]
    async with harness(tmp_path, turns) as h:
        session = await h.start(approve_all=False)
        await h.until(session, "waiting")
        ((name, asked),) = h.runs.approvals()
        assert (name, asked.detail) == (session, "touch x")
        assert await h.runs.answer(asked.id, "deny", "not in this folder", "test")
        assert not await h.runs.answer(asked.id, "allow", "", "late")
        assert (await h.rest(session)).state == "done"
        assert "not in this folder" in h.conversation()[-1]["content"]
        assert not (h.root / "x").exists()


async def test_an_answer_for_the_session_covers_the_same_command_and_no_other(tmp_path: Path) -> None:
    turns = [*[call("bash", command="echo a >> x")] * 2, call("bash", command="echo b >> x"), say("ok")]
    async with harness(tmp_path, turns) as h:
        session = await h.start(approve_all=False)
        await h.until(session, "waiting")
        await h.runs.answer(h.runs.approvals()[0][1].id, "session", "", "test")
        async with deadline():
            while len(await h.events("approval.requested")) < 2:
                await h.log.wait(h.log.last_seq)
        assert (h.root / "x").read_text(encoding="utf-8") == "a\na\n"
        await h.runs.answer(h.runs.approvals()[0][1].id, "allow", "", "test")
        assert (await h.rest(session)).state == "done"


async def test_with_nobody_there_the_policy_denies_after_its_time(tmp_path: Path) -> None:
    config = '[approvals]\nunattended = "deny"\ndeny_after = 0.05\n'
    async with harness(tmp_path, [call("bash", command="touch x"), say("ok")], config=config) as h:
        assert (await h.run(approve_all=False)).state == "done"
        (answer,) = await h.payloads("approval.answered")
        assert isinstance(answer, ApprovalAnswered)
        assert (answer.decision, answer.by) == ("deny", "policy")


async def test_an_interrupt_ends_the_command_and_new_words_go_on_from_there(tmp_path: Path) -> None:
    turns = [
        calls(("bash", {"command": "echo go; sleep 60"}), ("bash", {"command": "touch never"})),
        say("stopped"),
    ]
    async with harness(tmp_path, turns) as h:
        session = await h.start()
        async with deadline():
            while not await h.events("tool.started"):
                await h.log.wait(h.log.last_seq)
            assert await h.runs.interrupt(session, "user")
        assert h.runs.info(session).state == "interrupted"
        assert (await h.resume(session, "do something else")).state == "done"
        assert [each.outcome for each in await _results(h)] == ["interrupted", "interrupted"]
        assert not (h.root / "never").exists()
        assert h.conversation()[-1] == {"role": "user", "content": "do something else"}


async def test_words_said_while_it_runs_reach_the_model_after_the_results(tmp_path: Path) -> None:
    turns = [call("bash", command="while [ ! -e go ]; do sleep 0.01; done"), say("heard")]
    async with harness(tmp_path, turns) as h:
        session = await h.start()
        async with deadline():
            while not await h.events("tool.started"):
                await h.log.wait(h.log.last_seq)
            await h.runs.resume(session, "also this", h.settings())
            (h.root / "go").touch()
        assert (await h.rest(session)).state == "done"
        assert [message["role"] for message in h.conversation()] == ["user", "assistant", "tool", "user"]


async def test_instructions_of_a_subfolder_are_told_once_when_a_file_there_is_touched(tmp_path: Path) -> None:
    turns = [call("read", path="sub/a"), call("read", path="sub/b"), say("ok")]
    async with harness(tmp_path, turns) as h:
        (h.root / "AGENTS.md").write_text("Rule one.", encoding="utf-8")
        (h.root / "sub").mkdir()
        (h.root / "sub" / "AGENTS.md").write_text("Rule two.", encoding="utf-8")
        for name in "ab":
            (h.root / "sub" / name).write_text("x\n", encoding="utf-8")
        await h.run()
        assert "Rule one." in h.provider.requests[0].json["messages"][0]["content"]
        told = [message for message in h.conversation() if "Rule two." in str(message["content"])]
        assert len(told) == 1


async def test_a_secret_never_reaches_the_log_or_the_model(tmp_path: Path) -> None:
    secret = "ghp_" + "FAKEfake0123456789FAKEfake0123456789"[:36]
    async with harness(tmp_path, [call("bash", command="cat token"), say("ok")]) as h:
        (h.root / "token").write_text(secret, encoding="utf-8")
        await h.run()
        assert secret not in h.provider.requests[-1].body.decode()
        assert not any(secret in event.text for event in await h.log.read(limit=1_000))


async def test_a_file_changed_underneath_refuses_the_edit(tmp_path: Path) -> None:
    turns = [
        call("read", path="a"),
        call("bash", command="echo other > a"),
        call("write", path="a", content="x"),
        say(""),
    ]
    async with harness(tmp_path, [*turns[:3], say("ok")]) as h:
        (h.root / "a").write_text("a\n", encoding="utf-8")
        await h.run()
        assert "changed on disk" in (await _results(h))[-1].text
        assert (h.root / "a").read_text(encoding="utf-8") == "other\n"

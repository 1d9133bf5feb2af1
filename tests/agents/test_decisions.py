"""Every decision is an event ahead of what follows from it, and answers for more than once hold as they were given."""

from pathlib import Path

import pytest
from deadlines import deadline
from harness import Harness, harness
from scripted_provider import call, calls, say

from cairn_agents.runs import RunError
from cairn_memory.events import (
    ApprovalRequested,
    GateDecided,
    PermissionGranted,
    PermissionRevoked,
    ToolFinished,
)

RULES = '[[rules]]\ntool = "bash"\nmatch = "curl*"\naction = "deny"\n'


async def _asked(h: Harness, session: str) -> ApprovalRequested:
    """The question that waits now."""
    await h.until(session, "waiting")
    ((_, request),) = h.runs.approvals()
    return request


async def _decisions(h: Harness) -> list[GateDecided]:
    return [each for each in await h.payloads("gate.decided") if isinstance(each, GateDecided)]


async def test_a_decision_stands_in_the_log_ahead_of_what_follows_from_it(tmp_path: Path) -> None:
    turns = [call("bash", command="curl example.org"), call("bash", command="touch a"), say("ok")]
    async with harness(tmp_path, turns, config=RULES) as h:
        await h.run()
        kinds = [event.kind for event in await h.events() if event.kind.startswith(("gate.", "tool."))]
        assert kinds == ["gate.decided", "tool.finished", "gate.decided", "tool.started", "tool.finished"]
        denied, allowed = await _decisions(h)
        assert (denied.action, denied.subject) == ("deny", "curl example.org")
        assert "deny bash curl*" in denied.rule and "config.toml" in denied.rule
        assert (allowed.action, allowed.subject) == ("allow", "touch a")


async def test_a_read_that_nothing_speaks_against_has_no_event_of_its_own(tmp_path: Path) -> None:
    async with harness(
        tmp_path, [call("read", path="a"), call("read", path="/etc/hostname"), say("ok")]
    ) as h:
        (h.root / "a").write_text("a\n", encoding="utf-8")
        await h.run()
        (decision,) = await _decisions(h)
        assert decision.subject == "/etc/hostname"


async def test_a_question_shows_the_resolved_paths_its_class_and_its_rule(tmp_path: Path) -> None:
    async with harness(tmp_path, [call("write", path="sub/../a.txt", content="x\n"), say("ok")]) as h:
        session = await h.start(approve_all=False)
        asked = await _asked(h, session)
        assert asked.paths == (str(h.root / "a.txt"),)
        assert asked.risk == "write"
        assert "+x" in asked.detail
        assert await h.runs.answer(asked.id, "allow", "", "test")
        await h.rest(session)


async def test_an_answer_for_good_holds_in_other_sessions_until_it_is_taken_back(tmp_path: Path) -> None:
    turns = [
        *(call("bash", command="touch a1"), say("one")),
        *(call("bash", command="touch b2"), say("two")),
        *(call("bash", command="touch c3"), say("three")),
    ]
    async with harness(tmp_path, turns) as h:
        first = await h.start(approve_all=False)
        asked = await _asked(h, first)
        assert await h.runs.answer(asked.id, "always", "", "terminal", pattern="touch *")
        assert (await h.rest(first)).state == "done"
        assert (await h.run(approve_all=False)).state == "done", "nobody was asked"
        assert (h.root / "b2").exists()
        last = (await _decisions(h))[-1]
        assert last.rule == "granted: bash touch *"
        (use,) = await h.runs.rights.grants()
        assert (use.pattern, use.session, use.used, use.by) == ("touch *", "", 1, "terminal")
        path = h.runs.rights.standing.path
        assert h.root not in path.parents, "no repository may bring one along"
        assert path.stat().st_mode & 0o077 == 0
        assert [each.pattern for each in await h.runs.rights.revoke("touch *", "test")] == ["touch *"]
        third = await h.start(approve_all=False)
        assert (await _asked(h, third)).title == "bash touch c3"
        await h.runs.interrupt(third, "test")


async def test_what_is_taken_back_is_asked_again_in_a_session_at_work(tmp_path: Path) -> None:
    turns = [call("bash", command=f"touch {name}") for name in "ab"]
    async with harness(tmp_path, [*turns, say("ok")]) as h:
        session = await h.start(approve_all=False)
        asked = await _asked(h, session)
        pattern = "touch *"
        h.provider.turns = [turns[0], call("write", path="x", content="x"), turns[1], say("ok")]
        assert await h.runs.answer(asked.id, "session", "", "test", pattern=pattern)
        async with deadline():
            while (waiting := h.runs.approvals())[:1] == [(session, asked)] or not waiting:
                await h.log.wait(h.log.last_seq)
        await h.runs.rights.revoke(pattern, "test")
        assert await h.runs.answer(h.runs.approvals()[0][1].id, "allow", "", "test")
        async with deadline():
            while not [each for _, each in h.runs.approvals() if each.title == "bash touch b"]:
                await h.log.wait(h.log.last_seq)
        assert await h.payloads(PermissionRevoked.kind)
        await h.runs.interrupt(session, "test")


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("*", "any program"),
        ("to*", "any program"),
        ("sudo *", "any command"),
        ("python *", "any code"),
        ("git *", "every command of git"),
        ("rm *", "rm -rf"),
        ("ls *", "would not let this call run"),
        ("touch \u202e*", "invisible"),
        (" ", "allows nothing"),
        ("touch " + "x" * 1_500 + "*", "characters"),
    ],
)
async def test_a_pattern_that_covers_what_nobody_can_mean_is_refused_and_the_question_stays(
    tmp_path: Path, pattern: str, word: str
) -> None:
    async with harness(tmp_path, [call("bash", command="touch a"), say("ok")]) as h:
        session = await h.start(approve_all=False)
        asked = await _asked(h, session)
        with pytest.raises(RunError, match=word) as refusal:
            await h.runs.answer(asked.id, "always", "", "test", pattern=pattern)
        assert "\n" not in str(refusal.value)
        assert h.runs.refusal(asked.id, pattern) == str(refusal.value)
        assert h.runs.rights.standing.grants() == ()
        assert await h.runs.answer(asked.id, "allow", "", "test"), "it is still open"
        await h.rest(session)


async def test_who_answers_second_is_told_who_was_first(tmp_path: Path) -> None:
    async with harness(tmp_path, [call("bash", command="touch a"), say("ok")]) as h:
        session = await h.start(approve_all=False)
        asked = await _asked(h, session)
        assert await h.runs.answer(asked.id, "allow", "", "editor")
        heard = await h.runs.answer(asked.id, "deny", "", "terminal")
        assert (heard.accepted, heard.told, heard.by) == (
            False,
            "editor had answered before: allowed once",
            "editor",
        )
        await h.rest(session)
        late = await h.runs.answer(asked.id, "deny", "", "terminal")
        assert late.told == heard.told
        nobody = await h.runs.answer(f"{session}:9.9", "deny", "", "terminal")
        assert "nobody asks" in nobody.told


async def test_an_answer_for_good_that_cannot_be_kept_is_refused_and_the_question_stays(
    tmp_path: Path,
) -> None:
    async with harness(tmp_path, [call("bash", command="touch a"), say("ok")]) as h:
        folder = h.runs.rights.standing.path.parent.parent
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("in the way", encoding="utf-8")
        session = await h.start(approve_all=False)
        asked = await _asked(h, session)
        with pytest.raises(RunError, match=r"could not be written|cannot be read"):
            await h.runs.answer(asked.id, "always", "", "test", pattern="touch *")
        assert await h.runs.answer(asked.id, "session", "", "test", pattern="touch *")
        assert (await h.rest(session)).state == "done"
        (granted,) = await h.payloads(PermissionGranted.kind)
        assert isinstance(granted, PermissionGranted) and granted.scope == "session"


async def test_a_broken_file_of_answers_allows_nothing_and_is_named(tmp_path: Path) -> None:
    async with harness(tmp_path, [call("bash", command="touch a"), say("ok")]) as h:
        path = h.runs.rights.standing.path
        path.parent.mkdir(parents=True)
        path.write_text('[[grants]]\ntool = "bash"\npattern = 7\n', encoding="utf-8")
        (problem,) = h.runs.config().problems
        assert problem.startswith(f"{path}: grants.0.pattern")
        session = await h.start(approve_all=False)
        await _asked(h, session)
        await h.runs.interrupt(session, "test")
        assert path.read_text(encoding="utf-8").startswith("[[grants]]"), "it is left for its owner to mend"


async def test_the_past_calls_that_a_pattern_would_have_let_run_are_told(tmp_path: Path) -> None:
    turns = [
        calls(
            ("bash", {"command": "touch a"}),
            ("bash", {"command": "mkdir d"}),
            ("bash", {"command": "touch a"}),
        ),
        call("bash", command="touch nowhere/x"),
        say("ok"),
    ]
    async with harness(tmp_path, turns) as h:
        await h.run()
        past = await h.runs.rights.past("bash", "touch *", h.root)
        assert [(each.what, each.times, each.outcome) for each in past.calls] == [
            ("touch nowhere/x", 1, "error"),
            ("touch a", 2, "ok"),
        ]
        assert past.looked == 3
        results = [each for each in await h.payloads("tool.finished") if isinstance(each, ToolFinished)]
        assert len(results) == 4

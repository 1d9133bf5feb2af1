"""`cairn why`: for any event of a call the decision behind it, the rule with its place, and what would change it."""

from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import call, say

from cairn_agents.gate.why import WhyError

RULES = """\
mode = "build"

[[rules]]
tool = "bash"
match = "curl*"
action = "deny"

[[rules]]
tool = "write"
match = "*.md"
action = "ask"
"""


async def _event(h: Harness, kind: str, newest: bool = False) -> int:
    events = await h.events(kind)
    return events[-1 if newest else 0].seq


async def test_every_event_of_a_call_leads_to_its_decision_and_the_line_of_its_rule(tmp_path: Path) -> None:
    turns = [call("bash", command="curl example.org"), call("write", path="a.md", content="x\n"), say("ok")]
    async with harness(tmp_path, turns, config=RULES) as h:
        session = await h.start(approve_all=False)
        await h.until(session, "waiting")
        ((_, asked),) = h.runs.approvals()
        await h.runs.answer(asked.id, "allow", "go on", "editor")
        await h.rest(session)
        user = tmp_path / "user" / "config.toml"
        rights = h.runs.rights
        denied = await rights.why(session, await _event(h, "tool.finished"))
        assert (denied.decision.action, denied.where, denied.outcome) == ("deny", f"{user}:3", "denied")
        assert any(f"{user}:3" in line for line in denied.change)
        for number in (
            await _event(h, "gate.decided", newest=True),
            await _event(h, "approval.requested"),
            await _event(h, "approval.answered"),
            await _event(h, "tool.started"),
            await _event(h, "tool.finished", newest=True),
        ):
            found = await rights.why(session, number)
            assert (found.decision.action, found.where) == ("ask", f"{user}:8")
            assert found.answer is not None and (found.answer.by, found.answer.words) == ("editor", "go on")
        assert (await rights.why(session, call="1.0")).decision.subject == "curl example.org"
        user.write_text("", encoding="utf-8")
        assert "no more" in (await rights.why(session, call="1.0")).where


async def test_a_plain_read_is_explained_by_the_rule_it_began_with(tmp_path: Path) -> None:
    async with harness(tmp_path, [call("read", path="a"), say("ok")]) as h:
        (h.root / "a").write_text("a\n", encoding="utf-8")
        info = await h.run()
        found = await h.runs.rights.why(info.session, await _event(h, "tool.finished"))
        assert (found.decision.action, found.decision.risk, found.outcome) == ("allow", "read", "ok")
        with pytest.raises(WhyError, match="is about no call"):
            await h.runs.rights.why(info.session, await _event(h, "session.started"))
        with pytest.raises(WhyError, match=r"has no call '9\.9'"):
            await h.runs.rights.why(info.session, call="9.9")


async def test_ids_that_a_provider_uses_again_are_told_apart_by_their_step(tmp_path: Path) -> None:
    turns = [call("bash", command=f"touch {name}") for name in "abc"]
    async with harness(tmp_path, [*turns, say("ok")]) as h:
        info = await h.run()
        for step, name in enumerate("abc", 1):
            found = await h.runs.rights.why(info.session, call=f"{step}.0")
            assert found.decision.subject == f"touch {name}"
            assert (await h.runs.rights.why(info.session, found.finished)).decision.subject == f"touch {name}"

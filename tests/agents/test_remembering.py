"""What the agent may remember and forget by itself, and what only the user says."""

from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import Script, call, say

from cairn_memory.events import ClaimProposed, ToolFinished

FACT = "The build needs cmake 3.30"


async def claims(h: Harness) -> list[str]:
    return [claim.text for claim in await h.runs.memory.claims.all()]


async def said(h: Harness) -> str:
    """What the newest call was answered with."""
    done = (await h.payloads(ToolFinished.kind))[-1]
    assert isinstance(done, ToolFinished)
    return done.text


async def test_the_agent_forgets_its_own_claims_and_asks_before_a_rule_or_what_the_user_wrote(
    tmp_path: Path,
) -> None:
    script: list[Script] = []
    async with harness(tmp_path, script) as h:
        claimed = h.runs.memory.claims
        rule = await claimed.remember("Never push to main", "rule", by="agent")
        theirs = await claimed.remember("The office closes at six", "fact", by="user")
        own = await claimed.remember(FACT, "fact", by="agent")
        forgotten = [
            call("memory", action="forget", id=each.claim.id, text="") for each in (rule, theirs, own)
        ]
        script += [*forgotten, say("done")]
        assert (await h.run("Tidy up.")).state == "done"
        assert await claims(h) == ["Never push to main", "The office closes at six"]
        waiting = await h.runs.memory.proposals.all()
        assert [(each.id, each.forget) for each in waiting] == [
            (rule.claim.id, True),
            (theirs.claim.id, True),
        ]
        await h.runs.memory.proposals.answer(rule.claim.id, True)
        assert await claims(h) == ["The office closes at six"]


@pytest.mark.parametrize("policy", ["allow", "ask", "deny"])
async def test_what_the_agent_would_remember_goes_by_the_users_policy(tmp_path: Path, policy: str) -> None:
    turns = [call("memory", action="remember", text=FACT), say("done")]
    config = f'[memory]\nremember = "{policy}"\n'
    async with harness(tmp_path, turns, config=config) as h:
        assert (await h.run("Look at the build.")).state == "done"
        assert await claims(h) == ([FACT] if policy == "allow" else [])
        proposed = [each for each in await h.payloads(ClaimProposed.kind) if isinstance(each, ClaimProposed)]
        assert [each.text for each in proposed] == ([FACT] if policy == "ask" else [])
        assert ("let you remember and forget nothing" in await said(h)) == (policy == "deny")


@pytest.mark.parametrize("policy", ["ask", "deny"])
async def test_what_the_agent_would_forget_goes_by_the_users_policy(tmp_path: Path, policy: str) -> None:
    config = f'[memory]\nremember = "{policy}"\n'
    script: list[Script] = []
    async with harness(tmp_path, script, config=config) as h:
        own = await h.runs.memory.claims.remember(FACT, "fact", by="agent")
        script += [call("memory", action="forget", id=own.claim.id), say("done")]
        assert (await h.run("Tidy up.")).state == "done"
        assert await claims(h) == [FACT]
        assert len(await h.runs.memory.proposals.all()) == (policy == "ask")

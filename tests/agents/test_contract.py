"""The unattended contract: what it says is checked, what it answers is in the log, and the run stops where it says."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from harness import harness
from scripted_provider import call, say

from cairn_agents.config.schema import CONTRACT, contract_schema
from cairn_agents.gate.contract import ContractError, ContractFile, in_words, read_contract
from cairn_agents.gate.drafting import draft
from cairn_agents.runs import RunError
from cairn_memory.events import ApprovalAnswered, ContractSet, GuardActed

NOW = datetime(2026, 11, 21, 22, 0).astimezone()


def contract(text: str) -> ContractFile:
    return ContractFile("night.toml", text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("goals = 'x'", "goals: unknown key; there are goal, stop, budget, answers"),
        ("[stop]\nfailure = 3", "stop.failure: unknown key; there are failures, tests, ask, at"),
        (
            "[answers]\ndestructive = 'allow'",
            "answers.destructive: expected 'ask' or 'deny', found 'allow'; it is never",
        ),
        (
            "[answers]\nprotected = 'allow'",
            "answers.protected: expected 'ask' or 'deny', found 'allow'; it is never",
        ),
        ("[answers]\nwrite = 'yes'", "answers.write: expected 'allow', 'ask' or 'deny', found 'yes'"),
        ("[budget]\nusd = -1", "budget.usd: "),
        ("[budget]\nsteps = '10'", "budget.steps: "),
        (
            "[stop]\nask = ['network']\n[answers]\nnetwork = 'deny'",
            "network is answered in [answers] and stops",
        ),
        ("[stop]\nat = 2020-01-01T00:00:00", "stop.at: 2020-01-01 00:00 is over already"),
        ("goal = ", "not TOML: "),
        ("x" * 100_001, "100,001 characters"),
    ],
)
def test_what_is_wrong_in_a_contract_is_one_line_that_names_file_and_key(text: str, line: str) -> None:
    with pytest.raises(ContractError) as refusal:
        read_contract(text, "night.toml").event("", "", "night.toml", NOW)
    assert str(refusal.value).startswith(f"night.toml: {line}")
    assert "\n" not in str(refusal.value)


def test_a_time_of_day_is_the_next_one() -> None:
    later = read_contract("[stop]\nat = 06:00:00", "f").event("", "", "f", NOW).stopping.at
    assert datetime.fromtimestamp(later / 1_000).astimezone() - NOW == timedelta(hours=8)


def test_a_contract_is_said_in_words_before_it_holds() -> None:
    text = '[stop]\nfailures = 5\nask = ["secret"]\n[budget]\nusd = 2.5\n[answers]\nwrite = "allow"\nnetwork = "deny"'
    lines = in_words(read_contract(text, "f").event("", "", "f", NOW))
    assert lines[:4] == [
        "stops: after 5 failed calls in a row; at the first question about what touches secrets",
        "budget: $2.50",
        "allowed in advance: what changes files",
        "denied in advance: what reaches the network",
    ]
    assert "destroys" in lines[4] and "secrets" not in lines[4]


def test_the_published_schema_of_contracts_is_fresh_and_accepts_what_cairn_accepts() -> None:
    assert CONTRACT.read_text(encoding="utf-8") == contract_schema(), "run `make generate`"
    document = json.loads(contract_schema())
    jsonschema.Draft202012Validator.check_schema(document)

    def valid(settings: Any) -> bool:
        return jsonschema.Draft202012Validator(document).is_valid(settings)  # pyright: ignore[reportUnknownMemberType]

    assert valid(
        {"goal": "g", "answers": {"write": "allow"}, "stop": {"failures": 3}, "budget": {"usd": 1.5}}
    )
    assert not valid({"answers": {"destructive": "allow"}}) and not valid({"goals": "g"})


async def test_the_contract_answers_by_class_and_its_answers_are_in_the_log(tmp_path: Path) -> None:
    turns = [call("write", path="a", content="a\n"), call("bash", command="make b"), say("ok")]
    given = contract('[answers]\nwrite = "allow"\nrun = "deny"')
    async with harness(tmp_path, turns) as h:
        info = await h.run(approve_all=False, contract=given)
        assert info.state == "done"
        assert (h.root / "a").exists()
        assert "by the contract of this run" in h.conversation()[-1]["content"]
        answers = [
            each for each in await h.payloads("approval.answered") if isinstance(each, ApprovalAnswered)
        ]
        assert {each.by for each in answers} == {"contract"}
        assert "deny" in [each.decision for each in answers]
        kinds = [event.kind for event in await h.events()]
        asked = kinds.index("approval.requested")
        assert kinds[asked - 1 : asked + 2] == ["gate.decided", "approval.requested", "approval.answered"]
        assert kinds.index("tool.started") > asked


async def test_a_contract_allows_nothing_that_a_rule_denies_and_nothing_destructive(tmp_path: Path) -> None:
    rules = '[[rules]]\ntool = "bash"\nmatch = "touch*"\naction = "deny"\n'
    turns = [call("bash", command="touch b"), call("bash", command="rm -rf sub"), say("ok")]
    given = contract(
        '[stop]\nask = ["destructive"]\n[answers]\nwrite = "allow"\nrun = "allow"\nsecret = "allow"'
    )
    async with harness(tmp_path, turns, config=rules) as h:
        (h.root / "sub").mkdir()
        info = await h.run(approve_all=False, contract=given)
        assert (h.root / "sub").exists() and not (h.root / "b").exists()
        assert info.state == "interrupted" and "rm -rf sub" in info.reason
        assert not await h.payloads("approval.answered")


async def test_where_the_contract_stopped_a_person_is_asked_on_resume(tmp_path: Path) -> None:
    given = contract('[stop]\nask = ["destructive"]')
    async with harness(tmp_path, [call("bash", command="rm -rf sub"), say("ok")]) as h:
        info = await h.run(approve_all=False, contract=given)
        assert info.state == "interrupted"
        await h.runs.resume(info.session, None, h.settings(approve_all=False))
        await h.until(info.session, "waiting")
        ((_, asked),) = h.runs.approvals()
        assert await h.runs.answer(asked.id, "deny", "", "test")
        assert (await h.rest(info.session)).state == "done"
        assert len(await h.payloads("approval.requested")) == 1


async def test_failures_in_a_row_stop_the_run_and_a_resume_counts_anew(tmp_path: Path) -> None:
    turns = [*[call("read", path=f"gone{n}") for n in range(3)], call("read", path="gone9"), say("ok")]
    async with harness(tmp_path, turns) as h:
        info = await h.run(approve_all=False, contract=contract("[stop]\nfailures = 3"))
        assert (info.state, info.steps) == ("failed", 3)
        assert "3 calls failed in a row" in info.reason
        (acted,) = [each for each in await h.payloads("guard.acted") if isinstance(each, GuardActed)]
        assert acted.guard == "contract"
        assert (await h.resume(info.session, approve_all=False)).state == "done"


async def test_a_failed_test_command_stops_the_run(tmp_path: Path) -> None:
    given = contract('[stop]\ntests = ["false*"]\n[answers]\nrun = "allow"\nwrite = "allow"')
    async with harness(tmp_path, [call("bash", command="touch x && false"), say("ok")]) as h:
        info = await h.run(approve_all=False, contract=given)
        assert info.state == "failed" and "`false` failed" in info.reason


async def test_the_contracts_budget_and_time_stop_the_run(tmp_path: Path) -> None:
    async with harness(tmp_path, lambda number: call("read", path=f"x{number}")) as h:
        info = await h.run(contract=contract("[budget]\nsteps = 2"), approve_all=False)
        assert (info.state, info.steps, info.budget.max_steps) == ("budget", 2, 2)
        soon = datetime.now().astimezone() + timedelta(seconds=0.5)
        given = contract(f"[stop]\nat = {soon.isoformat()}")
        info = await h.resume(info.session, approve_all=False, contract=given)
        assert info.state == "budget" and "time is over" in info.reason


async def test_a_contract_holds_after_a_resume_until_it_is_taken_away(tmp_path: Path) -> None:
    turns = [
        call("write", path="a", content="a\n"),
        say("ok"),
        call("write", path="b", content="b\n"),
        say("ok"),
    ]
    async with harness(tmp_path, turns) as h:
        info = await h.run(approve_all=False, contract=contract('[answers]\nwrite = "allow"'))
        assert (await h.resume(info.session, "and b", approve_all=False)).state == "done"
        h.provider.turns = [*turns, call("write", path="c", content="c\n"), say("ok")]
        none = h.settings(approve_all=False, contract=ContractFile("none", ""))
        await h.runs.resume(info.session, "and c", none)
        await h.until(info.session, "waiting")
        assert len([each for each in await h.payloads("contract.set") if isinstance(each, ContractSet)]) == 2
        await h.runs.interrupt(info.session, "test")


async def test_yes_and_a_contract_together_are_refused(tmp_path: Path) -> None:
    async with harness(tmp_path, [say("ok")]) as h:
        with pytest.raises(RunError, match="--yes and a contract"):
            await h.start(contract=contract("goal = 'x'"))
        with pytest.raises(RunError, match=r"night.toml: answers.write"):
            await h.start(approve_all=False, contract=contract("[answers]\nwrite = 1"))
        assert await h.events("session.started") == []


@pytest.mark.parametrize("goal", ['say "hi"\n\x7f\t\u202e', "plain", "back\\slash 🪨"])
def test_a_drafted_contract_says_what_was_asked_for_and_no_more(goal: str) -> None:
    text = draft(goal, ["write", "run"], "deny", 8 * 3_600, 2.5)
    contract = read_contract(text, "drafted")
    assert contract.goal == goal
    assert (contract.answers.write, contract.answers.run, contract.answers.network) == (
        "allow",
        "allow",
        "deny",
    )
    assert (contract.answers.destructive, contract.answers.protected) == ("ask", "ask")
    assert (contract.budget.seconds, contract.budget.usd) == (28_800.0, 2.5)

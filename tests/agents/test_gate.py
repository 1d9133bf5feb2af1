"""What the gate lets through, what it asks about, what it never runs; and the reason it gives."""

from pathlib import Path

import pytest

from cairn_agents.gate.permission import Decision, Gate
from cairn_agents.gate.rules import BUILT_IN, Action, Rule, decide
from cairn_agents.tools.base import Arguments, Kind, Plan
from cairn_memory.sessions import SessionFold

ROOT = Path("/work-tree")
KINDS: dict[str, Kind] = {
    "read": "read",
    "grep": "read",
    "write": "write",
    "edit": "write",
    "bash": "run",
    "note": "note",
}


def judged(tool: str, subject: str, *rules: Rule, **fold: object) -> Decision:
    """The judgement on one call about a path, or a command."""
    is_command = tool == "bash"
    plan = Plan(
        "1.0",
        Arguments(),
        f"{tool} {subject}",
        paths=() if is_command or not subject else (ROOT / subject,),
        command=subject if is_command else "",
    )
    return Gate(rules).judge(tool, KINDS[tool], plan, SessionFold("s", root=str(ROOT), **fold))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("tool", "subject", "action"),
    [
        ("read", "src/a.py", "allow"),
        ("read", "/etc/passwd", "ask"),
        ("read", ".env", "ask"),
        ("read", "deploy/.env", "ask"),
        ("read", "server.pem", "ask"),
        ("read", ".cairn/local/cairn.db", "deny"),
        ("read", ".cairn/local/blobs/ab/cd", "allow"),
        ("grep", ".cairn/local/cairn.db", "deny"),
        ("write", "src/a.py", "ask"),
        ("write", ".git/hooks/pre-commit", "deny"),
        ("edit", "sub/.git/config", "deny"),
        ("edit", ".cairn/config.toml", "deny"),
        ("bash", "ls", "ask"),
        ("note", "", "allow"),
    ],
)
def test_without_rules_it_reads_and_asks_about_everything_else(
    tool: str, subject: str, action: Action
) -> None:
    assert judged(tool, subject).action == action


@pytest.mark.parametrize("mode", ["plan"])
@pytest.mark.parametrize(("tool", "subject"), [("write", "a"), ("edit", "a"), ("bash", "ls")])
def test_plan_mode_has_no_effect_whatever_the_rules_say(mode: str, tool: str, subject: str) -> None:
    allowed = Rule("*", "*", "allow", "config.toml")
    assert judged(tool, subject, allowed, mode=mode, approve_all=True).action == "deny"


def test_the_last_rule_that_matches_wins() -> None:
    rules = [Rule("bash", "git *", "allow", "u"), Rule("bash", "git push*", "deny", "u")]
    assert judged("bash", "git status", *rules).action == "allow"
    assert judged("bash", "git push origin", *rules).action == "deny"
    assert judged("bash", "git push origin", *reversed(rules)).action == "allow"


@pytest.mark.parametrize(
    "command",
    [
        "git status; rm -rf .",
        "git status && x",
        "git status | sh",
        "git status $(x)",
        "git status `x`",
        "git status > f",
    ],
)
def test_an_allowed_beginning_lets_no_second_command_through(command: str) -> None:
    assert judged("bash", command, Rule("bash", "git status*", "allow", "u")).action == "ask"


def test_yes_answers_what_is_asked_and_not_what_is_denied() -> None:
    assert judged("bash", "ls", approve_all=True).action == "allow"
    assert judged("bash", "rm x", Rule("bash", "rm *", "deny", "u"), approve_all=True).action == "deny"


def test_a_projects_rule_only_narrows() -> None:
    narrowing = Rule("bash", "*", "allow", "project", narrows=True)
    assert judged("bash", "ls", narrowing).action == "ask"
    stricter = Rule("read", "*", "deny", "project", narrows=True)
    assert judged("read", "a", stricter).action == "deny"


def test_of_several_paths_the_strictest_answer_counts() -> None:
    action, _ = decide(BUILT_IN, "read", ["a.py", "/etc/passwd", ".cairn/local/x"], shell=False)
    assert action == "deny"


def test_a_question_has_a_reason_only_when_somebodys_rule_asks() -> None:
    assert judged("bash", "ls").reason == ""
    assert (
        judged("bash", "ls", Rule("bash", "ls*", "ask", "config.toml")).reason
        == "the rule `ask bash ls* (config.toml)` asks"
    )


def test_a_grant_for_the_session_is_for_that_command_word_for_word() -> None:
    grant = judged("bash", "make test").grant
    assert judged("bash", "make test", grants={grant}).action == "allow"
    assert judged("bash", "make test; rm x", grants={grant}).action == "ask"
    inside = judged("write", "a").grant
    assert judged("write", "b", grants={inside}).action == "allow"
    assert judged("write", "/elsewhere", grants={inside}).action == "ask"

"""What the gate lets through, what it asks about, what it never runs; and the reason it gives."""

import os
from pathlib import Path

import pytest

from cairn_agents.gate.permission import Decision, Gate
from cairn_agents.gate.rules import Rule
from cairn_agents.tools.base import Arguments, Demand, Kind, Plan
from cairn_memory.events import Action, Risk
from cairn_memory.sessions import SessionFold

ROOT = Path("/work-tree")
OWN = ROOT / ".cairn" / "local" / "sessions" / "s"
BEYOND: tuple[tuple[Demand, ...], ...] = ((), ("network",), ("unsandboxed",))
KINDS: dict[str, Kind] = {
    "read": "read",
    "grep": "read",
    "history": "read",
    "write": "write",
    "edit": "write",
    "bash": "run",
    "note": "note",
    "memory": "note",
}


class Acting(Arguments):
    action: str = ""


def judged(
    tool: str,
    subject: str,
    *rules: Rule,
    demands: tuple[Demand, ...] = (),
    args: Arguments | None = None,
    gate: Gate | None = None,
    **fold: object,
) -> Decision:
    """The judgement on one call about a path, or a command."""
    is_command = tool == "bash"
    plan = Plan(
        "1.0",
        args or Arguments(),
        f"{tool} {subject}",
        paths=() if is_command or not subject else (ROOT / subject,),
        command=subject if is_command else "",
        demands=demands,
    )
    session = SessionFold("s", root=str(ROOT), **fold)  # pyright: ignore[reportArgumentType]
    return (gate or Gate(rules, own=OWN, path="/usr/bin:/bin")).judge(tool, KINDS[tool], plan, session)


@pytest.mark.parametrize(
    ("tool", "subject", "action", "risk"),
    [
        ("read", "src/a.py", "allow", "read"),
        ("read", "/etc/passwd", "ask", "outside"),
        ("read", ".env", "ask", "secret"),
        ("read", "deploy/.env.local", "ask", "secret"),
        ("read", ".env.example", "allow", "read"),
        ("read", "server.pem", "ask", "secret"),
        ("read", ".git/config", "ask", "secret"),
        ("read", ".git/HEAD", "allow", "read"),
        ("read", ".cairn/MEMORY.md", "allow", "read"),
        ("read", ".cairn/local/cairn.db", "deny", "protected"),
        ("read", ".CAIRN/Local/cairn.db", "deny", "protected"),
        ("read", ".cairn/local/blobs/ab/cd", "allow", "read"),
        ("read", ".cairn/local/sessions/s/calls/1.0/output", "allow", "read"),
        ("grep", ".cairn/local/cairn.db", "deny", "protected"),
        ("history", "", "allow", "read"),
        ("write", "src/a.py", "ask", "write"),
        ("write", "/elsewhere/a", "ask", "outside"),
        ("write", ".env", "ask", "secret"),
        ("bash", "ls", "allow", "read"),
        ("bash", "npm test", "ask", "run"),
        ("bash", "touch a", "ask", "write"),
        ("bash", "rm -rf a", "ask", "destructive"),
        ("bash", "curl https://example.org", "ask", "network"),
        ("bash", "cat .env", "ask", "secret"),
        ("note", "", "allow", "read"),
    ],
)
def test_without_rules_it_lets_read_and_asks_about_everything_else(
    tool: str, subject: str, action: Action, risk: Risk
) -> None:
    decision = judged(tool, subject)
    assert (decision.action, decision.risk) == (action, risk)


# --- modes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "subject"), [("write", "a"), ("edit", "a"), ("bash", "touch a"), ("bash", "npm test")]
)
def test_plan_mode_has_no_effect_whatever_the_rules_say(tool: str, subject: str) -> None:
    allowed = Rule("*", "*", "allow", "config.toml")
    decision = judged(tool, subject, allowed, mode="plan", approve_all=True, grants={f"{tool} {subject}"})
    assert (decision.action, decision.rule) == ("deny", "mode plan")


def test_plan_mode_may_look_around_with_the_shell() -> None:
    assert judged("bash", "git --version; grep -rn x src | head", mode="plan").action == "allow"
    assert judged("bash", "ls", mode="plan", demands=("network",)).action == "deny"
    assert judged("bash", "ls", Rule("bash", "ls*", "deny", "u"), mode="plan").action == "deny"


def test_plan_mode_may_write_its_plan_and_nothing_beside_it() -> None:
    plan, other = OWN.relative_to(ROOT) / "plan.md", OWN.relative_to(ROOT) / "notes.md"
    assert judged("write", str(plan), mode="plan").action == "allow"
    assert judged("edit", str(plan), mode="build").action == "allow"
    assert judged("write", str(other), mode="plan").action == "deny"
    assert judged("write", str(other), mode="build").action == "deny"
    assert judged("write", ".cairn/local/sessions/other/plan.md", mode="plan").action == "deny"


# --- rules ------------------------------------------------------------------------------------


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
        "git status\nx",
        "git status & x",
        "x=1 git status",
        "PATH=. git status",
        "git status $X",
    ],
)
def test_an_allowed_beginning_lets_no_second_command_through(command: str) -> None:
    assert judged("bash", command, Rule("bash", "git status*", "allow", "u")).action == "ask"


def test_an_allowed_part_runs_among_others_that_only_read() -> None:
    allowed = Rule("bash", "npm test*", "allow", "u")
    assert judged("bash", "cd src && npm test -- --watch | tail -5", allowed).action == "allow"
    assert judged("bash", "npm test && npm publish", allowed).action == "ask"


def test_a_pattern_with_a_blank_before_its_star_is_for_the_bare_command_too() -> None:
    assert judged("bash", "npm test", Rule("bash", "npm test *", "allow", "u")).action == "allow"
    assert judged("bash", "npm testing", Rule("bash", "npm test *", "allow", "u")).action == "ask"


@pytest.mark.parametrize(
    "command",
    [
        "rm x",
        "ls && rm x",
        "ls | xargs rm x",
        "sudo rm x",
        "env A=1 nice -n 5 rm x",
        "/bin/rm x",
        "'rm' x",
        "r\\m x",
        "echo $(rm x)",
        "if ls; then rm x; fi",
        "(rm x)",
        "cat <(rm x)",
        "f() { rm x; }; f",
    ],
)
def test_a_denied_program_is_denied_however_it_is_dressed(command: str) -> None:
    decision = judged("bash", command, Rule("bash", "rm *", "deny", "u"), approve_all=True)
    assert (decision.action, decision.rule) == ("deny", "deny bash rm * (u)")


def test_a_denied_program_is_denied_behind_any_length_of_padding() -> None:
    for padding in ("true; " * 900, "true; " * 9_000, "echo " + "x" * 25_000 + "; ", "echo $(x) | " * 700):
        assert (
            judged("bash", padding + "rm x", Rule("bash", "rm *", "deny", "u"), approve_all=True).action
            == "deny"
        )


def test_an_asking_rule_asks_about_what_would_only_read() -> None:
    decision = judged("bash", "pwd; ls", Rule("bash", "ls*", "ask", "config.toml"))
    assert decision.action == "ask"
    assert decision.reason == "the rule `ask bash ls* (config.toml)` asks"


def test_a_rule_may_name_a_redirection() -> None:
    allowed = Rule("bash", "> build/*", "allow", "u")
    assert judged("bash", "ls > build/list", allowed).action == "allow"
    assert judged("bash", "ls > list", allowed).action == "ask"


def test_a_whole_command_may_be_allowed_word_for_word() -> None:
    command = "make x && echo $(date) > log"
    assert judged("bash", command, Rule("bash", command, "allow", "u")).action == "allow"
    assert judged("bash", command + " ", Rule("bash", command, "allow", "u")).action == "ask"


def test_a_projects_rule_only_narrows() -> None:
    narrowing = Rule("bash", "*", "allow", "project", narrows=True)
    assert judged("bash", "npm test", narrowing).action == "ask"
    stricter = Rule("read", "*", "deny", "project", narrows=True)
    assert judged("read", "a", stricter).action == "deny"
    asks = Rule("bash", "npm *", "ask", "project", narrows=True)
    assert judged("bash", "npm x", Rule("bash", "npm *", "deny", "u"), asks).action == "deny"


def test_of_several_paths_the_strictest_answer_counts() -> None:
    paths = (ROOT / "a.py", Path("/etc/passwd"), ROOT / ".cairn/local/x")
    plan = Plan("1.0", Arguments(), "read", paths=paths)
    decision = Gate(()).judge("read", "read", plan, SessionFold("s", root=str(ROOT)))
    assert decision.action == "deny"
    assert [finding.action for finding in decision.findings] == ["allow", "ask", "deny"]


# --- what beyond the sandbox ------------------------------------------------------------------


def test_the_network_is_asked_for_even_where_the_command_only_reads() -> None:
    decision = judged("bash", "ls", demands=("network",))
    assert (decision.action, decision.risk) == ("ask", "network")
    assert "network" in decision.reason


def test_a_rule_without_the_network_does_not_grant_it() -> None:
    plain = Rule("bash", "npm test *", "allow", "u")
    named = Rule("bash", "npm install * (network)", "allow", "u")
    assert judged("bash", "npm test", plain, demands=("network",)).action == "ask"
    assert judged("bash", "npm install x", named, demands=("network",)).action == "allow"
    assert judged("bash", "npm install x && npm run y", named, demands=("network",)).action == "ask"
    assert judged("bash", "npm install x", named).action == "ask"


def test_outside_the_sandbox_is_always_asked() -> None:
    everything = Rule("bash", "*", "allow", "u")
    decision = judged("bash", "ls", everything, demands=("unsandboxed",))
    assert (decision.action, decision.risk) == ("ask", "outside")
    assert judged("bash", "make x", everything, demands=("unsandboxed",)).action == "ask"
    denied = Rule("bash", "make *", "deny", "u")
    assert judged("bash", "make x", denied, demands=("unsandboxed",)).action == "deny"


# --- answers ----------------------------------------------------------------------------------


def test_yes_answers_what_is_asked_and_not_what_is_denied() -> None:
    assert judged("bash", "make", approve_all=True).action == "allow"
    assert judged("bash", "rm x", Rule("bash", "rm *", "deny", "u"), approve_all=True).action == "deny"
    assert judged("write", ".git/config", approve_all=True).action == "deny"


@pytest.mark.parametrize(
    ("command", "offered"),
    [
        ("npm test -- --watch", "bash npm test *"),
        ("cd src && npm test | tail -5", "bash npm test *"),
        ("npm run build --fast", "bash npm run build *"),
        ("python3 -m pytest tests -x", "bash python3 -m pytest *"),
        ("make", "bash make"),
        ("make test", "bash make test *"),
        ("touch a", "bash touch *"),
        ("git push", "bash git push *"),
        ("git push --force", "bash git push --force"),
        ("rm -rf *", "bash rm -rf [*]"),
        ("python3 -c 'print(1)'", "bash python3 -c 'print(1)'"),
        ("sudo make", "bash sudo make"),
        ("env make", "bash env make"),
        ("curl https://example.org", "bash curl https://example.org"),
        ("make a && touch b", "bash make a && touch b"),
        ("make $(x)", "bash make $(x)"),
        ("cat /etc/passwd", "bash cat /etc/passwd"),
    ],
)
def test_a_general_answer_is_offered_only_where_it_is_safe_to_give(command: str, offered: str) -> None:
    assert judged("bash", command).grant == offered


def test_an_answer_for_the_session_lets_the_same_and_its_like_run() -> None:
    grant = judged("bash", "npm test").grant
    assert judged("bash", "npm test", grants={grant}).action == "allow"
    assert judged("bash", "cd src && npm test -- -x | tail", grants={grant}).rule == f"granted: {grant}"
    assert judged("bash", "npm test; rm x", grants={grant}).action == "ask"
    assert judged("bash", "npm test > x", grants={grant}).action == "ask"
    assert judged("bash", "npm test", grants={grant}, demands=("network",)).action == "ask"


def test_a_pattern_never_covers_what_destroys() -> None:
    assert judged("bash", "git push --force", grants={"bash git push *"}).action == "ask"
    assert judged("bash", "git push", grants={"bash git push *"}).action == "allow"
    assert judged("bash", "rm -rf x", grants={"bash rm *"}).action == "ask"
    assert judged("bash", "rm -rf x", grants={"bash rm -rf x"}).action == "allow"
    assert judged("bash", "touch /etc/x", grants={"bash touch *"}).action == "ask"


def test_the_offer_of_a_command_with_a_star_is_for_that_command_only() -> None:
    grant = judged("bash", "rm -rf *").grant
    assert judged("bash", "rm -rf *", grants={grant}).action == "allow"
    assert judged("bash", "rm -rf /", grants={grant}).action == "ask"


def test_every_offer_lets_the_call_run_that_it_was_made_for() -> None:
    for command in (
        "npm test",
        "make a && touch b",
        "rm -rf *[a]?",
        "echo $(x) > y",
        "cat /etc/passwd",
        "git push -f",
    ):
        for demands in BEYOND:
            offered = judged("bash", command, demands=demands).grant
            assert judged("bash", command, demands=demands, grants={offered}).action == "allow", (
                command,
                demands,
            )
    for tool, path in (("write", "a"), ("write", "/elsewhere/a*"), ("write", "AGENTS.md"), ("read", ".env")):
        assert judged(tool, path, grants={judged(tool, path).grant}).action == "allow", path


def test_an_answer_for_files_is_for_the_workspace_or_for_one_file() -> None:
    inside = judged("write", "a").grant
    assert judged("write", "b/c", grants={inside}).action == "allow"
    assert judged("write", "/elsewhere", grants={inside}).action == "ask"
    assert judged("write", "CLAUDE.md", grants={inside}).action == "ask"
    outside = judged("write", "/elsewhere/x").grant
    assert judged("write", "/elsewhere/x", grants={outside}).action == "allow"
    assert judged("write", "/elsewhere/y", grants={outside}).action == "ask"


def test_no_answer_lets_run_what_is_denied() -> None:
    assert judged("write", ".git/config", grants={"write .git/config", "write *"}).action == "deny"


# --- what is remembered -----------------------------------------------------------------------


@pytest.mark.parametrize(("remember", "action"), [("allow", "allow"), ("ask", "allow"), ("deny", "deny")])
def test_what_is_remembered_follows_the_users_setting(remember: str, action: Action) -> None:
    gate = Gate((), remember=remember)  # pyright: ignore[reportArgumentType]
    decision = judged("memory", "", args=Acting(action="remember"), gate=gate)
    assert (decision.action, decision.risk, decision.rule) == (
        action,
        "memory",
        f"setting memory.remember = {remember}",
    )
    assert judged("memory", "", args=Acting(action="search"), gate=gate).action == "allow"


# --- reasons ----------------------------------------------------------------------------------


def test_every_decision_has_its_reason_its_rule_and_what_was_heard() -> None:
    decision = judged("bash", "ls && npm test && rm -rf x")
    assert decision.rule == "command analysis"
    assert "deletes" in decision.reason
    assert [(finding.part, finding.action) for finding in decision.findings] == [
        ("ls", "allow"),
        ("npm test", "ask"),
        ("rm -rf x", "ask"),
    ]


def test_a_command_that_cannot_be_read_says_why() -> None:
    assert "substitution" in judged("bash", "make $(x)").reason


def test_a_work_tree_reached_through_a_link_is_the_same_work_tree(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    plan = Plan("1.0", Arguments(), "read a", paths=(Path(os.path.realpath(tmp_path / "link" / "a")),))
    assert (
        Gate(()).judge("read", "read", plan, SessionFold("s", root=str(tmp_path / "link"))).action == "allow"
    )

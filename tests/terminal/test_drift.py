"""`cairn resume` first shows what changed while the session rested, and holds up no script."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pseudo_terminal import PseudoTerminal, pseudo_terminal
from scripted_host import SESSION, Params, ScriptedHost, session_info

from cairn_memory.places import Workspace
from cairn_server import cli

Sit = Callable[..., PseudoTerminal]


@pytest.fixture
def sit(workspace: Workspace) -> Iterator[Sit]:
    with ExitStack() as stack:

        def start(*arguments: str) -> PseudoTerminal:
            command = ("-m", "cairn_server.cli", *arguments)
            return stack.enter_context(pseudo_terminal(*command, folder=workspace.root, variables={}))

        yield start


def drift(*lines: tuple[str, str]) -> dict[str, Any]:
    return {
        "session": SESSION,
        "goal": "make it green",
        "state": "interrupted",
        "reason": "the host stopped in mid-run",
        "rested": 1_000,
        "lines": [{"kind": kind, "what": what} for kind, what in lines],
        "commits": ["abc123 Double \x1b[31mx"] if lines else [],
        "moved": "",
        "killed": True,
        "page": "",
    }


def rests(host: ScriptedHost, *lines: tuple[str, str]) -> None:
    """A session was interrupted, and that changed since."""
    host.sessions = [session_info(state="interrupted")]
    host.answers["cairn/session/drift"] = lambda params: drift(*lines)

    def play(params: Params) -> None:
        host.emit("session.state", state="running")
        host.emit("session.state", state="done")

    host.after["cairn/run/resume"] = play


def asked(host: ScriptedHost) -> list[str]:
    return [method for method, _ in host.calls]


def test_a_person_sees_the_table_and_may_leave_the_session_at_rest(host: ScriptedHost, sit: Sit) -> None:
    rests(host, ("branch", "main -> side"), ("changed", "a.py"))
    terminal = sit("resume")
    shown = terminal.wait_for("Go on? [Y/n]")
    assert "branch" in shown and "main -> side" in shown and "a.py" in shown and "\x1b[31mx" not in shown
    terminal.type("n\n")
    assert terminal.exit_code() == 0
    assert "cairn/run/resume" not in asked(host)


def test_enter_goes_on_with_the_session_that_was_shown(host: ScriptedHost, sit: Sit) -> None:
    rests(host, ("changed", "a.py"))
    terminal = sit("resume")
    terminal.wait_for("Go on? [Y/n]")
    terminal.type("\n")
    assert terminal.exit_code() == 0
    assert host.called("cairn/run/resume")["session"] == SESSION


def test_yes_shows_the_table_and_asks_nothing(host: ScriptedHost, sit: Sit) -> None:
    rests(host, ("changed", "a.py"))
    terminal = sit("resume", "--yes")
    assert terminal.exit_code() == 0
    assert "a.py" in terminal.text and "Go on?" not in terminal.text


def test_where_nothing_changed_nothing_is_asked(host: ScriptedHost, sit: Sit) -> None:
    rests(host)
    terminal = sit("resume")
    assert terminal.exit_code() == 0
    assert "Go on?" not in terminal.text


def test_a_script_is_not_held_up(
    host: ScriptedHost, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests(host, ("changed", "a.py"))
    monkeypatch.chdir(workspace.root)
    assert cli.main(["resume"]) == 0
    assert "cairn/session/drift" not in asked(host)


def test_drift_alone_goes_on_with_nothing(
    host: ScriptedHost,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rests(host, ("changed", "a.py"))
    monkeypatch.chdir(workspace.root)
    assert cli.main(["resume", "--drift"]) == 0
    assert "changed" in (out := capsys.readouterr().out) and "a.py" in out
    assert cli.main(["resume", "--drift", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"] == [{"kind": "changed", "what": "a.py"}]
    assert "cairn/run/resume" not in asked(host)

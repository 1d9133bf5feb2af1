"""`cairn trail`: the window's fill in blocks, as wide as the terminal is, plain where no colours are wanted."""

import json
from typing import Any

import pytest
from scripted_host import SESSION, ScriptedHost, session_info

from cairn_memory.places import Workspace
from cairn_server import cli
from cairn_server.terminal.line import plain
from cairn_server.terminal.trail import drawn


def mark(kind: str, step: int, number: int = 0) -> dict[str, Any]:
    return {
        "kind": kind,
        "step": step,
        "event": step,
        "time": 1,
        "number": number,
        "fill": 800,
        "judged": False,
    }


def found(steps: int) -> dict[str, Any]:
    points = [
        {"step": step, "fill": 100 * (step % 9), "cost": 0.0, "time": 1} for step in range(1, steps + 1)
    ]
    marks = [
        mark("checkpoint", 8, 1),
        mark("rebuild", 8, 2),
        mark("kill", min(12, steps)),
        mark("done", steps),
    ]
    return {
        "session": SESSION,
        "window": 1_000,
        "steps": steps,
        "cost": 0.0,
        "points": points,
        "marks": marks,
        "counts": {"checkpoint": 1, "rebuild": 1, "kill": 1, "done": 1},
    }


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize("steps", [1, 8, 30, 600])
def test_the_chart_fits_the_terminal(columns: int, steps: int) -> None:
    chart = plain(drawn(found(steps), columns)).splitlines()[1:9]
    assert max(map(len, chart)) <= max(columns, 27)
    assert "█" in "".join(chart) or steps == 1


def test_each_thing_that_happened_has_a_sign_and_a_line() -> None:
    text = plain(drawn(found(30), 80))
    assert "✗" in text and "the host was killed" in text and "window 2" in text and "checkpoint 1" in text
    assert "step 12 · 800 tokens · e12" in text


def test_a_session_without_a_step_says_so() -> None:
    assert "no step was made yet" in plain(drawn(found(0) | {"points": [], "marks": [], "counts": {}}, 80))


def test_a_pipe_gets_no_colours_and_a_program_gets_json(
    host: ScriptedHost,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    host.sessions = [session_info(state="done")]
    host.answers["cairn/session/trail"] = lambda params: found(30)
    monkeypatch.chdir(workspace.root)
    assert cli.main(["trail"]) == 0
    assert "\x1b" not in (out := capsys.readouterr().out) and "▴" in out
    assert cli.main(["trail", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 30

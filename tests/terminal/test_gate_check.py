"""`cairn gate check`: decisions without a host, for people and for programs."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cairn_server.cli import main

RULES = """
[[rules]]
tool = "bash"
match = "npm test *"
action = "allow"

[[rules]]
tool = "bash"
match = "rm *"
action = "deny"
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home, root = tmp_path / "home", tmp_path / "tree"
    home.mkdir()
    root.mkdir()
    monkeypatch.setenv("CAIRN_HOME", str(home))
    (home / "config.toml").write_text(RULES)
    return root


def asked(
    place: Path, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, decisions, stderr."""
    code = main(["gate", "check", "--cwd", str(place), "--json", *words])
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def test_a_command_is_judged_by_the_users_rules_and_its_parts(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (found,), _ = asked(place, capsys, "cd . && npm test | tail -1; make")
    assert code == 0
    assert (found["decision"], found["rule"], found["risk"]) == ("ask", "command analysis", "run")
    assert [(part["part"], part["decision"]) for part in found["parts"]] == [
        ("cd .", "allow"), ("npm test", "allow"), ("tail -1", "allow"), ("make", "ask")
    ]  # fmt: skip
    assert asked(place, capsys, "ls; rm x")[1][0]["decision"] == "deny"
    assert asked(place, capsys, "--network", "ls")[1][0]["risk"] == "network"
    assert asked(place, capsys, "--mode", "plan", "npm test")[1][0]["decision"] == "deny"


def test_a_projects_rules_only_tighten(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / ".cairn").mkdir()
    (place / ".cairn" / "config.toml").write_text(
        '[[rules]]\ntool = "bash"\nmatch = "*"\naction = "allow"\n[[rules]]\ntool = "bash"\nmatch = "ls*"\naction = "deny"\n'
    )
    _, (allowed,), said = asked(place, capsys, "make")
    assert allowed["decision"] == "ask"
    assert "may not allow" in said
    assert asked(place, capsys, "ls")[1][0]["decision"] == "deny"


def test_files_are_judged_by_tool_and_path(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, (found,), _ = asked(place, capsys, "--tool", "write", "--path", ".git/config")
    assert (found["decision"], found["path"], found["rule"]) == ("deny", ".git/config", "protected paths")
    assert asked(place, capsys, "--tool", "read", "--path", "a")[1][0]["decision"] == "allow"
    assert asked(place, capsys, "--tool", "read", "--path", "../a")[1][0]["decision"] == "ask"


def test_a_batch_keeps_its_order_and_ids_and_tells_bad_lines(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = place / "batch"
    batch.write_text('ls\n\n{"command": "make", "id": 7}\n"pwd"\n{"x": 1}\n{ ls; }\n')
    code, found, said = asked(place, capsys, "--batch", str(batch))
    assert code == 2
    assert [(each["command"], each["decision"], each.get("id")) for each in found] == [
        ("ls", "allow", None), ("make", "ask", 7), ("pwd", "allow", None), ("{ ls; }", "allow", None)
    ]  # fmt: skip
    assert said.count("\n") == 1 and "batch:5" in said


def test_a_batch_comes_from_stdin_too(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ls\n")))
    assert asked(place, capsys, "--batch", "-")[1][0]["decision"] == "allow"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give one of"),
        (["ls", "--tool", "read"], "give one of"),
        (["--tool", "read"], "--path"),
        (["--tool", "fly", "--path", "a"], "there is no tool"),
        (["--batch", "nowhere"], "cannot be read"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    code, found, said = asked(place, capsys, *words)
    assert (code, found) == (2, [])
    assert said.count("\n") == 1 and told in said


def test_a_person_reads_the_decision_the_reason_and_the_rule(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gate", "check", "--cwd", str(place), "ls && make \x1b[2J"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("ask") and "by: command analysis" in said
    assert "\x1b" not in said

"""`cairn audit`: what is asked of the host, and what people, programs and reports get of it."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from host_ending import end_host
from scripted_host import SESSION, Params, ScriptedHost, session_info

from cairn_memory.places import Workspace
from cairn_server import cli

DATA = Path(__file__).parents[1] / "memory" / "imports" / "data"
NOON = datetime(2026, 11, 21, 12, 0, 0)


def row(**more: Any) -> Params:
    standard: Params = {
        "time": round(NOON.timestamp() * 1_000), "session": SESSION, "agent": "main", "task": "T1.2",
        "kind": "command", "what": "make test", "outcome": "error", "allowed": "approved by editor",
        "events": [3, 5, 8], "before": "", "after": "", "added": None, "removed": None, "exit_code": 2, "ms": 1_500,
    }  # fmt: skip
    return {**standard, **more}


ROWS = [
    row(),
    row(kind="file", what="src/a|b.py", outcome="ok", before="aaaa", after="bbbb", added=2, removed=1, exit_code=None),
    row(what="echo \x1b[31mred\n\u202eand `more`", exit_code=0, outcome="ok"),
    row(kind="install", what="npm ci", outcome="denied", allowed="denied by terminal", exit_code=None, ms=0),
]  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    try:
        code = cli.main(["audit", *arguments])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    out, complaint = capsys.readouterr()
    return code, out, complaint


@pytest.fixture
def asked(host: ScriptedHost, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[Params]:
    """What the host was asked for. It gives ROWS in two pages."""
    monkeypatch.chdir(workspace.root)
    found: list[Params] = []

    def answer(params: Params) -> Params:
        found.append(dict(params))
        first = len(found) == 1
        return {"rows": ROWS[:2] if first else ROWS[2:], "since": 50 * len(found), "more": first}

    host.answers["cairn/audit/list"] = answer
    host.sessions = [session_info()]
    return found


def test_all_pages_are_asked_for_and_a_pipe_gets_a_row_a_line(
    asked: list[Params], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, complaint = run(capsys)
    assert (code, complaint) == (0, "")
    assert [params["since"] for params in asked] == [0, 50]
    lines = out.splitlines()
    assert len(lines) == 4
    assert lines[0].split("\t") == [
        "2026-11-21 12:00:00", SESSION, "T1.2", "command", "error 2", "1.5 s", "approved by editor", "make test",
    ]  # fmt: skip
    assert lines[1].endswith("\tsrc/a|b.py · +2 -1 aaaa -> bbbb")
    assert "denied by terminal" in lines[3]


def test_what_a_tool_was_given_is_shown_and_never_obeyed(
    asked: list[Params], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for arguments in ((), ("--markdown",)):
        _, out, _ = run(capsys, *arguments)
        assert "\x1b" not in out and "\u202e" not in out
        asked.clear()
    assert "␛" in out


def test_programs_get_every_field_as_json_lines(
    asked: list[Params], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, "--json")
    assert [json.loads(line) for line in out.splitlines()] == ROWS


def test_a_report_is_one_table_that_no_text_breaks(
    asked: list[Params], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "--output", str(tmp_path / "report.md"))
    assert (code, out) == (0, "")
    lines = (tmp_path / "report.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Audit of all sessions"
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 6
    assert {line.replace("\\|", "").count("|") for line in table} == {10}
    assert lines[-1] == "2 commands, 1 file changes, 1 installs"


def test_the_ending_of_a_file_says_its_form(asked: list[Params], capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "--output", "out.jsonl")
    assert [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()] == ROWS


@pytest.mark.parametrize(
    ("arguments", "params"),
    [
        (("--since", "e123"), {"since": 123}),
        (("--since", "77"), {"since": 77}),
        (("--since", "2026-11-21T12:00:00"), {"after": round(NOON.timestamp() * 1_000)}),
        (("--kind", "file", "--kind", "install"), {"kinds": ["file", "install"]}),
        ((SESSION[:8],), {"session": SESSION}),
    ],
)
def test_what_is_wanted_is_asked_of_the_host(
    asked: list[Params], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], params: Params
) -> None:
    assert run(capsys, *arguments)[0] == 0
    assert params.items() <= asked[0].items()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--since", ""),
        ("--kind", "rumour"),
        ("nobody",),
        ("--output", "/no/such/folder/x"),
    ],
)
def test_bad_usage_is_told_in_one_line(
    asked: list[Params], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, complaint = run(capsys, *arguments)
    assert code in (1, 2) and out == ""
    assert complaint.startswith("cairn: ") and complaint.count("\n") == 1


def test_what_an_imported_session_did_is_in_the_audit(workspace: Workspace, cairn_home: Path) -> None:
    """Through a real host."""

    def cairn(*arguments: str) -> str:
        command = [sys.executable, "-m", "cairn_server.cli", *arguments]
        done = subprocess.run(
            command, cwd=workspace.root, check=False, timeout=60, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        cairn("sessions", "import", str(DATA / "claude-code.jsonl"), str(DATA / "codex.jsonl"))
        rows = [json.loads(line) for line in cairn("audit", "--json").splitlines()]
        assert {"command"} <= {each["kind"] for each in rows}
        one = rows[0]["session"]
        only = [json.loads(line) for line in cairn("audit", one, "--json").splitlines()]
        assert only == [each for each in rows if each["session"] == one]
        assert cairn("audit", "--markdown").startswith("# Audit of all sessions\n")
    finally:
        end_host(workspace.root)

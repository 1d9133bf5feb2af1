"""`cairn sessions import`: what is asked of the host and what a person and a program are told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from host_ending import end_host
from scripted_host import Params, Refusal, ScriptedHost

from cairn_memory.places import Workspace
from cairn_server import cli

DATA = Path(__file__).parents[1] / "memory" / "imports" / "data"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    try:
        code = cli.main(list(arguments))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    out, complaint = capsys.readouterr()
    return code, out, complaint


@pytest.fixture
def imported(host: ScriptedHost, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that the host was asked to import. It refuses those named `bad`."""
    monkeypatch.chdir(workspace.root)
    asked: list[str] = []

    def answer(params: Params) -> Params:
        asked.append(params["path"])
        if params["path"].endswith("bad"):
            raise Refusal("bad is no session\x1b[31m")
        problems = ["line 3: no JSON"] if "odd" in params["path"] else []
        return {
            "session": "imp-1",
            "messages": 1_234,
            "problems": problems,
            "already": "old" in params["path"],
        }

    host.answers["cairn/session/import"] = answer
    return asked


def test_files_are_named_absolutely_and_each_is_told(
    imported: list[str], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, complaint = run(capsys, "sessions", "import", "odd.jsonl", "/tmp/old.jsonl")
    assert (code, complaint) == (0, "")
    assert imported == [str(workspace.root / "odd.jsonl"), "/tmp/old.jsonl"]
    assert out.splitlines() == [
        "imp-1  imported, 1,234 messages  odd.jsonl",
        "  left out: line 3: no JSON",
        "imp-1  was imported before, 1,234 messages  /tmp/old.jsonl",
    ]


def test_a_file_that_is_refused_holds_up_no_other(
    imported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, complaint = run(capsys, "sessions", "import", "bad", "good")
    assert (code, complaint) == (2, "cairn: bad is no session␛[31m\n")
    assert out == "imp-1  imported, 1,234 messages  good\n"


def test_json_names_every_file_and_what_came_of_it(
    imported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "sessions", "import", "bad", "good", "--json")
    assert code == 2
    assert json.loads(out) == [
        {"file": "bad", "error": "bad is no session\x1b[31m"},
        {"file": "good", "session": "imp-1", "messages": 1_234, "problems": [], "already": False},
    ]


@pytest.mark.parametrize("arguments", [("import",), ("export",), ("import", "--unheard-of", "x")])
def test_bad_usage_is_told_in_one_line(
    imported: list[str], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, complaint = run(capsys, "sessions", *arguments)
    assert (code, out, imported) == (2, "", [])
    assert complaint.startswith("cairn: ") and complaint.count("\n") == 1


def test_an_imported_session_is_one_of_the_workspace(workspace: Workspace, cairn_home: Path) -> None:
    """Through a real host: imported, listed, shown, and there once."""

    def cairn(*arguments: str) -> Any:
        command = [sys.executable, "-m", "cairn_server.cli", *arguments, "--json"]
        done = subprocess.run(
            command, cwd=workspace.root, check=False, timeout=60, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    files = [str(DATA / name) for name in ("neutral.jsonl", "claude-code.jsonl", "codex.jsonl")]
    files.append(str(DATA / "opencode" / "session" / "p1" / "ses_1.json"))
    try:
        ((*first,),) = cairn("sessions", "import", *files)
        assert [(each["messages"], each["already"]) for each in first] == [
            (8, False),
            (19, False),
            (16, False),
            (10, False),
        ]
        ((*again,),) = cairn("sessions", "import", *files)
        assert [each | {"already": False} for each in again] == first
        ((*listed,),) = cairn("sessions")
        assert {each["session"]: each["goal"] for each in listed} == {
            first[0]["session"]: "Make the lighthouse blink twice.",
            first[1]["session"]: "Why does the bell ring at night? See the picture.\n[image]",
            first[2]["session"]: "Oil the wheel.\n[image]",
            first[3]["session"]: "Paint the door green.\n[image]",
        }
        assert {each["state"] for each in listed} == {"done"}
        shown = cairn("show", first[0]["session"])
        assert [event["kind"] for event in shown[:3]] == [
            "session.started",
            "session.imported",
            "message.user",
        ]
        assert shown[-1]["payload"]["reason"] == f"imported from {files[0]}"
    finally:
        end_host(workspace.root)

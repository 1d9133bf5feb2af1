"""`cairn diff`, `rewind` and `fork`, as a person and a script use them, through a real host and real HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from host_ending import end_host

from cairn_memory.places import Workspace
from cairn_server import cli

PROVIDER = Path(__file__).parents[1] / "scripted_provider.py"
TURNS: list[Any] = [
    [["write", {"path": "a.txt", "content": "by the agent\n"}]],
    [["bash", {"command": "printf 'shell\\n' >> kept.txt"}]],
    "done",
    "the fork says so",
]


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    turns = tmp_path / "turns.json"
    turns.write_text(json.dumps(TURNS))
    with subprocess.Popen(
        [sys.executable, str(PROVIDER), str(turns)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


class Cairn:
    def __init__(self, workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
        self.workspace = workspace
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        try:
            code = cli.main(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        out, complaint = self._capsys.readouterr()
        return code, out, complaint

    def read(self, name: str) -> str:
        return (self.workspace.root / name).read_text()


@pytest.fixture
def cairn(
    workspace: Workspace, endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Cairn]:
    """A workspace in which a session wrote a.txt and ran a command on kept.txt."""
    (workspace.root / "kept.txt").write_text("one\ntwo\nthree\n")
    monkeypatch.chdir(workspace.root)
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint)
    monkeypatch.setenv("CAIRN_MODEL", "scripted")
    made = Cairn(workspace, capsys)
    try:
        assert made("run", "--yes", "Do it.")[0] == 0
        yield made
    finally:
        end_host(workspace.root)


def test_what_the_agent_changed_is_shown_taken_back_and_put_back(cairn: Cairn) -> None:
    code, out, _ = cairn("diff")
    assert code == 0
    for line in ("--- /dev/null", "+by the agent", "+++ b/kept.txt", "+shell"):
        assert line in out
    assert "a.txt" not in cairn("diff", "s2")[1]
    assert "2 files changed, 2 insertions(+), 0 deletions(-)" in cairn("diff", "--stat")[1]
    found = json.loads(cairn("diff", "--json")[1])
    assert [(each["path"], each["how"], each["steps"]) for each in found["files"]] == [
        ("a.txt", "added", [1]),
        ("kept.txt", "changed", [2]),
    ]
    (cairn.workspace.root / "kept.txt").write_text("mine\none\ntwo\nthree\nshell\n")
    assert "mine" not in cairn("diff")[1].replace(" mine", "")
    code, out, _ = cairn("rewind", "start", "--preview")
    assert code == 0 and "would take back 3 steps since the start: 2 files and the conversation" in out
    assert cairn.read("a.txt") == "by the agent\n"
    code, out, _ = cairn("rewind", "start")
    assert code == 0 and "- a.txt" in out and "your later work in it stays" in out
    assert (
        not (cairn.workspace.root / "a.txt").exists() and cairn.read("kept.txt") == "mine\none\ntwo\nthree\n"
    )
    assert cairn("rewind", "--undo")[0] == 0
    assert cairn.read("kept.txt") == "mine\none\ntwo\nthree\nshell\n"


def test_an_overlap_exits_with_one_and_shows_the_places(cairn: Cairn) -> None:
    (cairn.workspace.root / "a.txt").write_text("by both\n")
    code, out, _ = cairn("rewind", "s1", "--files")
    assert code == 1 and "nothing was changed" in out and "a.txt" in out and "by both" in out
    assert cairn.read("kept.txt").endswith("shell\n")


def test_a_fork_runs_and_the_files_stay(cairn: Cairn) -> None:
    code, out, _ = cairn("fork", "s2", "Try another way.")
    assert code == 0 and "goes on from s2" in out and "the fork says so" in out
    assert cairn.read("kept.txt").endswith("shell\n")
    assert len(json.loads(cairn("sessions", "--json")[1])) == 2


def test_what_cannot_be_is_told_in_one_line(cairn: Cairn) -> None:
    for arguments, said in (
        (("rewind",), "say what to go back to"),
        (("rewind", "s1", "--undo"), "say what to go back to"),
        (("rewind", "--undo"), "nothing of session"),
        (("rewind", "s77"), "has no step 77: its steps are 1 to 3"),
        (("diff", "what"), "is no place in session"),
        (("fork", "c9"), "has no checkpoint c9"),
    ):
        code, out, complaint = cairn(*arguments)
        assert code in (1, 2) and out == "" and said in complaint and complaint.count("\n") == 1

"""`cairn run --mode propose` and `cairn proposals`, as a person and a script use them, through a real host and real HTTP."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host_ending import end_host

from cairn_memory.places import Workspace
from cairn_server import cli

PROVIDER = Path(__file__).parents[1] / "scripted_provider.py"
BEFORE = "".join(f"line {number}\n" for number in range(1, 21))
TURNS: list[Any] = [
    ["One digit is a word.", ["edit", {"path": "a.txt", "old": "line 3\n", "new": "three\n"}]],
    ["So are two.", ["edit", {"path": "a.txt", "old": "line 15\n", "new": "fifteen\n"}]],
    "Proposed.",
]
Cairn = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cairn(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Cairn]:
    """A workspace in which a session proposed two changes of a.txt."""
    turns = tmp_path / "turns.json"
    turns.write_text(json.dumps(TURNS))
    (workspace.root / "a.txt").write_text(BEFORE)
    monkeypatch.chdir(workspace.root)

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = cli.main(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        out, errors = capsys.readouterr()
        return code, out, errors

    with subprocess.Popen(
        [sys.executable, str(PROVIDER), str(turns)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        monkeypatch.setenv("OPENAI_BASE_URL", process.stdout.readline().strip())
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("CAIRN_MODEL", "scripted")
        assert call("run", "--mode", "propose", "spell it")[0] == 0
        yield call
        process.kill()
    end_host(workspace.root)


def test_a_proposal_is_listed_shown_and_answered_part_by_part(workspace: Workspace, cairn: Cairn) -> None:
    code, listed, _ = cairn("proposals")
    session = listed.split("\t")[0]
    assert code == 0 and "2 parts in 1 file" in listed
    _, shown, _ = cairn("proposals", "show")
    assert shown.splitlines()[:2] == ["--- a/a.txt", "+++ b/a.txt"]
    assert "-line 3\n+three\n" in shown and "part 2" in shown
    said = [line for line in shown.splitlines() if line.startswith(("#", "@@"))]
    assert [line[:2] for line in said] == ["# ", "@@", "# ", "@@"]
    assert said[::2] == ["# One digit is a word.", "# So are two."]
    assert (workspace.root / "a.txt").read_text() == BEFORE

    code, said, _ = cairn("proposals", "accept", session, "2")
    assert (code, said) == (0, "accepted 1 part of a.txt\n1 part waits for an answer\n")
    code, said, _ = cairn("proposals", "reject", session, "--reason", "three is fine")
    assert (code, said) == (0, "rejected 1 part of a.txt\nnothing is left\n")
    assert (workspace.root / "a.txt").read_text() == BEFORE.replace("line 15\n", "fifteen\n")
    assert cairn("proposals", "show", session)[1] == f"nothing of {session} waits for an answer\n"
    code, _, complaint = cairn("proposals", "accept", session)
    assert code != 0 and "nothing is proposed any more" in complaint


def test_a_part_that_overlaps_with_the_users_work_says_where_and_exits_with_one(
    workspace: Workspace, cairn: Cairn
) -> None:
    mine = BEFORE.replace("line 3\n", "mine\n")
    (workspace.root / "a.txt").write_text(mine)
    shown = json.loads(cairn("proposals", "show", "--json")[1])
    code, said, _ = cairn("proposals", "accept", shown["session"])
    assert code == 1 and "a.txt:3 was changed by somebody else" in said
    assert (workspace.root / "a.txt").read_text() == mine.replace("line 15\n", "fifteen\n")

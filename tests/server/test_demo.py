"""`cairn demo`: the whole of it, as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cairn_server.demo.run import main
from cairn_server.demo.workspace import DemoWorkspace, SuiteRun

PROGRAM = "import sys; from cairn_server.demo.run import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.chaos
@pytest.mark.timeout(300)
def test_the_demo_keeps_what_it_promises(tmp_path: Path, cairn_home: Path) -> None:
    folder = tmp_path / "kept"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "--fast", "--keep", str(folder)],
        env={**os.environ, "COLUMNS": "160", "CAIRN_MODEL": "the-users-own"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=290,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "turns are replayed" in done.stdout and "BROKEN" not in done.stdout
    assert "What each rebuild carried" in done.stdout and "without memory" in done.stdout
    assert "SIGKILL to host" in done.stdout and "export OPENAI_BASE_URL=" in done.stdout
    assert DemoWorkspace(folder / "island-ferries", folder / "cairn-home").test() == SuiteRun(86, 0)
    assert not cairn_home.exists(), "nothing of the user's own is touched"


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert main(["--keep", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

"""Each fuzz target holds for a few seconds, and breaks when there is something to find."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BROKEN = """
import sys
sys.path.insert(0, {here!r})
from mutating import main
import time

def one(data):
    if b"}}}}" in data:
        {harm}

sys.exit(main("frames", one, ("incoming",), (b"{{", b"}}")))
"""


def _fuzz(*arguments: str, seed: int = 0, seconds: float = 5.0) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *arguments, "--seconds", str(seconds), "--seed", str(seed)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=100, cwd=HERE.parents[1]
    )


@pytest.mark.chaos
@pytest.mark.timeout(120)
@pytest.mark.parametrize("target", ["frames", "markdown"])
def test_no_bytes_break_it(target: str, seed: int) -> None:
    done = _fuzz(str(HERE / f"{target}.py"), seed=seed)
    assert done.returncode == 0, done.stderr
    assert "lines reached" in done.stdout


@pytest.mark.chaos
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("harm", "told"),
    [("raise KeyError(data)", "crash: KeyError"), ("while time.process_time() < 7: pass", "hang")],
)
def test_what_breaks_is_told_with_its_seed_and_input(tmp_path: Path, harm: str, told: str) -> None:
    script = tmp_path / "broken.py"
    script.write_text(BROKEN.format(here=str(HERE), harm=harm), encoding="utf-8")
    done = _fuzz(str(script), seed=7)
    assert done.returncode == 1
    assert "--seed 7" in done.stderr and told in done.stderr and "b'" in done.stderr

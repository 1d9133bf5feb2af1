"""`cairn sandbox -- CMD` runs a command as an agent's would be, and passes on what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from boxed import needs_bubblewrap

from cairn_memory.places import Workspace
from cairn_server.doctor import doctor

CAIRN = str(Path(sys.executable).with_name("cairn"))


def cairn(root: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [CAIRN, "sandbox", *arguments],
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


@needs_bubblewrap
def test_output_errors_and_exit_code_are_passed_on(repository: Path) -> None:
    done = cairn(repository, "--", "bash", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 7)
    assert cairn(repository, "--", "echo $((6 * 7))").stdout == "42\n"
    assert cairn(repository, "--", "kill -9 $$").returncode == 137


@needs_bubblewrap
def test_it_holds_and_leaves_nothing(repository: Path) -> None:
    done = cairn(
        repository, "--", "echo GOT > .git/hooks/x || echo GOT > AGENTS.md || echo GOT > /usr/x || echo held"
    )
    assert done.stdout == "held\n"
    assert sorted(path.name for path in repository.iterdir()) == [".cairn", ".git", "README.md"]
    assert [path.name for path in (repository / ".cairn" / "local").iterdir()] == ["sandbox"]


@needs_bubblewrap
def test_the_network_is_there_when_it_is_granted(repository: Path) -> None:
    look = "cut -d: -f1 /proc/net/dev | tr -d ' ' | tail -n +3 | sort | tr '\\n' ' '"
    assert cairn(repository, "--", look).stdout == "lo "
    assert cairn(repository, "--network", "--", look).stdout.split() == sorted(os.listdir("/sys/class/net"))


def test_without_a_sandbox_nothing_is_run(repository: Path, cairn_home: Path) -> None:
    cairn_home.mkdir(exist_ok=True)
    (cairn_home / "config.toml").write_text("[sandbox]\nenabled = false\n", encoding="utf-8")
    done = cairn(repository, "--", "touch ran")
    assert done.returncode == 1 and "switched off" in done.stderr and done.stderr.count("\n") == 1
    assert not (repository / "ran").exists()


@needs_bubblewrap
def test_doctor_attacks_the_sandbox_and_counts(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cairn_server import doctor as module

    monkeypatch.setattr(module, "CHECKS", (module._sandbox,))  # pyright: ignore[reportPrivateUsage]
    assert doctor(Workspace.of(repository)) == 0
    (line,) = capsys.readouterr().out.splitlines()
    stopped, tried = line.removeprefix("ok    sandbox bubblewrap: ").split(" attacks")[0].split(" of ")
    assert stopped == tried and int(tried) > 30

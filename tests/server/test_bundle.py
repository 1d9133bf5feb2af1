"""What the VSIX makes of its wheels: an environment, offline, once, with a Python that they are for.

The wheels here are small ones, and pip's own from the standard library; `make test-editor` has the real ones.
"""

import ensurepip
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)  # each one starts pip, out of its wheel

INSTALL = Path(__file__).parents[2] / "vscode-extension" / "bundle" / "install.py"
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
CLI = "import sys; print('cairn 0.0.1') if '--version' in sys.argv else sys.exit(1)\n"
WEEKS = 14 * 86_400
"""Seconds."""


class Box:
    """The folder of the extension with its wheels, and the storage beside it."""

    def __init__(self, folder: Path, server: str = CLI, tag: str = TAG) -> None:
        self.storage = folder / "storage"
        self.wheels = folder / "bundle" / "wheels"
        self.wheels.mkdir(parents=True)
        shutil.copy(INSTALL, folder / "bundle")
        (pip,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
        shutil.copy(pip, self.wheels)
        self.add(
            "cairn_agent", "py3-none-any", {"cairn_server/__init__.py": "", "cairn_server/cli.py": server}
        )
        self.add("compiled", f"{tag}-{tag}-any", {})
        self.name("one")

    def name(self, key: str) -> None:
        (self.wheels / "key").write_text(key, encoding="ascii")

    def add(self, name: str, tags: str, files: dict[str, str]) -> None:
        info = f"{name}-0.0.1.dist-info"
        with zipfile.ZipFile(self.wheels / f"{name}-0.0.1-{tags}.whl", "w") as wheel:
            for path, text in files.items():
                wheel.writestr(path, text)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n")
            wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tags}\n")
            wheel.writestr(f"{info}/RECORD", "")

    def begin(self) -> "subprocess.Popen[str]":
        """`install.py` as the extension runs it, in an environment that would lead pip elsewhere."""
        return subprocess.Popen(
            [sys.executable, "-I", str(self.wheels.parent / "install.py"), str(self.storage)],
            env=os.environ | {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_TARGET": "/nowhere"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def install(self) -> tuple[int, str, str]:
        """Exit code, what it printed, the last line of what it said."""
        with self.begin() as process:
            out, said = process.communicate(timeout=50)
        return process.returncode, out.strip(), (said.strip().splitlines() or [""])[-1]

    def environments(self) -> list[Path]:
        return sorted(self.storage.glob("server-*"))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_it_is_made_offline_once_and_found_after_that(box: Box) -> None:
    code, python, said = box.install()
    assert (code, said) == (0, "installing its packages")
    version = subprocess.run(
        [python, "-P", "-m", "cairn_server.cli", "--version"], capture_output=True, check=True
    )
    assert version.stdout == b"cairn 0.0.1\n"

    assert box.install() == (0, python, "")


def test_what_was_not_finished_or_no_longer_answers_is_not_used(box: Box) -> None:
    _, first, _ = box.install()
    unfinished = box.storage / "server-one-000"
    shutil.copytree(Path(first).parents[1], unfinished, symlinks=True)
    (unfinished / "made").unlink()
    assert box.install() == (0, first, "")

    Path(first).unlink()  # as when its Python was removed from the machine
    code, second, said = box.install()

    assert (code, said) == (0, "installing its packages") and second != first


def test_two_windows_at_once_both_get_one_that_answers(box: Box) -> None:
    both = [box.begin(), box.begin()]
    pythons = [process.communicate(timeout=50)[0].strip() for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert box.install()[1] == min(pythons)


def test_other_wheels_get_an_environment_of_their_own_and_old_ones_go_when_nobody_used_them_for_a_week(
    box: Box,
) -> None:
    used, unused = box.storage / "server-before-1", box.storage / "server-before-2"
    for environment in (used, unused):
        environment.mkdir(parents=True)
    long_ago = unused.stat().st_mtime - WEEKS
    os.utime(unused, (long_ago, long_ago))

    _, made, _ = box.install()

    assert used.exists(), "its host may still work on a long run"
    assert not unused.exists() and box.environments() == [used, Path(made).parents[1]]


def test_a_python_that_the_wheels_are_not_for_says_so_and_another_may_be_tried(tmp_path: Path) -> None:
    box = Box(tmp_path, tag="cp399")
    code, _, said = box.install()
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert (code, said) == (1, f"{sys.executable} is cpython {version}, not CPython 3.99")
    assert box.environments() == []


def test_a_server_that_does_not_start_is_told_in_one_line_and_nothing_is_left(tmp_path: Path) -> None:
    box = Box(tmp_path, server="raise SystemExit('no room for this')")
    code, _, said = box.install()
    assert code == 3
    assert said == (
        f"the packages of the extension cannot be installed with {sys.executable}: no room for this"
    )
    assert box.environments() == []


def test_a_wheel_that_is_missing_is_named(box: Box) -> None:
    for wheel in box.wheels.glob("cairn_agent-*.whl"):
        wheel.unlink()
    code, _, said = box.install()
    assert code == 3 and said.endswith("No matching distribution found for cairn-agent")
    assert box.environments() == []


def test_without_room_nothing_is_begun(box: Box) -> None:
    full = "import shutil, sys; shutil.disk_usage = lambda _: shutil._ntuple_diskusage(0, 0, 5_000_000)\n"
    script = box.wheels.parent / "install.py"
    script.write_text(full + script.read_text(encoding="utf-8"), encoding="utf-8")
    code, _, said = box.install()
    assert code == 3
    assert said == f"{box.storage} has 5 MB free and the server takes 200: make room"
    assert box.environments() == []

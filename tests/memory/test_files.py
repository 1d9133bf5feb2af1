"""An atomic write leaves the old content or the new, whole, whenever it ends."""

import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
import stepping_writer
from stepping_writer import NEW

from cairn_memory.files import write_atomically

OLD = b"old content"
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals, links and permission bits")


@posix_only
def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "file"
    seen: set[bytes] = set()
    steps: list[str] = []
    for number in count(1):
        path.write_bytes(OLD)
        command = (sys.executable, stepping_writer.__file__, str(path), str(number))
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
        seen.add(path.read_bytes())
        steps = done.stdout.split()
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert seen == {OLD, NEW}
    assert steps == ["open", "fdopen", "fchmod", "fsync", "replace", "open", "fsync", "close"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_an_error_leaves_the_old_content_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(f"cairn_memory.files.os.{call}", fail)
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD
    assert list(tmp_path.glob("*.tmp")) == [] and list(tmp_path.glob(".*.tmp")) == []


@posix_only
def test_permission_bits_are_kept_or_given(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(OLD)
    path.chmod(0o751)
    write_atomically(path, NEW)
    assert path.stat().st_mode & 0o777 == 0o751
    write_atomically(path, NEW, mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600


@posix_only
def test_a_new_file_gets_the_bits_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "new", NEW)
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


@posix_only
def test_a_symlink_is_written_through(tmp_path: Path) -> None:
    target, link, dangling = tmp_path / "target", tmp_path / "link", tmp_path / "dangling"
    target.write_bytes(OLD)
    link.symlink_to(target)
    write_atomically(link, NEW)
    assert link.is_symlink() and target.read_bytes() == NEW
    dangling.symlink_to(tmp_path / "made")
    write_atomically(dangling, NEW)
    assert (tmp_path / "made").read_bytes() == NEW


@posix_only
def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "a", NEW)


@pytest.mark.parametrize("name", ["with space", "ünïcode 漢字", "x" * 255])
def test_any_name_can_be_written(tmp_path: Path, name: str) -> None:
    write_atomically(tmp_path / name, NEW)
    assert (tmp_path / name).read_bytes() == NEW

"""Files are put back all together or not at all, whatever is in the way, and whenever the process dies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cairn_memory.snapshots import Entry, Repository, SnapshotError, States, WorkTree
from cairn_memory.snapshots.restoring import FileOp, Restore, Restorer, observe
from cairn_memory.snapshots.states import EMPTY_FOLDER


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "work"
        self.root.mkdir(exist_ok=True)
        repository = Repository(folder / "snapshots.git")
        self.tree = WorkTree(repository, self.root)
        self.states = States(repository)
        self.restorer = Restorer(self.states, folder / "rewind.json")

    def begin(self) -> Restore:
        """A tree in one state, and what brings it to another: files that come, go and change, a link, a folder for a file."""
        for name in ("changed.txt", "goes/away.txt", "folder/becomes.txt", "run.sh"):
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"old {name}\n")
        (self.root / "was-empty").mkdir()
        text = Entry("100644", self.states_store(b"new\n"))
        ops = (
            FileOp("changed.txt", self.now("changed.txt"), text),
            FileOp("goes/away.txt", self.now("goes/away.txt"), None),
            FileOp("folder/becomes.txt", self.now("folder/becomes.txt"), None),
            FileOp("folder", None, text),
            FileOp("comes/deep/new.txt", None, text),
            FileOp("run.sh", self.now("run.sh"), Entry("100755", self.now_oid("run.sh"))),
            FileOp("link", None, Entry("120000", self.states_store(b"changed.txt"))),
            FileOp("made-empty", None, EMPTY_FOLDER),
            FileOp("was-empty", EMPTY_FOLDER, None),
        )
        return Restore(self.root, ops, ("goes",), {"session": "s"}, "token")

    def states_store(self, data: bytes) -> str:
        self.tree.repository.open()
        return self.states.store(data)

    def now(self, name: str) -> Entry:
        entry = observe(self.root, name)
        assert entry is not None
        self.states_store((self.root / name).read_bytes())
        return entry

    def now_oid(self, name: str) -> str:
        return self.now(name).oid

    def world(self) -> dict[str, Entry | None]:
        return {
            path.relative_to(self.root).as_posix(): observe(self.root, path.relative_to(self.root).as_posix())
            for path in sorted(self.root.rglob("*"))
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_files_links_modes_and_folders_all_become_what_they_are_to_be(desk: Desk) -> None:
    restore = desk.begin()
    assert desk.restorer.obstacles(restore) == {}
    desk.restorer.carry_out(restore)
    desk.restorer.forget()
    for op in restore.ops:
        assert observe(desk.root, op.path) == op.after
    assert not (desk.root / "goes").exists() and not list(desk.root.rglob("*.tmp"))
    assert os.readlink(desk.root / "link") == "changed.txt"


@pytest.mark.parametrize("what", ["changed", "in the folder", "in the way", "a link on the way"])
def test_what_is_other_than_recorded_is_an_obstacle(desk: Desk, what: str) -> None:
    restore = desk.begin()
    match what:
        case "changed":
            (desk.root / "changed.txt").write_text("mine\n")
        case "in the folder":
            (desk.root / "folder/mine.txt").write_text("mine\n")
        case "in the way":
            (desk.root / "comes/deep").mkdir(parents=True)
            (desk.root / "comes/deep/new.txt").write_text("mine\n")
        case _:
            (desk.root / "comes").symlink_to("/tmp")
    found = desk.restorer.obstacles(restore)
    assert list(found) == [
        {"changed": "changed.txt", "in the folder": "folder"}.get(what, "comes/deep/new.txt")
    ]


def test_when_one_file_cannot_be_written_none_is_changed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    restore = desk.begin()
    before = desk.world()
    real, count = os.replace, 0

    def fails(source: str, target: str) -> None:
        nonlocal count
        count += "work" in str(target)
        if count == 3 and "work" in str(target):
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(SnapshotError, match="all of them were put back"):
        desk.restorer.carry_out(restore)
    monkeypatch.undo()
    after = desk.world()
    assert {
        path: entry
        for path, entry in after.items()
        if path not in ("goes", "comes", "comes/deep", "was-empty")
    } == {
        path: entry
        for path, entry in before.items()
        if path not in ("goes", "comes", "comes/deep", "was-empty")
    }
    assert not desk.restorer.journal.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
left = int(sys.argv[2])
def counting(real):
    def call(*arguments, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return call
from test_restoring import Desk
from cairn_memory.snapshots.restoring import Restore
desk = Desk(Path(sys.argv[1]))
restore = Restore.from_json((desk.folder / "wanted.json").read_text())
for name in ("replace", "unlink", "rmdir", "mkdir", "symlink", "fsync", "fchmod"):
    setattr(os, name, counting(getattr(os, name)))
desk.restorer.carry_out(restore)
desk.restorer.forget()
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
@pytest.mark.chaos
@pytest.mark.timeout(120)
def test_killed_at_any_call_it_is_finished_at_the_next_start(tmp_path: Path) -> None:
    for step in range(1, 200):
        folder = tmp_path / str(step)
        folder.mkdir()
        desk = Desk(folder)
        restore = desk.begin()
        before = desk.world()
        (folder / "wanted.json").write_text(restore.to_json())
        command = [sys.executable, "-c", KILLED, str(folder), str(step), str(Path(__file__).parent)]
        done = subprocess.run(command, check=False, capture_output=True, timeout=60)
        assert done.returncode in (0, -9), done.stderr.decode()
        again = Desk(folder)
        pending = again.restorer.pending()
        if pending is not None:
            assert again.restorer.finish(pending) == []
            again.restorer.forget()
            assert all(observe(desk.root, op.path) == op.after for op in restore.ops), f"step {step}"
        else:
            finished = all(observe(desk.root, op.path) == op.after for op in restore.ops)
            assert finished or again.world() == before, f"step {step} is half done"
        assert not list(desk.root.rglob("*.tmp")), f"step {step}"
        if done.returncode == 0:
            assert step > 12
            return
    raise AssertionError("it never came to its end")

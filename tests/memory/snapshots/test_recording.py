"""What is recorded of a work tree comes back byte for byte, and nothing of the user's own git is touched."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cairn_memory.snapshots import Repository, States, WorkTree
from cairn_memory.snapshots.states import Pair

IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")


class Desk:
    """A work tree, and what is recorded of it beside."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repository = Repository(root.parent / "snapshots.git")
        self.tree = WorkTree(self.repository, root, lambda: 1_000_000)
        self.states = States(self.repository)

    def take(self, *also: str) -> str:
        return self.tree.take("s", also).commit

    def files(self, commit: str) -> dict[str, bytes]:
        entries = self.states.all(commit)
        contents = self.states.contents(entry.oid for entry in entries.values())
        return {path: contents[entry.oid] for path, entry in entries.items() if not entry.is_folder}

    def put(self, name: str, data: bytes = b"x\n") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = tmp_path / "work"
    root.mkdir()
    return Desk(root)


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ("git", *IDENTITY, *arguments), cwd=root, check=True, capture_output=True, timeout=30
    )
    return done.stdout.decode()


def every_byte(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_bytes_come_back_whatever_the_attributes_say(desk: Desk) -> None:
    attributes = b"* text=auto eol=crlf ident filter=upper working-tree-encoding=UTF-16 export-subst\n"
    wanted = {
        ".gitattributes": attributes,
        "crlf.txt": b"one\r\ntwo\nthree\r\n",
        "ident.txt": b"$Id: 1234 $\n$Format:%H$\n",
        "filtered.bin": bytes(range(256)) * 3,
        "no-end": b"no line end",
        "empty": b"",
    }
    for name, data in wanted.items():
        desk.put(name, data)
    assert desk.files(desk.take()) == wanted


def test_the_users_own_git_stays_byte_for_byte(make_repository: Callable[..., Path], tmp_path: Path) -> None:
    root = make_repository({"a.txt": "one\n", "b.txt": "two\n"}, name="mine")
    hook = root / ".git/hooks/post-index-change"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    git(root, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    git(root, "config", "filter.evil.clean", f"touch {tmp_path}/ran")
    (root / ".gitattributes").write_text("* filter=evil\n")
    (root / "a.txt").write_text("stashed\n")
    git(root, "-c", "core.fsmonitor=false", "stash")
    (root / "b.txt").write_text("staged\n")
    (root / "c.txt").write_text("new\n")
    (tmp_path / "ran").unlink(missing_ok=True)
    before = every_byte(root / ".git")
    desk = Desk(root)
    assert set(desk.files(desk.take())) == {"a.txt", "b.txt", "c.txt", ".gitattributes"}
    (root / "b.txt").write_text("other\n")
    desk.take()
    assert every_byte(root / ".git") == before
    assert not (tmp_path / "ran").exists(), "nothing of the user's configuration was run"


def test_nested_repositories_and_submodules_are_recorded_as_files(desk: Desk) -> None:
    desk.put("outer.txt")
    for name in ("nested", "nested/inner", "empty-one"):
        (desk.root / name).mkdir(parents=True)
        git(desk.root / name, "init", "-q")
    desk.put("nested/n.txt")
    desk.put("nested/inner/i.txt")
    desk.put("nested/left.log")
    desk.put("nested/.gitignore", b"*.log\n")
    git(desk.root / "nested", "add", "n.txt")
    git(desk.root / "nested", "commit", "-qm", "x")
    theirs = every_byte(desk.root / "nested/.git")
    first = desk.take()
    assert set(desk.files(first)) == {"outer.txt", "nested/n.txt", "nested/inner/i.txt", "nested/.gitignore"}
    desk.put("nested/inner/i.txt", b"changed\n")
    desk.put("nested/new.txt")
    (change, new) = desk.states.changes([Pair(first, desk.take())])[0]
    assert (change.path, new.path) == ("nested/inner/i.txt", "nested/new.txt")
    assert every_byte(desk.root / "nested/.git") == theirs


def test_what_is_left_out_is_named(desk: Desk) -> None:
    desk.put(".gitignore", b"build/\n*.log\n")
    desk.put("build/out.o")
    desk.put("a.log")
    desk.put("large.bin", b"0" * 1_000_001)
    os.mkfifo(desk.root / "pipe")
    snapshot = desk.tree.take("s")
    assert set(desk.files(snapshot.commit)) == {".gitignore"}
    said = "\n".join(snapshot.left_out)
    for name in ("build/: ignored", "a.log: ignored", "large.bin: it has 1.0 MB, more than 1"):
        assert name in said
    assert "large.bin" in desk.states.meta(snapshot.commit).left_out


def test_an_ignored_file_that_git_tracks_or_the_agent_writes_is_recorded(
    make_repository: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_repository({"tracked.log": "x\n"}, name="mine")
    (root / ".gitignore").write_text("*.log\n")
    (root / "written.log").write_text("y\n")
    desk = Desk(root)
    assert set(desk.files(desk.take())) == {"tracked.log", ".gitignore"}
    assert "written.log" in desk.files(desk.take("written.log"))
    (root / "written.log").write_text("z\n")
    assert desk.files(desk.take())["written.log"] == b"z\n"


def test_odd_names_links_modes_and_empty_folders(desk: Desk) -> None:
    odd = [
        "with\nline",
        "ünïcode",
        'quo"te',
        " blank ",
        "-dash",
        "*star?",
        os.fsdecode(b"not-utf8-\xff"),
        "git~1",
    ]
    for name in odd:
        desk.put(name, name.encode("utf-8", "surrogateescape"))
    desk.put("run.sh").chmod(0o755)
    (desk.root / "link").symlink_to("nowhere/at all")
    (desk.root / "empty/deep").mkdir(parents=True)
    first = desk.take()
    entries = desk.states.all(first)
    assert set(entries) == {*odd, "run.sh", "link", "empty/deep"}
    assert entries["run.sh"].mode == "100755" and entries["link"].is_link and entries["empty/deep"].is_folder
    assert desk.files(first)["link"] == b"nowhere/at all"
    (desk.root / "run.sh").rename(desk.root / "Run.sh")
    (desk.root / "empty/deep").rmdir()
    changes = desk.states.changes([Pair(first, desk.take())])[0]
    assert {(each.old, each.path) for each in changes} == {("run.sh", "Run.sh"), ("", "empty/deep")}


def test_nothing_of_git_or_of_what_cairn_keeps_is_in_it(desk: Desk) -> None:
    git(desk.root, "init", "-q")
    for name in (".cairn/local/cairn.db", ".cairn/MEMORY.md", ".cairn/config.toml", "a.txt"):
        desk.put(name)
    assert set(desk.files(desk.take())) == {".cairn/config.toml", "a.txt"}


def test_an_unchanged_tree_is_the_same_state_and_a_second_one_costs_nothing_new(desk: Desk) -> None:
    desk.put("a.txt")
    one = desk.tree.take("s")
    assert desk.tree.take("s").commit == one.commit
    other = WorkTree(desk.repository, desk.root, lambda: 1_000_000)
    assert other.take("s").tree == one.tree


def test_a_folder_that_became_a_link_and_a_file_that_became_a_folder(desk: Desk) -> None:
    desk.put("folder/a.txt")
    desk.put("file")
    desk.take()
    (desk.root / "folder").rename(desk.root / "real")
    (desk.root / "folder").symlink_to("real")
    (desk.root / "file").unlink()
    desk.put("file/inside")
    assert set(desk.files(desk.take())) == {"real/a.txt", "folder", "file/inside"}


def test_locks_and_a_torn_index_of_a_killed_process_are_no_hindrance(desk: Desk) -> None:
    desk.put("a.txt")
    desk.take()
    index = desk.repository.index_of(desk.root)
    index.with_name(f"{index.name}.lock").write_bytes(b"")
    index.write_bytes(index.read_bytes()[:40])
    desk.put("b.txt")
    again = Desk(desk.root)
    assert set(again.files(again.take())) == {"a.txt", "b.txt"}


def test_many_new_files_become_one_pack(desk: Desk) -> None:
    for number in range(300):
        desk.put(f"many/{number}", f"file {number}\n".encode())
    files = desk.files(desk.take())
    assert len(files) == 300 and files["many/7"] == b"file 7\n"
    loose = [path for path in desk.repository.folder.glob("objects/??/*")]
    assert len(loose) < 20


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_only_the_user_may_look_into_it(desk: Desk) -> None:
    desk.put("a.txt")
    desk.take()
    assert desk.repository.folder.stat().st_mode & 0o077 == 0

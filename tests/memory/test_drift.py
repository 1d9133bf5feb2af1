"""What changed while nobody looked: found by hash and by git, quickly, and nothing breaks it."""

import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest

from cairn_memory import drift as module
from cairn_memory.drift import drift, look_at
from cairn_memory.events import SessionResumed, SessionStarted, ToolFinished, WorkTreeSeen
from cairn_memory.events.conversation import FileEffect
from cairn_memory.places import moved
from cairn_memory.sessions import SessionFold


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *identity, *arguments), cwd=root, check=True, capture_output=True, timeout=30)


def seen_in(root: Path, *names: str) -> dict[str, str]:
    """These files as a session has read them just now."""
    return {str(root / name): hashlib.sha256((root / name).read_bytes()).hexdigest() for name in names}


def test_nothing_changed_is_nothing_to_tell(repository: Path) -> None:
    seen = seen_in(repository, "README.md")
    before = look_at(repository, seen)
    assert (before.branch, len(before.head), before.others) == ("main", 40, ())
    now = look_at(repository, seen, before)
    assert now == before and drift(before, now) == ()


def test_files_branch_and_commit_are_named(repository: Path) -> None:
    for name in ("a.py", "b.py", "same.py"):
        (repository / name).write_text(name)
    seen = seen_in(repository, "a.py", "b.py", "same.py")
    before = look_at(repository, seen)
    (repository / "a.py").write_text("other")
    (repository / "b.py").unlink()
    git(repository, "checkout", "-qb", "side")
    git(repository, "commit", "-qam", "more", "--allow-empty")
    now = look_at(repository, seen, before)
    lines = drift(before, now)
    assert lines[0] == "branch: main -> side"
    assert lines[1] == f"commit: {before.head[:10]} -> {now.head[:10]}"
    assert lines[2:] == ("changed: a.py", "no longer there: b.py")


def test_what_was_other_when_the_session_came_to_rest_is_no_drift(tmp_path: Path) -> None:
    """A formatter that the session itself ran after it had read the file."""
    file = tmp_path / "a.py"
    file.write_text("x=1")
    seen = seen_in(tmp_path, "a.py")
    file.write_text("x = 1")
    before = look_at(tmp_path, seen)
    assert drift(before, look_at(tmp_path, seen, before)) == ()
    assert drift(None, before) == ("changed: a.py",)
    file.write_text("x = 2")
    assert drift(before, look_at(tmp_path, seen, before)) == ("changed: a.py",)
    file.write_text("x=1")
    assert drift(before, look_at(tmp_path, seen, before)) == (), "as the session saw it"


def test_without_git_there_are_only_files(tmp_path: Path) -> None:
    assert look_at(tmp_path, {}) == WorkTreeSeen()
    assert look_at(tmp_path / "gone", {}) == WorkTreeSeen()


def test_what_git_does_not_tell_in_time_is_no_change(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = look_at(repository, {})
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(module, "GIT_SECONDS", 0.3)
    begun = time.monotonic()
    assert look_at(repository, {}, before) == before
    assert time.monotonic() - begun < 3, "one deadline for all that git is asked"


def test_large_unreadable_and_odd_files_never_break_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", 100)
    for name in ("large", "pipe", "folder", "loop", "was/file"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x" * 10)
    seen = seen_in(tmp_path, "large", "pipe", "folder", "loop", "was/file") | {
        "/nul\0l": "x",
        "x" * 5_000: "y",
    }
    (tmp_path / "large").write_text("y" * 1_000)
    for name in ("pipe", "folder", "loop", "was/file"):
        (tmp_path / name).unlink()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "was").rmdir()
    (tmp_path / "was").write_text("a file now")
    lines = drift(None, look_at(tmp_path, seen))
    assert "no longer there: was/file" in lines
    assert {"no longer readable: pipe", "no longer readable: folder", "no longer readable: loop"} < set(lines)
    assert not any("large" in line for line in lines), "nobody knows"


def test_a_thousand_changed_files_are_a_few_lines(tmp_path: Path) -> None:
    seen = {str(tmp_path / f"{number}.py"): "was there" for number in range(1_000)}
    lines = drift(None, look_at(tmp_path, seen))
    assert len(lines) == module.NAMED + 2
    assert lines[-1] == "800 more files are other than this session saw them"
    assert lines[0] == "no longer there: 999.py", "those seen last come first"


def test_two_thousand_seen_files_cost_less_than_300_ms(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"{number}.py").write_bytes(b"x = 1\n" * 500)
    seen = seen_in(tmp_path, *(f"{number}.py" for number in range(2_000)))
    times: list[float] = []
    for _ in range(5):
        begun = time.process_time()
        assert look_at(tmp_path, seen) == WorkTreeSeen()
        times.append(time.process_time() - begun)
    assert min(times) < 0.3


@pytest.mark.parametrize(
    ("path", "old", "now"),
    [
        ("/old/src/a.py", "/old", "/new/src/a.py"),
        ("/elsewhere/a.py", "/old", "/elsewhere/a.py"),
        ("/older/a.py", "/old", "/older/a.py"),
        ("C:\\Users\\me\\proj\\src\\a.py", "C:\\Users\\me\\proj", "/new/src/a.py"),
        ("c:/Users/me/proj/src/a.py", "C:\\Users\\me\\proj", "/new/src/a.py"),
        ("\\\\server\\share\\proj\\a.py", "\\\\server\\share\\proj", "/new/a.py"),
        ("src/a.py", "", "src/a.py"),
    ],
)
def test_a_path_moves_with_its_folder(path: str, old: str, now: str) -> None:
    assert moved(path, old, "/new") == now


def test_what_a_session_saw_moves_with_its_root_for_all_that_hold_it() -> None:
    fold = SessionFold("s")
    held = fold.seen
    fold.apply(SessionStarted(goal="g", root="/old"), 1)
    for path in ("/old/a.py", "/elsewhere/b.py"):
        effect = FileEffect(path=path, before="", after="h")
        fold.apply(ToolFinished(step=1, call="c", effect=effect), 2)
    fold.apply(SessionResumed(root="/new"), 3)
    assert held is fold.seen and held == {"/new/a.py": "h", "/elsewhere/b.py": "h"}
    assert fold.root == "/new"

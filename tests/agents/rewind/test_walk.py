"""What can be told apart is taken back, and only what overlaps is refused: deletions, renames, neighbouring lines."""

from pathlib import Path

import pytest

from cairn_agents.rewind.timeline import Span
from cairn_agents.rewind.walk import plan
from cairn_memory.snapshots import Repository, States, WorkTree
from cairn_memory.snapshots.restoring import Restore, Restorer

TEN = "".join(f"line {number}\n" for number in range(10))


class Desk:
    """A work tree whose agent's steps are recorded one by one."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "work"
        self.root.mkdir()
        repository = Repository(folder / "snapshots.git")
        self._tree = WorkTree(repository, self.root)
        self._states = States(repository)
        self._restorer = Restorer(self._states, folder / "rewind.json")
        self._spans: list[Span] = []
        self._before = ""

    def put(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def read(self, name: str) -> str | None:
        path = self.root / name
        return path.read_text() if path.exists() else None

    def __enter__(self) -> None:
        self._before = self._tree.take("s").commit

    def __exit__(self, *error: object) -> None:
        number = len(self._spans) + 1
        after = self._tree.take("s").commit
        self._spans.append(Span(number, number, str(number), "call", self._before, after))

    def rewind(self) -> list[str]:
        """Takes all steps back; the paths that overlap, when it did nothing."""
        planned = plan(self._states, self._spans, self._tree.take("s").commit)
        restore = Restore(self.root, tuple(planned.ops), tuple(planned.prune))
        overlaps = [*(each.path for each in planned.overlaps), *self._restorer.obstacles(restore)]
        if not overlaps:
            self._restorer.carry_out(restore)
            self._restorer.forget()
        return overlaps


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_file_that_the_user_deleted_stays_deleted(desk: Desk) -> None:
    desk.put("a.txt", TEN)
    with desk:
        desk.put("a.txt", TEN + "agent\n")
        desk.put("b.txt", "agent\n")
    (desk.root / "a.txt").unlink()
    (desk.root / "b.txt").unlink()
    assert desk.rewind() == [] and list(desk.root.iterdir()) == []


def test_the_agents_lines_are_taken_out_of_a_file_that_the_user_renamed(desk: Desk) -> None:
    desk.put("a.txt", TEN)
    with desk:
        desk.put("a.txt", TEN + "agent\n")
    (desk.root / "a.txt").unlink()
    desk.put("mine.txt", "mine\n" + TEN + "agent\n")
    assert desk.rewind() == []
    assert (desk.read("a.txt"), desk.read("mine.txt")) == (None, "mine\n" + TEN)


def test_what_the_user_wrote_into_a_file_that_the_agent_renamed_comes_back_with_it(desk: Desk) -> None:
    desk.put("a.txt", TEN)
    with desk:
        (desk.root / "a.txt").rename(desk.root / "renamed.txt")
    desk.put("renamed.txt", TEN + "mine\n")
    assert desk.rewind() == []
    assert (desk.read("a.txt"), desk.read("renamed.txt")) == (TEN + "mine\n", None)


def test_neighbouring_lines_do_not_overlap(desk: Desk) -> None:
    desk.put("a.txt", TEN)
    with desk:
        desk.put("a.txt", TEN.replace("line 4\n", "agent 4\n"))
    desk.put("a.txt", TEN.replace("line 4\nline 5\n", "agent 4\nmine 5\n"))
    assert desk.rewind() == []
    assert desk.read("a.txt") == TEN.replace("line 5\n", "mine 5\n")


def test_steps_that_cancel_each_other_are_no_overlap_with_what_came_there_since(desk: Desk) -> None:
    desk.put("a.txt", TEN)
    with desk:
        desk.put("a.txt", TEN.replace("line 5\n", ""))
    with desk:
        desk.put("a.txt", TEN)
    desk.put("a.txt", TEN.replace("line 5\n", "mine\n"))
    assert desk.rewind() == []
    assert desk.read("a.txt") == TEN.replace("line 5\n", "mine\n")


def test_a_file_that_the_agent_made_and_the_user_went_on_with_is_an_overlap(desk: Desk) -> None:
    with desk:
        desk.put("a.txt", "agent\n")
    desk.put("a.txt", "agent\nmine\n")
    assert desk.rewind() == ["a.txt"] and desk.read("a.txt") == "agent\nmine\n"


def test_a_binary_file_is_taken_back_whole_or_not_at_all(desk: Desk) -> None:
    desk.put("a.bin", b"\0old")
    desk.put("b.bin", b"\0old")
    with desk:
        desk.put("a.bin", b"\0agent")
    assert desk.rewind() == [] and (desk.root / "a.bin").read_bytes() == b"\0old"
    desk.put("a.bin", b"\0agent and mine")
    assert desk.rewind() == ["a.bin"]


def test_a_link_a_mode_and_a_file_where_a_folder_was(desk: Desk) -> None:
    desk.put("run.sh", "x\n")
    desk.put("folder/a.txt", "x\n")
    (desk.root / "link").symlink_to("one")
    with desk:
        (desk.root / "run.sh").chmod(0o755)
        (desk.root / "link").unlink()
        (desk.root / "link").symlink_to("two")
        (desk.root / "folder/a.txt").unlink()
        (desk.root / "folder").rmdir()
        desk.put("folder", "a file now\n")
        (desk.root / "made/empty").mkdir(parents=True)
    desk.put("run.sh", "x\nmine\n")
    assert desk.rewind() == []
    assert desk.read("folder/a.txt") == "x\n" and desk.read("run.sh") == "x\nmine\n"
    assert (desk.root / "run.sh").stat().st_mode & 0o111 == 0
    assert (desk.root / "link").readlink() == Path("one")
    assert not (desk.root / "made/empty").exists()


def test_what_lies_in_a_folder_that_must_go_is_no_reason_to_lose_it(desk: Desk) -> None:
    desk.put(".gitignore", "*.log\n")
    with desk:
        desk.put("made/a.txt", "agent\n")
    desk.put("made/mine.log", "ignored, and mine\n")
    assert desk.rewind() == []
    assert desk.read("made/mine.log") == "ignored, and mine\n" and desk.read("made/a.txt") is None


def test_the_agents_lines_are_taken_out_of_a_file_that_was_moved_over_another_one(desk: Desk) -> None:
    desk.put("a.txt", TEN)
    desk.put("b.txt", "something else\n" * 5)
    with desk:
        desk.put("a.txt", "agent\n" + TEN)
    (desk.root / "a.txt").replace(desk.root / "b.txt")
    assert desk.rewind() == []
    assert (desk.read("a.txt"), desk.read("b.txt")) == (None, TEN)


def test_what_the_agent_moved_over_another_file_and_that_file_come_back(desk: Desk) -> None:
    desk.put("a.txt", TEN)
    desk.put("b.txt", "something else\n" * 5)
    with desk:
        (desk.root / "a.txt").replace(desk.root / "b.txt")
    desk.put("b.txt", TEN + "mine\n")
    assert desk.rewind() == []
    assert (desk.read("a.txt"), desk.read("b.txt")) == (TEN + "mine\n", "something else\n" * 5)

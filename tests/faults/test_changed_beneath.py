"""Somebody else works in the same files: what they did is never written over, whatever the agent planned."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk

from cairn_agents.tools.base import ToolError


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = tmp_path / "work"
    root.mkdir()
    return Desk.at(root, tmp_path)


def _changed(path: Path) -> None:
    path.write_text("theirs\n", encoding="utf-8")


def _deleted(path: Path) -> None:
    path.unlink()


def _with_its_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def _a_folder_now(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_link_now(path: Path) -> None:
    other = path.with_name("elsewhere.txt")
    other.write_text("theirs\n", encoding="utf-8")
    path.unlink()
    path.symlink_to(other)


Change = Callable[[Path], None]
BENEATH: tuple[Change, ...] = (_changed, _deleted, _with_its_folder, _a_folder_now, _a_link_now)


def _tree(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("beneath", BENEATH)
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("edit", {"old": "mine", "new": "new"}), ("write", {"content": "all of it new\n"})],
)
async def test_what_changed_between_plan_and_run_fails_the_call_and_stays_as_it_is(
    desk: Desk, beneath: Change, tool: str, arguments: dict[str, str]
) -> None:
    path = desk.put("sub/f.txt", "mine\n")
    await desk("read", path="sub/f.txt")
    made, plan = await desk.plan(tool, path="sub/f.txt", **arguments)
    beneath(path)
    after = _tree(desk.root)
    with pytest.raises(ToolError) as told:
        await made.run(plan, desk.scope)
    assert "\n" not in str(told.value)
    assert _tree(desk.root) == after


@pytest.mark.parametrize("beneath", BENEATH)
async def test_what_changed_since_it_was_read_is_not_written_over(desk: Desk, beneath: Change) -> None:
    path = desk.put("sub/f.txt", "mine\n")
    await desk("read", path="sub/f.txt")
    beneath(path)
    after = _tree(desk.root)
    if beneath in (_deleted, _with_its_folder):
        assert "does not exist" in await desk.fails("edit", path="sub/f.txt", old="mine", new="new")
    else:
        await desk.fails("write", path="sub/f.txt", content="new\n")
        await desk.fails("edit", path="sub/f.txt", old="mine", new="new")
    assert _tree(desk.root) == after

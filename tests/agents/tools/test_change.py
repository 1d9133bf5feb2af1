"""Changing a file: planned without effect, never over the work of somebody else."""

import os
from pathlib import Path

import pytest
from desk import Desk

from cairn_agents.tools import content
from cairn_agents.tools.base import ToolError


async def test_a_file_changed_between_plan_and_run_is_not_overwritten(desk: Desk) -> None:
    (desk.root / "f").write_text("mine\n", encoding="utf-8")
    tool, plan = await desk.plan("edit", path="f", old="mine", new="yours")
    (desk.root / "f").write_text("theirs\n", encoding="utf-8")
    with pytest.raises(ToolError, match="changed underneath"):
        await tool.run(plan, desk.scope)
    assert (desk.root / "f").read_text(encoding="utf-8") == "theirs\n"


async def test_write_replaces_only_a_file_that_was_read_and_has_not_changed_since(desk: Desk) -> None:
    (desk.root / "f").write_text("old\n", encoding="utf-8")
    assert "not read it" in await desk.fails("write", path="f", content="new")
    await desk("read", path="f")
    (desk.root / "f").write_text("other\n", encoding="utf-8")
    assert "changed on disk" in await desk.fails("write", path="f", content="new")
    await desk("read", path="f")
    await desk("write", path="f", content="new\n")
    assert (desk.root / "f").read_text(encoding="utf-8") == "new\n"


async def test_a_plan_shows_the_change_and_has_no_effect(desk: Desk) -> None:
    _, plan = await desk.plan("write", path="new/dir/f", content="a\nb\n")
    assert "+a\n+b\n" in plan.preview
    assert not (desk.root / "new").exists()


async def test_after_a_kill_the_file_itself_tells_whether_a_change_was_made(desk: Desk) -> None:
    tool, plan = await desk.plan("write", path="f", content="x\n")
    assert await tool.recover(plan, desk.scope) is None
    await tool.run(plan, desk.scope)
    recovered = await tool.recover(plan, desk.scope)
    assert recovered is not None and recovered.text == "Created f (1 line)."
    (desk.root / "f").write_text("third\n", encoding="utf-8")
    with pytest.raises(ToolError, match="neither as before nor as planned"):
        await tool.recover(plan, desk.scope)


async def test_a_file_that_appeared_since_the_plan_is_not_overwritten(desk: Desk) -> None:
    tool, plan = await desk.plan("write", path="f", content="mine\n")
    desk.put("f", "theirs\n")
    with pytest.raises(ToolError, match="changed underneath"):
        await tool.run(plan, desk.scope)
    assert (desk.root / "f").read_text(encoding="utf-8") == "theirs\n"


async def test_the_mode_of_a_file_is_kept(desk: Desk) -> None:
    path = desk.put("run.sh", "echo a\n")
    path.chmod(0o755)
    await desk("edit", path="run.sh", old="echo a", new="echo b")
    assert path.stat().st_mode & 0o777 == 0o755


async def test_a_binary_file_is_neither_edited_nor_overwritten(desk: Desk) -> None:
    desk.put("b", b"\0\1\2")
    await desk("read", path="b")
    assert "binary" in await desk.fails("edit", path="b", old="a", new="b")
    assert "binary" in await desk.fails("write", path="b", content="a")


async def test_a_file_too_large_to_hold_is_refused_with_another_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "LARGEST", 10)
    desk.put("f", "a" * 11)
    assert "sed -i" in await desk.fails("edit", path="f", old="a", new="b")


@pytest.mark.parametrize("name", [".", "sub"])
async def test_a_folder_is_no_file_to_change(desk: Desk, name: str, tmp_path: Path) -> None:
    (desk.root / "sub").mkdir()
    assert "is a folder" in await desk.fails("write", path=name, content="a")


async def test_a_change_of_nothing_is_refused(desk: Desk) -> None:
    desk.put("f", "a\r\nb\r\n")
    assert "the same" in await desk.fails("edit", path="f", old="a", new="a")
    assert "differ in nothing" in await desk.fails("edit", path="f", old="a\nb", new="a\r\nb")
    assert "old is empty" in await desk.fails("edit", path="f", old="", new="a")


async def test_what_a_kill_in_mid_write_left_beside_the_file_is_removed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, plan = await desk.plan("write", path="f", content="new\n")
    monkeypatch.setattr(os, "replace", _killed)
    monkeypatch.setattr(os, "unlink", _nothing)
    with pytest.raises(ToolError):
        await tool.run(plan, desk.scope)
    monkeypatch.undo()
    assert [path.name for path in desk.root.iterdir() if path.suffix == ".tmp"]
    assert await tool.recover(plan, desk.scope) is None
    assert not [path.name for path in desk.root.iterdir() if path.suffix == ".tmp"]
    await tool.run(plan, desk.scope)
    assert (desk.root / "f").read_text(encoding="utf-8") == "new\n"


def _killed(*arguments: object, **names: object) -> None:
    raise OSError(5, "killed")


def _nothing(*arguments: object, **names: object) -> None:
    """A process that is killed cleans nothing up."""

"""The tools, on real files and real processes."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline

from cairn_agents.tools.base import Arguments, Plan, Result, Scope, Tool, ToolError
from cairn_agents.tools.command import Command
from cairn_agents.tools.toolbox import Toolbox
from cairn_memory.blobs import BlobStore


@dataclass
class Desk:
    """Calls tools one after another in one work tree, and remembers what was seen as a session does."""

    root: Path
    scope: Scope
    toolbox: Toolbox = field(default_factory=Toolbox)
    count: int = 0

    async def plan(self, name: str, /, **arguments: Any) -> tuple[Tool[Arguments], Plan[Arguments]]:
        self.count += 1
        tool = self.toolbox.tool(name)
        return tool, await tool.plan(f"1.{self.count}", self.toolbox.parse(name, arguments), self.scope)

    async def __call__(self, name: str, /, **arguments: Any) -> Result:
        tool, plan = await self.plan(name, **arguments)
        return self._see(await tool.run(plan, self.scope))

    async def fails(self, name: str, /, **arguments: Any) -> str:
        with pytest.raises(ToolError) as caught:
            await self(name, **arguments)
        return str(caught.value)

    def _see(self, result: Result) -> Result:
        if result.effect is not None:
            seen = {**self.scope.seen, result.effect.path: result.effect.after}
            self.scope = replace(self.scope, seen=seen)
        return result


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    root = tmp_path / "work tree é"
    root.mkdir()
    yield Desk(root, Scope("s", root, tmp_path / "session", BlobStore(tmp_path / "blobs")))


# --- reading --------------------------------------------------------------------------------


async def test_read_gives_numbered_lines_and_says_how_to_read_on(desk: Desk) -> None:
    (desk.root / "a").write_text("".join(f"line {i}\n" for i in range(1, 11)), encoding="utf-8")
    result = await desk("read", path="a", offset=4, limit=2)
    assert result.text == "4\tline 4\n5\tline 5\n[lines 4-5 of 10; read on with offset=6]"


async def test_a_missing_file_is_told_with_names_that_look_like_it(desk: Desk) -> None:
    (desk.root / "settings.py").touch()
    assert "settings.py" in await desk.fails("read", path="setting.py")


async def test_a_binary_file_is_described_and_not_dumped(desk: Desk) -> None:
    (desk.root / "b").write_bytes(b"\x7fELF\0\0" * 100)
    assert (await desk("read", path="b")).text == "b is a binary file of 600 bytes (ELF program or library)."


async def test_a_symlink_loop_is_an_error_and_a_link_is_planned_as_its_target(
    desk: Desk, tmp_path: Path
) -> None:
    (desk.root / "loop").symlink_to("loop")
    assert "loop" in await desk.fails("read", path="loop")
    (tmp_path / "outside").write_text("x", encoding="utf-8")
    (desk.root / "link").symlink_to(tmp_path / "outside")
    _, plan = await desk.plan("read", path="link")
    assert plan.paths == ((tmp_path / "outside").resolve(),)


# --- changing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a = 1\r\nb = 2\r\n", b"a = 1\r\nb = 3\r\n"),
        (b"\xef\xbb\xbfa = 1\nb = 2\n", b"\xef\xbb\xbfa = 1\nb = 3\n"),
        ("b = 2 é\n".encode("latin-1"), "b = 3 é\n".encode("latin-1")),
        ("\ufeffb = 2\r\n".encode("utf-16-le"), "\ufeffb = 3\r\n".encode("utf-16-le")),
        (b"a\r\nb = 2\nc", b"a\r\nb = 3\nc"),
    ],
)
async def test_an_edit_keeps_encoding_mark_and_line_endings(desk: Desk, before: bytes, after: bytes) -> None:
    (desk.root / "f").write_bytes(before)
    await desk("edit", path="f", old="b = 2", new="b = 3")
    assert (desk.root / "f").read_bytes() == after


async def test_an_edit_over_several_lines_matches_a_file_with_windows_line_endings(desk: Desk) -> None:
    (desk.root / "f").write_bytes(b"a\r\nb\r\nc\r\n")
    await desk("edit", path="f", old="a\nb", new="x\ny")
    assert (desk.root / "f").read_bytes() == b"x\r\ny\r\nc\r\n"


async def test_a_text_that_stands_twice_is_not_edited_without_all(desk: Desk) -> None:
    (desk.root / "f").write_text("x\ny\nx\n", encoding="utf-8")
    assert "lines 1, 3" in await desk.fails("edit", path="f", old="x", new="z")
    await desk("edit", path="f", old="x", new="z", all=True)
    assert (desk.root / "f").read_text(encoding="utf-8") == "z\ny\nz\n"


async def test_a_mismatch_of_white_space_only_is_explained(desk: Desk) -> None:
    (desk.root / "f").write_text("def f():\n\treturn 1\n", encoding="utf-8")
    said = await desk.fails("edit", path="f", old="def f():\n    return 1", new="x")
    assert "line 1" in said and "→return 1" in said and "····return 1" in said


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
    assert recovered is not None and recovered.text == "Created f (1 lines)."
    (desk.root / "f").write_text("third\n", encoding="utf-8")
    with pytest.raises(ToolError, match="neither as before nor as planned"):
        await tool.recover(plan, desk.scope)


# --- commands -------------------------------------------------------------------------------


async def test_a_command_gives_its_output_and_exit_code(desk: Desk) -> None:
    result = await desk("bash", command="echo out; echo err >&2; exit 3")
    assert (result.text, result.outcome, result.exit_code) == ("out\nerr\n[exit code 3]", "error", 3)


async def test_a_command_over_its_timeout_is_ended_with_all_its_children(desk: Desk) -> None:
    result = await desk("bash", command="sleep 300 & echo $!; wait", timeout=1.5)
    assert "timeout of 1.5 s" in result.text
    child = int(result.text.split()[0])
    async with deadline():
        while _alive(child):
            await asyncio.sleep(0)


async def test_a_child_left_behind_does_not_hold_the_call_open(desk: Desk) -> None:
    async with deadline(5):
        result = await desk("bash", command="sleep 300 & echo $!")
    os.kill(int(result.text), signal.SIGKILL)


async def test_long_output_keeps_head_and_tail_and_points_to_the_whole(desk: Desk) -> None:
    result = await desk("bash", command="seq 1 200000")
    assert result.text.startswith("1\n2\n") and result.text.endswith("199999\n200000")
    assert len(result.text) < 32_000
    assert isinstance(result.whole, Path) and result.whole.stat().st_size > 1_000_000


async def test_terminal_escapes_in_output_do_not_reach_anybody(desk: Desk) -> None:
    result = await desk("bash", command=r"printf '\033[31mred\033[0m \033]0;title\007 a\rb \xe2\x80\xae'")
    assert result.text == "b \\x202e"


async def test_a_key_of_a_model_provider_is_not_handed_to_commands(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "nobody-may-see-this")
    assert (await desk("bash", command='echo "[$OPENAI_API_KEY]"')).text == "[]"


async def test_a_background_command_goes_on_and_its_end_is_known(desk: Desk) -> None:
    result = await desk("bash", command="while [ ! -e go ]; do sleep 0.01; done; exit 5", background=True)
    assert result.background is not None and str(result.background.pid) in result.text
    (desk.root / "go").touch()
    async with deadline():
        assert await result.background.wait() == 5


async def test_a_command_whose_host_was_killed_gives_its_true_result_and_never_runs_again(desk: Desk) -> None:
    tool, plan = await desk.plan(
        "bash", command="echo x >> log; while [ ! -e go ]; do sleep 0.01; done; exit 7"
    )
    assert await tool.recover(plan, desk.scope) is None, "it was not begun"
    forgotten = Command(desk.scope.folder / "calls" / plan.call, desk.root, plan.command)
    forgotten.start()  # by a host that then was killed
    async with deadline():
        while not (desk.root / "log").exists():
            await asyncio.sleep(0)
        recovering = asyncio.create_task(tool.recover(plan, desk.scope))
        (desk.root / "go").touch()
        result = await recovering
    assert result is not None and result.exit_code == 7
    again = await tool.recover(plan, desk.scope)
    assert again is not None and again.exit_code == 7
    await forgotten.wait(10, lambda text: None)
    assert (desk.root / "log").read_text(encoding="utf-8") == "x\n"


async def test_a_command_of_which_nothing_is_known_is_not_run_again(desk: Desk) -> None:
    tool, plan = await desk.plan("bash", command="touch x")
    folder = desk.scope.folder / "calls" / plan.call
    folder.mkdir(parents=True)
    (folder / "started").touch()
    with pytest.raises(ToolError, match="not run again"):
        await tool.recover(plan, desk.scope)
    assert not (desk.root / "x").exists()


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


# --- searching ------------------------------------------------------------------------------


def _no_program(name: str) -> None:
    """As if nothing were installed."""


@pytest.fixture(params=["ripgrep", "own"])
def search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "own":
        monkeypatch.setattr("cairn_agents.tools.grep.shutil.which", _no_program)
    return request.param


async def test_grep_finds_lines_and_leaves_out_what_git_ignores(desk: Desk, search: str) -> None:
    for name, text in {
        ".gitignore": "*.log\nout/\n",
        "a.py": "x = 1\nneedle = 2\n",
        "b.log": "needle\n",
        "out/c.py": "needle\n",
        "sub/d.py": "a needle here\n",
        "sub/.gitignore": "e.py\n",
        "sub/e.py": "needle\n",
    }.items():
        (desk.root / name).parent.mkdir(exist_ok=True)
        (desk.root / name).write_text(text, encoding="utf-8")
    (desk.root / ".git").mkdir()
    result = await desk("grep", pattern=r"need.e")
    assert result.text == "a.py:2: needle = 2\nsub/d.py:1: a needle here"
    assert (await desk("grep", pattern="needle", glob="sub/*.py")).text == "sub/d.py:1: a needle here"
    assert "Nothing fits" in (await desk("grep", pattern="nowhere")).text


async def test_a_broken_pattern_is_explained(desk: Desk, search: str) -> None:
    (desk.root / "a").write_text("x\n", encoding="utf-8")
    assert "a(b" in await desk.fails("grep", pattern="a(b")


async def test_glob_finds_files_at_any_depth_in_a_fixed_order(desk: Desk) -> None:
    for name in ("z.py", "a/b.py", "a/c.txt", "node_modules/d.py"):
        (desk.root / name).parent.mkdir(exist_ok=True)
        (desk.root / name).touch()
    assert (await desk("glob", pattern="*.py")).text == "a/b.py\nz.py"
    assert (await desk("glob", pattern="a/**")).text == "a/b.py\na/c.txt"


# --- the toolbox ----------------------------------------------------------------------------


async def test_what_is_wrong_with_a_call_is_named(desk: Desk) -> None:
    assert "read, write, edit" in await desk.fails("cat", path="x")
    said = await desk.fails("edit", path="f", olt="a")
    assert "old is missing" in said and "new is missing" in said and "olt is unknown" in said


def test_the_schemas_are_small_and_always_the_same_bytes() -> None:
    import json

    first, second = (json.dumps(Toolbox().schemas(("read", "write", "run", "note"))) for _ in range(2))
    assert first == second
    assert len(first) / 4 < 1_100

"""A command starts once, outlives its host, and its end is certain."""

import asyncio
import os
import shlex
import signal
from pathlib import Path

import pytest
from deadlines import deadline
from desk import Desk

from cairn_agents.tools import command as commands
from cairn_agents.tools.base import ToolError
from cairn_agents.tools.command import Command, Ended


async def test_a_command_over_its_timeout_is_ended_with_all_its_children(desk: Desk) -> None:
    result = await desk("bash", command="sleep 300 & echo $!; wait", timeout=1.5)
    assert "timeout of 1.5 s" in result.text
    child = int(result.text.split()[0])
    async with deadline():
        while _alive(child):
            await asyncio.sleep(0)


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


async def test_a_call_that_two_hosts_begin_runs_once_and_both_get_its_result(desk: Desk) -> None:
    folder = desk.scope.folder / "calls" / "1.1"
    text = "echo x >> log; while [ ! -e go ]; do sleep 0.01; done; exit 7"
    hosts = [Command(folder, desk.root, text) for _ in range(4)]
    for host in hosts:
        host.start()
    waiting = [asyncio.create_task(host.wait(20, lambda text: None)) for host in hosts]
    async with deadline():
        while not (desk.root / "log").exists():
            await asyncio.sleep(0)
        (desk.root / "go").touch()
        assert await asyncio.gather(*waiting) == [Ended(7)] * 4
    assert (desk.root / "log").read_text(encoding="utf-8") == "x\n"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
async def test_a_command_ended_by_a_signal_from_outside_still_leaves_its_exit_code(desk: Desk) -> None:
    command = await _running(desk, "exec sleep 300")
    pid = command.pid()
    assert pid is not None
    os.killpg(pid, signal.SIGTERM)
    async with deadline():
        assert await command.wait(60, lambda text: None) == Ended(128 + signal.SIGTERM)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
async def test_a_command_killed_with_its_shell_is_not_said_to_have_ended_well(desk: Desk) -> None:
    command = await _running(desk, "exec sleep 300")
    pid = command.pid()
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    async with deadline():
        ended = await command.wait(60, lambda text: None)
    assert ended is not None and "from outside" in ended.reason


@pytest.mark.skipif(os.name != "posix", reason="Windows has no process groups")
@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
async def test_a_command_that_ends_its_own_group_still_leaves_its_exit_code(desk: Desk, name: str) -> None:
    # Under nohup it is ignored, and by children too; a handler of ours gives them the default back.
    before = signal.signal(signal.Signals[f"SIG{name}"], signal.default_int_handler)
    try:
        async with deadline():
            result = await desk("bash", command=f"echo said; kill -{name} 0; sleep 300")
    finally:
        signal.signal(signal.Signals[f"SIG{name}"], before)
    assert (result.exit_code, result.text.split("\n")[0]) == (128 + signal.Signals[f"SIG{name}"], "said")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
async def test_what_does_not_heed_the_timeout_is_forced_to_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_GRACE", 0.2)
    script = "trap '' TERM; (sleep 300 & echo $!; wait) & echo $!; wait"
    async with deadline():
        result = await desk("bash", command=f"bash -c {shlex.quote(script)}", timeout=1)
    assert "timeout of 1 s" in result.text
    children = [int(word) for word in result.text.split() if word.isdigit() and int(word) > 1]
    async with deadline():
        while any(_alive(child) for child in children):
            await asyncio.sleep(0)


async def test_an_interrupt_ends_the_command_with_its_children(desk: Desk) -> None:
    task = asyncio.create_task(desk("bash", command="sleep 300 & echo $! > child; wait"))
    async with deadline():
        while not (desk.root / "child").exists() or not (desk.root / "child").read_text(encoding="ascii"):
            await asyncio.sleep(0)
        child = int((desk.root / "child").read_text(encoding="ascii"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while _alive(child):
            await asyncio.sleep(0)


async def test_a_command_that_prints_without_end_is_ended(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "LARGEST_OUTPUT", 100_000)
    async with deadline():
        result = await desk("bash", command="yes")
    assert "printed more than 100,000 bytes" in result.summary


async def test_output_is_shown_while_it_grows(desk: Desk) -> None:
    shown: list[str] = []
    command = Command(desk.scope.folder / "calls" / "1.1", desk.root, "echo é; while [ ! -e go ]; do :; done")

    def show(text: str) -> None:
        shown.append(text)
        (desk.root / "go").touch()

    command.start()
    async with deadline():
        assert await command.wait(60, show) == Ended(0)
    assert shown == ["é\n"]


async def test_a_workspace_that_is_gone_is_named(desk: Desk) -> None:
    tool, plan = await desk.plan("bash", command="true")
    desk.root.rmdir()
    with pytest.raises(ToolError, match="no folder any more"):
        await tool.run(plan, desk.scope)


async def _running(desk: Desk, text: str) -> Command:
    """A command that has begun."""
    command = Command(desk.scope.folder / "calls" / "1.1", desk.root, f"echo > begun; {text}")
    command.start()
    async with deadline():
        while not (desk.root / "begun").exists():
            await asyncio.sleep(0)
    return command


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"

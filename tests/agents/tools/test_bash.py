"""What a command gives: its output made fit to read, its exit code, its background."""

import os
import signal
from pathlib import Path

from deadlines import deadline
from desk import Desk

from cairn_agents.tools.bash import BashArguments
from cairn_agents.tools.command import LARGEST_TEXT


async def test_a_command_gives_its_output_and_exit_code(desk: Desk) -> None:
    result = await desk("bash", command="echo out; echo err >&2; exit 3")
    assert (result.text, result.outcome, result.exit_code) == ("out\nerr\n[exit code 3]", "error", 3)


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


async def test_a_background_command_goes_on_and_its_end_is_known(desk: Desk) -> None:
    result = await desk("bash", command="while [ ! -e go ]; do sleep 0.01; done; exit 5", background=True)
    assert result.background is not None and str(result.background.pid) in result.text
    (desk.root / "go").touch()
    async with deadline():
        assert await result.background.wait() == 5


async def test_output_of_one_endless_line_keeps_both_ends(desk: Desk) -> None:
    text = (
        await desk("bash", command="printf 'begin '; head -c 300000 /dev/zero | tr '\\0' x; echo ' end'")
    ).text
    assert text.startswith("begin xxx") and text.endswith("xxx end") and 20_000 < len(text) < 32_000


async def test_of_a_line_drawn_over_and_over_the_last_state_is_kept(desk: Desk) -> None:
    text = (await desk("bash", command=r"for i in $(seq 40000); do printf '%d %%\r' $i; done; echo")).text
    assert text.endswith("40000 %")


async def test_a_nul_or_too_long_a_command_is_refused_before_it_starts(desk: Desk) -> None:
    assert "NUL" in await desk.fails("bash", command="echo a\0b")
    assert "write it into a file" in await desk.fails("bash", command="é" * (LARGEST_TEXT // 2 + 1))
    assert not (desk.scope.folder / "calls").exists()


async def test_the_longest_command_that_is_taken_runs(desk: Desk) -> None:
    command = "echo " + "x" * (LARGEST_TEXT - 5)
    assert (await desk("bash", command=command)).exit_code == 0


async def test_output_that_is_no_text_is_shown_as_far_as_it_is(desk: Desk) -> None:
    assert (await desk("bash", command=r"printf 'a\xff\000b'")).text == "a\ufffd\\x00b"


def test_a_command_has_a_default_timeout() -> None:
    assert BashArguments(command="true").timeout == 120

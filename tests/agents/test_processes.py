"""Background commands: the host knows of them, hears their end, and leaves none behind."""

import os
import re
from pathlib import Path

import pytest
from deadlines import deadline
from harness import Harness, harness
from scripted_provider import call, say

from cairn_memory.events import ProcessEnded, ProcessStarted, ToolFinished

TURNS = [call("bash", command="echo ready; exec sleep 300", background=True), say("Left it running.")]


async def _pid(at: Harness) -> int:
    (started,) = await at.payloads(ProcessStarted.kind)
    assert isinstance(started, ProcessStarted)
    return started.pid


async def test_a_background_command_outlives_its_run_and_its_end_is_told(tmp_path: Path) -> None:
    async with harness(tmp_path, TURNS) as at:
        info = await at.run()
        assert info.state == "done"
        assert at.runs.background() == (f"{info.session}/1.0",)
        os.killpg(await _pid(at), 9)
        async with deadline(10):
            while not (ended := await at.payloads(ProcessEnded.kind)):
                await at.log.wait(at.log.last_seq)
        assert isinstance(ended[0], ProcessEnded) and ended[0].id == "1.0"
        assert at.runs.background() == ()


async def test_no_background_command_outlives_its_host(tmp_path: Path) -> None:
    async with harness(tmp_path, TURNS) as at:
        await at.run()
        pid = await _pid(at)
        os.kill(pid, 0)
        await at.runs.close()
        assert await at.payloads(ProcessEnded.kind) == [ProcessEnded(id="1.0")], "who reads the log is told"
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


async def test_the_result_says_where_the_output_grows_and_how_to_end_it(tmp_path: Path) -> None:
    async with harness(tmp_path, TURNS) as at:
        await at.run()
        (finished,) = await at.payloads(ToolFinished.kind)
        assert isinstance(finished, ToolFinished)
        assert 'stop: "1.0"' in finished.text
        output = re.search(r"grows in (\S+);", finished.text)
        assert output and (at.root / output[1]).exists()

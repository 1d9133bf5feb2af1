"""What Cairn does is in the log before it is done; the log's failure stops the run before anything else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from harness import Harness, harness
from scripted_provider import call, say

from cairn_agents.tools.base import Plan, Result, Scope
from cairn_agents.tools.read import Read, ReadArguments
from cairn_memory.errors import StoreFull
from cairn_memory.events import Event, ModelReplied, ModelRequested, Payload, ToolFinished, ToolStarted
from cairn_memory.redact import Masked

TURNS = [call("bash", command="echo x > made.txt"), say("Done.")]


class Gate:
    """Holds up, or fails, the first group of events that has one of `kind` in it."""

    def __init__(self, at: Harness, kind: type[Payload], error: Exception | None = None) -> None:
        self._append = at.log.append
        self._kind = kind
        self._error = error
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def append(self, session: str, *payloads: Masked, **more: Any) -> tuple[Event, ...]:
        if any(isinstance(each.payload, self._kind) for each in payloads) and not self.reached.is_set():
            self.reached.set()
            if self._error is not None:
                raise self._error
            await self.opened.wait()
        return await self._append(session, *payloads, **more)


@pytest.mark.parametrize("kind", [ModelRequested, ToolStarted])
async def test_nothing_is_sent_or_done_before_the_log_has_it(
    kind: type[Payload], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness(tmp_path, TURNS) as at:
        gate = Gate(at, kind)
        monkeypatch.setattr(at.log, "append", gate.append)
        session = await at.start()
        async with deadline(10):
            await gate.reached.wait()
        running = asyncio.ensure_future(at.rest(session))
        assert await asyncio.wait([running], timeout=0.5) == (set(), {running})
        assert len(at.provider.requests) == (0 if kind is ModelRequested else 1)
        assert not (at.root / "made.txt").exists()
        gate.opened.set()
        assert (await running).state == "done"
        assert (at.root / "made.txt").exists()


@pytest.mark.parametrize("kind", [ModelRequested, ToolStarted])
async def test_a_log_that_cannot_be_written_stops_the_run_before_it_acts(
    kind: type[Payload], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness(tmp_path, TURNS) as at:
        monkeypatch.setattr(at.log, "append", Gate(at, kind, StoreFull("the disk is full")).append)
        info = await at.rest(await at.start())
        assert (info.state, info.reason) == ("failed", "the disk is full")
        assert len(at.provider.requests) == (0 if kind is ModelRequested else 1)
        assert not (at.root / "made.txt").exists()


async def test_a_step_that_only_reads_takes_one_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness(tmp_path, [call("read", path="a.txt"), say("Done.")]) as at:
        (at.root / "a.txt").write_text("text\n", encoding="utf-8")
        groups: list[set[str]] = []
        append = at.log.append

        async def counting(session: str, *payloads: Masked, **more: Any) -> tuple[Event, ...]:
            groups.append({each.payload.kind for each in payloads})
            return await append(session, *payloads, **more)

        monkeypatch.setattr(at.log, "append", counting)
        assert (await at.run()).state == "done"
        step = {ModelReplied.kind, ToolStarted.kind, ToolFinished.kind, ModelRequested.kind}
        assert step in groups


async def test_a_read_that_takes_long_is_told_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness(tmp_path, [call("read", path="a.txt"), say("Done.")]) as at:

        async def slow(tool: Read, plan: Plan[ReadArguments], scope: Scope) -> Result:
            async with deadline(10):
                while not await at.log.read(kinds=[ToolStarted.kind]):
                    await at.log.wait(at.log.last_seq)
            return Result("text")

        monkeypatch.setattr(Read, "run", slow)
        await at.run()
        (finished,) = await at.payloads(ToolFinished.kind)
        assert isinstance(finished, ToolFinished) and finished.outcome == "ok"

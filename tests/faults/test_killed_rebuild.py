"""A host killed anywhere in a run with checkpoints and rebuilds goes on; the user's words are in every request."""

import asyncio
import sys
from pathlib import Path

import pytest
from scripted_provider import Request, Script, ScriptedProvider, call, delta, judgement, say, tokens_of

from cairn_memory.events import CheckpointWritten, WindowStarted
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log

KILLABLE = Path(__file__).with_name("killable.py")
WINDOW = 14_000
STEPS = 18
CANARY = b"CANARY: never touch legacy.txt."
LIMIT = 50.0


def _next_turn(root: Path) -> Script:
    """What is left to do, read off the work tree: so the model goes on rightly whatever it remembers."""
    log = root / "log.txt"
    done = len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
    if done >= STEPS:
        return say("All of it is done.")
    return call("bash", command=f"seq 1 1500 | sed 's/^/line of step {done} /'; echo {done} >> log.txt")


def _judge(request: Request) -> Script:
    return judgement(delta("next action", "Do the next step."))


async def _run(root: Path, url: str, kill_at: int) -> tuple[int, int]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(KILLABLE), str(root), url, str(kill_at), str(WINDOW)),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), LIMIT)
    assert process.returncode is not None
    return process.returncode, max((int(line) for line in out.split()), default=0)


async def _check(root: Path, kill_at: int) -> int:
    root.mkdir(parents=True)
    async with ScriptedProvider(lambda number: _next_turn(root), side=_judge, window=WINDOW) as provider:
        if kill_at:
            code, _ = await _run(root, provider.url, kill_at)
            assert code == -9, "it was to be killed"
        code, last = await _run(root, provider.url, 0)
        assert code == 0
    assert (root / "log.txt").read_text(encoding="utf-8").split() == [str(step) for step in range(STEPS)]
    assert all(CANARY in request.body for request in provider.requests)
    assert max(tokens_of(request.body) for request in provider.requests) <= WINDOW
    await _check_log(root)
    return last


async def _check_log(root: Path) -> None:
    log, problems = await open_log(root / ".cairn" / "local", SecretMasker(()))
    assert problems == ()
    written = [event.payload for event in await log.read(kinds=(CheckpointWritten.kind,), limit=500)]
    windows = [event.payload for event in await log.read(kinds=(WindowStarted.kind,), limit=500)]
    await log.close()
    numbers = [each.number for each in written if isinstance(each, CheckpointWritten)]
    covers = [each.covers for each in written if isinstance(each, CheckpointWritten)]
    assert numbers == sorted(set(numbers)) and covers == sorted(covers)
    rebuilt = [each for each in windows if isinstance(each, WindowStarted) and each.covers]
    assert len(rebuilt) >= 2 and all(each.checkpoint in numbers for each in rebuilt)


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
async def test_a_run_killed_after_any_event_keeps_the_users_words_through_all_its_windows(
    tmp_path: Path,
) -> None:
    last = await _check(tmp_path / "unbroken", 0)
    points = iter(range(5, last - 3, 2))

    async def worker(name: str) -> None:
        for point in points:
            await _check(tmp_path / f"{name}-{point}", point)

    await asyncio.gather(worker("a"), worker("b"))

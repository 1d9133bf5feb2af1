"""A host that is killed loses nothing that it acknowledged; a full disk is a clear error and no loss."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from stored import numbers, opened

from cairn_memory.events import NoteAdded
from cairn_memory.verify import verify

APPENDER = Path(__file__).with_name("appender.py")
CLIENTS = 3
LARGEST_GROUP = 3


def append_until_killed(folder: Path, lines: int) -> int:
    """Kills an appender once it has acknowledged `lines` groups; the last number it told."""
    with subprocess.Popen([sys.executable, APPENDER, folder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline().strip().isdigit()
        process.kill()
        told = [int(line) for line in process.stdout.read().split()]
    return max(told, default=0)


async def test_a_killed_host_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    moments = random.Random(7)
    last = 0
    for _ in range(5):
        told = append_until_killed(tmp_path, moments.randint(1, 40))
        seqs, problems = await numbers(tmp_path)
        assert problems == ()
        assert seqs == list(range(1, len(seqs) + 1)), "each once, in order"
        assert len(seqs) >= max(told, last)
        last = len(seqs)
    assert verify(tmp_path) == []


async def test_groups_are_whole_after_a_kill(tmp_path: Path) -> None:
    append_until_killed(tmp_path, 30)
    async with opened(tmp_path) as (log, _):
        events = await log.read(limit=10_000)
    counts: dict[str, int] = {}
    for event in events:
        assert isinstance(event.payload, NoteAdded)
        name, n, _ = event.payload.text.split(" ", 2)
        counts[f"{name} {n}"] = counts.get(f"{name} {n}", 0) + 1
    assert all(times == int(key.split()[1]) % LARGEST_GROUP + 1 for key, times in counts.items())


@pytest.mark.repeat
@pytest.mark.skipif(os.name != "posix", reason="there is no limit of file size to set")
async def test_a_full_disk_is_told_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, APPENDER, tmp_path, "full"], capture_output=True, text=True, check=True, timeout=50
    )
    seen = json.loads(done.stdout)
    assert "make room on the disk" in seen["message"]
    assert seen["refused_again"]
    assert seen["acknowledged"] == seen["readable"]
    assert len(seen["acknowledged"]) > 5
    assert seen["after"] == len(seen["acknowledged"]) + 1
    assert await numbers(tmp_path) == (list(range(1, seen["after"] + 1)), ())
    assert verify(tmp_path) == []

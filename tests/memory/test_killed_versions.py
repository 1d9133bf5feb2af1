"""A kill at any step of an edit leaves the file old or new, whole, and the next start puts the rest right."""

import os
import shutil
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from stored import opened

from cairn_memory.blobs import BlobStore
from cairn_memory.memory_files import MemoryFile
from cairn_memory.verify import verify
from cairn_memory.versions import Versions

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="SIGKILL"),
    pytest.mark.chaos,
    pytest.mark.timeout(180),  # a process a step
]
EDITOR = Path(__file__).with_name("stepping_editor.py")
NAME = "project/MEMORY.md"
OLD, NEW, HAND = "old\n", "old\nnew\n", "by hand\n"


async def history(world: Path) -> tuple[str, list[tuple[str, str]]]:
    """What a restarted host reads, and (who, text) of each version."""
    async with opened(world / "store") as (log, problems):
        assert problems == ()
        versions = Versions(log, BlobStore(world / "store" / "blobs"))
        file = MemoryFile(NAME, world / "notes" / "MEMORY.md")
        assert await versions.open([file]) == ()
        text = await versions.look(file)
        return text, [(each.by, await versions.text(each)) for each in await versions.history(file)]


def killed_at(world: Path, number: int) -> list[str]:
    """Runs the editor in `world` until its step; the steps it made when there are fewer."""
    paths = (str(world / "store"), str(world / "notes" / "MEMORY.md"))
    command = (sys.executable, EDITOR, *paths, str(number))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.stdout.split()


@pytest.fixture
async def world(tmp_path: Path) -> Path:
    """A store and a memory file in its first version."""
    world = tmp_path / "world"
    (world / "notes").mkdir(parents=True)
    (world / "notes" / "MEMORY.md").write_text(OLD)
    assert await history(world) == (OLD, [("user", OLD)])
    return world


async def test_a_kill_at_any_step_of_an_edit(tmp_path: Path, world: Path) -> None:
    outcomes: set[tuple[str, str]] = set()
    steps: list[str] = []
    for number in count(1):
        here = tmp_path / str(number)
        shutil.copytree(world, here)
        steps = killed_at(here, number)
        left = (here / "notes" / "MEMORY.md").read_text()
        edited = tmp_path / f"{number} edited"
        shutil.copytree(here, edited)

        mended, versions = await history(here)
        outcomes.add((left, mended))
        assert versions == [("user", OLD), ("agent", NEW)][: 2 if mended == NEW else 1]
        assert os.listdir(here / "notes") == ["MEMORY.md"]
        assert verify(here / "store") == []

        (edited / "notes" / "MEMORY.md").write_text(HAND)
        mended, versions = await history(edited)
        assert (mended, versions[-1]) == (HAND, ("user", HAND)), "an edit made while the host was dead wins"
        assert os.listdir(edited / "notes") == ["MEMORY.md"]
        if steps:
            break
    assert outcomes == {(OLD, OLD), (OLD, NEW), (NEW, NEW)}
    assert steps.count("append") == steps.count("appended") == 1
    assert steps.index("append") < len(steps) - 1 - steps[::-1].index("replace")

"""What the sandbox adds to a shell command: the bash tool with it and without it, one after the other.

`pytest -s -m bench tests/bench/test_sandbox.py`. Beside them stands bash alone, to see how the machine is just now.
"""

import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest
from boxed import box, needs_bubblewrap
from desk import Desk

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300), needs_bubblewrap]

ROUNDS = 60
LIMIT = 25.0
"""Milliseconds that gate and sandbox together may add; the gate takes a small part of one."""


async def test_the_sandbox_adds_little_to_a_command(repository: Path, tmp_path: Path) -> None:
    async with box(repository) as made:
        plain = Desk.at(repository, tmp_path / "plain")
        held = Desk.at(repository, tmp_path / "held")
        held.scope = replace(held.scope, sandbox=made.sandbox)

        async def alone() -> None:
            subprocess.run(["bash", "-c", "true"], check=True)

        ways: dict[str, Callable[[], Awaitable[object]]] = {
            "bash alone": alone,
            "bash tool, no sandbox": lambda: plain("bash", command="true"),
            "bash tool, sandbox": lambda: held("bash", command="true"),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(ROUNDS + 5):
            for name, way in ways.items():
                start = time.perf_counter()
                await way()
                if number >= 5:
                    taken[name].append((time.perf_counter() - start) * 1_000)
    for name, values in taken.items():
        print(
            f"\n{name:24} median {median(values):6.2f} ms, p95 {sorted(values)[int(ROUNDS * 0.95)]:6.2f}",
            end="",
        )
    added = median(taken["bash tool, sandbox"]) - median(taken["bash tool, no sandbox"])
    print(f"\nthe sandbox adds {added:.2f} ms (median)")
    assert added < LIMIT

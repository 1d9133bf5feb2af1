"""Speed from outside: `cairn run --json --yes` against a scripted model, as a user's script would.

`make bench` prints the table and writes it to tests/bench/results.md. Machines differ, and
one machine differs from hour to hour. So beside each figure stand that of the floor (see
floor.py) from the same minutes, and the figure divided by how much slower this machine is
now than the one on which the aims were set: it took 420 ms to import the openai SDK.
"""

import asyncio
import itertools
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from deadlines import deadline
from scripted_provider import Script, ScriptedProvider, call, say

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

CAIRN = str(Path(sys.executable).with_name("cairn"))
FLOOR = str(Path(__file__).with_name("floor.py"))
RESULTS = Path(__file__).with_name("results.md")
STEPS = 1_000
REFERENCE = 420.0
"""Milliseconds: `import openai` on the machine of the aims (openai 3.52, Python 3.11)."""
AROUND = 15
"""Steps on each side of the one that is measured."""


TOOLS = ("read", "bash", "write")


def turn(number: int) -> Script:
    """Read, shell, write in turn, as other agents were measured."""
    if number >= STEPS:
        return say("All done.")
    match number % 3:
        case 0:
            return call("read", path="input.txt")
        case 1:
            return call("bash", command=f"echo step {number}")
        case _:
            return call("write", path=f"out-{number}.txt", content=f"line {number}\n" * 5)


@dataclass
class Gaps:
    """Milliseconds between the end of a reply and the arrival of the next request."""

    values: list[float]

    @classmethod
    def of(cls, provider: ScriptedProvider) -> "Gaps":
        pairs = zip(provider.requests, provider.requests[1:], strict=False)
        return cls([(after.at - before.replied) * 1_000 for before, after in pairs])

    def around(self, step: int) -> float:
        return median(self.values[max(step - AROUND, 2) : step + AROUND])

    def after(self, tool: str) -> float:
        return median(self.values[TOOLS.index(tool) :: len(TOOLS)])

    @property
    def p95(self) -> float:
        return sorted(self.values)[int(len(self.values) * 0.95)]


async def process(*arguments: str, cwd: Path, **environment: str) -> tuple[int, bytes, float]:
    """Exit code, output, and milliseconds from start to end."""
    start = time.monotonic()
    child = await asyncio.create_subprocess_exec(
        *arguments, cwd=cwd, env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out, (time.monotonic() - start) * 1_000


async def first_request(provider: ScriptedProvider, root: Path) -> float:
    """Milliseconds from the start of `cairn run` to the model's first request."""
    before = len(provider.requests)
    start = time.monotonic()
    code, _, _ = await process(CAIRN, "run", "Do it.", "--json", "--yes", cwd=root, **_environment(provider))
    assert code == 0
    return (provider.requests[before].at - start) * 1_000


def _environment(provider: ScriptedProvider) -> dict[str, str]:
    return {"OPENAI_BASE_URL": provider.url, "OPENAI_API_KEY": "none", "CAIRN_MODEL": "scripted"}


async def _starts(root: Path) -> tuple[float, float, float]:
    """Median milliseconds: first request cold, first request warm, and `cairn status`."""
    cold: list[float] = []
    warm: list[float] = []
    status: list[float] = []
    async with ScriptedProvider((), default=say("Done.")) as provider:
        for _ in range(3):
            cold.append(await first_request(provider, root))
            warm += [await first_request(provider, root) for _ in range(3)]
            status += [(await process(CAIRN, "status", "--json", cwd=root))[2] for _ in range(4)]
            await process(CAIRN, "stop", "--host", cwd=root)
    return median(cold), median(warm), median(status)


async def _slowness(folder: Path) -> float:
    """How much slower this machine is at this moment than that of the aims."""
    code = "import time; start = time.perf_counter(); import openai; print(time.perf_counter() - start)"
    outputs = [(await process(sys.executable, "-c", code, cwd=folder))[1] for _ in range(3)]
    return median(float(out) * 1_000 for out in outputs) / REFERENCE


async def test_speed(repository: Path) -> None:
    (repository / "input.txt").write_text("some text\n" * 40, encoding="utf-8")
    slowness = [await _slowness(repository)]
    cold, warm, status = await _starts(repository)
    slowness.append(await _slowness(repository))
    async with ScriptedProvider(turn) as provider, deadline(600):
        code, out, took = await process(
            CAIRN, "run", "Do it.", "--json", "--yes", cwd=repository, **_environment(provider)
        )
        assert code == 0, out[-2_000:]
        gaps = Gaps.of(provider)
        bodies = [request.body for request in provider.requests]
        host: dict[str, Any] = json.loads((await process(CAIRN, "status", "--json", cwd=repository))[1])
    async with ScriptedProvider(turn, keep_bodies=False) as bare:
        await process(sys.executable, FLOOR, bare.url, cwd=repository)
        floor = Gaps.of(bare)
    slowness.append(await _slowness(repository))
    await process(CAIRN, "stop", "--host", cwd=repository)
    assert all(after.startswith(before[:-2]) for before, after in itertools.pairwise(bodies))

    at_start, in_run = median(slowness[:2]), median(slowness[1:])
    rows = [
        ("gap at step 10, median, ms", gaps.around(10), in_run, floor.around(10), "under 8"),
        (f"gap at step {STEPS}, median, ms", gaps.around(STEPS), in_run, floor.around(STEPS), "under 10"),
        ("gap over all steps, median, ms", median(gaps.values), in_run, median(floor.values), ""),
        ("gap over all steps, p95, ms", gaps.p95, in_run, floor.p95, ""),
        *(
            (f"gap after {name}, median, ms", gaps.after(name), in_run, floor.after(name), "")
            for name in TOOLS
        ),
        ("first request, host cold, ms", cold, at_start, 0.0, "under 800"),
        ("first request, host warm, ms", warm, at_start, 0.0, "under 150"),
        ("cairn status, ms", status, at_start, 0.0, "under 150"),
        (f"host memory after {STEPS} steps, MB", host["memory_mb"], 0.0, 0.0, "under 100"),
        ("first request, tokens (bytes / 3.6)", len(bodies[0]) / 3.6, 0.0, 0.0, "under 4,000"),
        ("the whole run, s", took / 1_000, in_run, 0.0, ""),
    ]
    _publish(rows, slowness)
    assert gaps.around(STEPS) < 2.5 * gaps.around(10), "a step must not grow with the number of steps"
    assert host["memory_mb"] < 150


Row = tuple[str, float, float, float, str]
"""What, Cairn's figure, how slow the machine was then (0 where that says nothing), the floor's, the aim."""


def _publish(rows: list[Row], slowness: list[float]) -> None:
    def cell(value: float) -> str:
        return f"{value:,.1f}" if value else ""

    machine = f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    factors = ", ".join(f"{factor:.2f}" for factor in slowness)
    lines = [
        f"Measured {time.strftime('%Y-%m-%d')} by `make bench` on {machine}, load {os.getloadavg()[0]:.1f}.",
        f"Slower than the machine of the aims by {factors} (before, after the starts, after the run).",
        "",
        "| what | Cairn | at the aims' speed | floor | aim |",
        "|---|---|---|---|---|",
        *(
            f"| {what} | {cell(value)} | {cell(slow and value / slow)} | {cell(floor)} | {aim} |"
            for what, value, slow, floor, aim in rows
        ),
    ]
    text = "\n".join(lines) + "\n"
    print("\n" + text)
    RESULTS.write_text(text, encoding="utf-8")

"""A window of 32,000 tokens from outside: `cairn run --json --yes` in the rig that other agents were measured in.

`make bench` prints the table and writes it to tests/bench/memory.md. Tokens and cached shares come
out the same on any machine; gaps do not: beside them stands the load.
"""

import asyncio
import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from bench.sections import publish
from bench.small_rig import PROMPT, RULE, WINDOW, Tally, judge, lay_out, rebuilds, tally, turn
from deadlines import deadline
from scripted_provider import ScriptedProvider, tokens_of

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1_800)]

CAIRN = str(Path(sys.executable).with_name("cairn"))
STEPS = 1_000
COMPARED = 200
"""Steps over which other agents were measured."""
AROUND = 15
PEERS = (
    ("opencode 1.18.33", "yes", "22", "never", "4.07M + 0.10M", "89.0 %"),
    ("codex 0.169.0", "yes", "16", "yes", "3.78M + 0.43M", "91.3 %"),
    ("cline 3.0.65", "yes", "64", "never", "3.25M + 0.03M", "77.1 %"),
    ("mistral-vibe 3.0.2", "yes", "16", "yes", "3.60M + 0.41M", "90.7 %"),
    ("openhands 1.16.0", "yes", "28", "yes", "5.79M + 0.05M", "89.6 %"),
    ("kimi-cli 1.51.0", "yes", "33", "never", "4.17M + 0.41M", "90.4 %"),
    ("qwen-code 0.24.4", "yes", "99", "never", "4.82M + 1.17M", "73.0 %"),
    ("pi, kilo, mini-swe-agent", "die by step 29", "", "", "", ""),
)
"""Finished, compactions, rule in each later request, tokens main + side, cached. Their own rig, November 2026."""


async def _cairn(root: Path, provider: ScriptedProvider, *arguments: str) -> tuple[int, bytes]:
    told = {"OPENAI_BASE_URL": provider.url, "OPENAI_API_KEY": "none", "CAIRN_MODEL": "scripted"}
    child = await asyncio.create_subprocess_exec(
        CAIRN, *arguments, cwd=root, env={**os.environ, **told}, stdout=asyncio.subprocess.PIPE, limit=1 << 26
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out


def _gap(provider: ScriptedProvider, step: int) -> float:
    """Milliseconds between the end of a reply and the next request, median of those around `step`."""
    pairs = list(zip(provider.requests, provider.requests[1:], strict=False))
    around = pairs[max(step - AROUND, 2) : step + AROUND]
    return median((after.at - before.replied) * 1_000 for before, after in around)


async def test_a_thousand_steps_in_a_small_window(repository: Path) -> None:
    lay_out(repository)
    async with ScriptedProvider(
        lambda number: turn(number, STEPS), side=judge, window=WINDOW
    ) as provider, deadline(1_500):  # fmt: skip
        code, out = await _cairn(
            repository, provider, "run", PROMPT, "--json", "--yes", "--window", str(WINDOW)
        )
        assert code == 0, out[-2_000:]
        _, said = await _cairn(repository, provider, "status", "--json")
        await _cairn(repository, provider, "stop", "--host")
    memory = float(json.loads(said)["memory_mb"])
    kinds = Counter(_kind(line) for line in out.splitlines())
    with_rule = sum(RULE.encode() in request.body for request in provider.requests)
    first, all_of_it = tally(provider, COMPARED), tally(provider, STEPS)
    _publish(provider, kinds, with_rule, first, all_of_it, memory)
    assert with_rule == len(provider.requests), "the user's rule stands in every request"
    assert len(provider.requests) == STEPS + 1, "none was refused, none was asked twice"
    assert max(tokens_of(request.body) for request in provider.requests) <= WINDOW
    assert sum((*first,), Tally()).sent < 3_280_000, "fewer tokens than any other agent"
    assert _gap(provider, STEPS) < 2.5 * _gap(provider, 10), "a step must not grow with the number of steps"
    assert memory < 150


def _kind(line: bytes) -> str:
    said: dict[str, Any] = json.loads(line)
    return str(said.get("kind", ""))


def _publish(
    provider: ScriptedProvider,
    kinds: Counter[str],
    with_rule: int,
    first: Sequence[Tally],
    all_of_it: Sequence[Tally],
    memory: float,
) -> None:
    main, side = first
    of_200 = (
        "**Cairn**",
        "yes",
        str(rebuilds(provider.requests[:COMPARED])),
        "yes" if with_rule == len(provider.requests) else "NO",
        f"{main.sent / 1e6:.2f}M + {side.sent / 1e6:.2f}M",
        f"{main.share:.1f} %",
    )
    machine = f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    gaps = " / ".join(f"{_gap(provider, step):.1f}" for step in (10, STEPS // 2, STEPS))
    rows = [
        ("finished", "yes"),
        ("rebuilds", f"{rebuilds(provider.requests)}"),
        ("checkpoints (written)", f"{kinds['checkpoint.written']}"),
        ("rule in requests", f"{with_rule} of {len(provider.requests)}"),
        *(_tokens(f"first {COMPARED} steps", *first)),
        *(_tokens(f"all {STEPS:,} steps", *all_of_it)),
        (f"gap at step 10 / {STEPS // 2} / {STEPS:,}, median, ms", gaps),
        ("host memory at the end, MB", f"{memory:.0f}"),
    ]
    text = "\n".join(
        (
            f"## A window of {WINDOW:,} tokens",
            "",
            f"Measured {time.strftime('%Y-%m-%d')} by `make bench` on {machine}, load {os.getloadavg()[0]:.1f}.",
            "Read, shell, write in turn, outputs of about 3,000 tokens; tokens are bytes / 4, cached is counted over",
            "the requests of the loop. The others' figures are from their own rig of the same shape.",
            "What is new to the model in 200 steps (67 files, 67 outputs) is a tenth of all that is sent: no agent that",
            "sends so few tokens can have 92 % of them cached, and one that sends more of the same has a larger share.",
            "",
            f"| {COMPARED} steps | finished | compactions | rule in every request | tokens, main + side | cached |",
            "|---|---|---|---|---|---|",
            *("| " + " | ".join(row) + " |" for row in (of_200, *PEERS)),
            "",
            f"| Cairn, {STEPS:,} steps | |",
            "|---|---|",
            *(f"| {what} | {found} |" for what, found in rows),
        )
    )
    print("\n" + text)
    publish("small window", text)


def _tokens(when: str, main: Tally, side: Tally) -> list[tuple[str, str]]:
    both = main + side
    return [
        (f"{when}: tokens, main + side", f"{main.sent:,} + {side.sent:,} = {both.sent:,}"),
        (f"{when}: cached, main; both", f"{main.share:.1f} %; {both.share:.1f} %"),
        (f"{when}: read anew, main + side", f"{main.sent - main.cached:,} + {side.sent - side.cached:,}"),
        (f"{when}: paid, with cached at a tenth", f"{both.sent - both.cached * 9 // 10:,}"),
    ]

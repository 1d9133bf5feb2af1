"""How much of what an agent needs next is in a window that was rebuilt by code, on real sessions.

    python tests/bench/rebuild.py TRAJECTORIES PROBE_DIR [--budgets 2000,4000] [--every 120] [--misses] [--text FILE:CUT]

TRAJECTORIES holds sessions as JSON lines, PROBE_DIR the script `checkpoint_probe.py` that grades a text.
Each session is cut at every 120th message; the first half goes through the events as an imported
session would, and what is composed from it is graded against what really followed.
"""

import argparse
import collections
import importlib
import json
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sections import measured, publish

from cairn_memory.events import BlobRef, Payload
from cairn_memory.imports import neutral
from cairn_memory.imports.payloads import Converter
from cairn_memory.recall.compose import Composed, Material, compose
from cairn_memory.recall.facts import Facts

KINDS = ("need", "next", "files", "asks", "errors")
Message = dict[str, Any]


class Unmasked:
    """The graded words are the session's own: nothing is masked here."""

    def mask(self, text: str) -> str:
        return text

    def learn(self, value: str) -> None:
        pass


def payloads(messages: Iterable[Message]) -> Iterator[Payload]:
    """The payloads of a session from elsewhere, as the importer makes them."""
    converter = Converter(Unmasked(), lambda data: BlobRef(digest="", size=len(data)), frozenset())
    for message in neutral.messages(iter(enumerate(messages, 1))):
        yield from converter.convert(message)


def rebuilt(messages: list[Message], budget: int) -> Composed:
    facts = Facts()
    for seq, payload in enumerate(payloads(messages), 1):
        facts.take(seq, payload, seq)
    return compose(Material(facts), budget)


def cuts(
    messages: list[Message], every: int, horizon: int, probe: Any
) -> Iterator[tuple[int, list[Message], list[Message]]]:
    real = [i for i, m in enumerate(messages) if m.get("compact_summary")]
    for i in range(120, len(messages) - 20, every):
        if any(i - 100 < r < i + horizon for r in real):
            continue
        before = [m for m in messages[:i] if not m.get("compact_summary")]
        after = list[Message]()
        for m in messages[i : i + horizon]:
            if m.get("compact_summary"):
                break
            after.append(m)
        if len(probe.probes(before, after)["need"]) >= 3:
            yield i, before, after


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("trajectories", type=Path)
    parser.add_argument("probe", type=Path)
    parser.add_argument("--budgets", default="2000,4000")
    parser.add_argument("--every", type=int, default=120)
    parser.add_argument("--misses", action="store_true", help="list what was needed and not there")
    parser.add_argument("--no-base", action="store_true", help="leave the script's own rows out")
    parser.add_argument("--text", default="", help="print the text of one cut: NAME:CUT:BUDGET")
    options = parser.parse_args()
    sys.path.insert(0, str(options.probe))
    probe = importlib.import_module("checkpoint_probe")
    budgets = [int(budget) for budget in options.budgets.split(",")]
    bases = {} if options.no_base else {n: f for n, f in probe.METHODS.items() if n.startswith("rule")}
    rows: dict[tuple[int, str], list[dict[str, Any]]] = collections.defaultdict(list)
    alone: dict[tuple[int, str], list[dict[str, Any]]] = collections.defaultdict(list)
    took = list[float]()
    for path in sorted(options.trajectories.glob("*.jsonl")):
        messages: list[Message] = [json.loads(line) for line in path.open()][1:]
        for message in messages:
            message.setdefault("content", "")
        for at, before, after in cuts(messages, options.every, 60, probe):
            asked = probe.probes(before, after)
            for budget in budgets:
                started = time.perf_counter()
                composed = rebuilt(before, budget)
                took.append(time.perf_counter() - started)
                assert composed.tokens <= budget, (path.name, at, composed.tokens)
                grade = probe.grade(composed.text, asked)
                rows[budget, "cairn"].append(grade)
                alone[budget, path.stem].append(grade)
                for name, method in bases.items():
                    rows[budget, name].append(probe.grade(method(before, budget), asked))
                if options.misses:
                    missed = sorted(name for name in asked["need"] if name not in composed.text)
                    lines = [set(probe.words(l)) for l in composed.text.splitlines() if l.strip()]
                    asks = [a for a in asked["asks"] if not probe.covered(a, lines)]
                    print(path.stem, at, budget, "tokens", composed.tokens, "need", missed, "asks", asks)
                if options.text == f"{path.stem}:{at}:{budget}":
                    print(composed.text)
                    print([(i.section, i.tokens, i.kept, i.cut, i.dropped) for i in composed.items])
    speed = (
        f"fold and compose: median {1000 * statistics.median(took):.0f} ms, most {1000 * max(took):.0f} ms"
    )
    text = "\n".join(
        (
            "## Rebuilt windows, by code alone",
            "",
            f"{measured('tests/bench/rebuild.py')} Per cent of what an agent needed next, with its 95 % interval;",
            f"{len(took) // len(budgets)} cuts of {len(alone) // len(budgets)} real sessions. {speed[0].upper()}{speed[1:]}.",
            "",
            *table(rows),
        )
    )
    print(text, *table(alone), sep="\n")
    if not options.no_base:
        publish("rebuild", text)


def table(rows: dict[tuple[int, str], list[dict[str, Any]]]) -> Iterator[str]:
    yield "| budget | method | cuts | " + " | ".join(KINDS) + " |\n|" + "---|" * (3 + len(KINDS))
    for (budget, name), grades in sorted(rows.items()):
        cells = [cell([g[kind] for g in grades if g[kind] is not None]) for kind in KINDS]
        yield f"| {budget} | {name} | {len(grades)} | " + " | ".join(cells) + " |"


def cell(values: list[float]) -> str:
    """Mean and its 95 % interval, in per cent."""
    if not values:
        return "-"
    spread = 196 * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.1f} ± {spread:.1f}"


if __name__ == "__main__":
    main()

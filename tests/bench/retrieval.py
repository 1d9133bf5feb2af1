"""How much of what answers a question the search finds, through the real index.

`python retrieval.py DATA_DIR` reads corpus.jsonl (id, store, session, who, text: one message a line, in order)
and queries.jsonl (store, text, type, gold: the ids of the messages that answer it), as the BEAM data set is laid
out. Each store becomes a log of its own. Prints the share of the gold ids among the first 1, 5, 10 and 20 hits, with a
95 % interval from resampling the questions (10,000 times, seed 1).
"""

import asyncio
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sections import measured, publish

from cairn_memory.events import ModelReplied, Payload, ToolFinished, UserMessage
from cairn_memory.redact import SecretMasker
from cairn_memory.search import SearchIndex
from cairn_memory.store import open_log

DEPTHS = (1, 5, 10, 20)


def event(row: dict[str, Any]) -> Payload:
    if row["who"] == "user":
        return UserMessage(text=row["text"])
    if row["who"] == "tool":
        return ToolFinished(step=1, call=row["id"], text=row["text"])
    return ModelReplied(step=1, text=row["text"])


async def shares(rows: list[dict[str, Any]], queries: list[dict[str, Any]]) -> list[dict[int, float]]:
    """For each query the share of its gold ids within each depth."""
    found: list[dict[int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        log, _ = await open_log(Path(folder), SecretMasker())
        search = await SearchIndex.open(Path(folder), log)
        ids = dict[int, str]()
        for row in rows:
            (stored,) = await log.append(row["session"], event(row))
            ids[stored.seq] = row["id"]
        late = await search.catch_up(600)
        assert not late, late
        for query in queries:
            hits = (await search.search(query["text"], limit=max(DEPTHS))).hits
            ranked, gold = [ids[hit.event] for hit in hits], set(query["gold"])
            found.append({depth: len(gold.intersection(ranked[:depth])) / len(gold) for depth in DEPTHS})
        await search.close()
        await log.close()
    return found


def interval(values: list[float]) -> tuple[float, float]:
    chance = random.Random(1)
    means = sorted(sum(chance.choices(values, k=len(values))) / len(values) for _ in range(10_000))
    return means[249], means[9_749]


def read(path: Path) -> Iterable[dict[str, Any]]:
    return (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


async def main(folder: Path) -> None:
    stores: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read(folder / "corpus.jsonl"):
        stores[row["store"]].append(row)
    queries: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for query in read(folder / "queries.jsonl"):
        queries[query["store"]].append(query)
    results: list[tuple[dict[str, Any], dict[int, float]]] = []
    for store, asked in queries.items():
        results += zip(asked, await shares(stores[store], asked), strict=True)
    said = f"{sum(map(len, stores.values())):,} messages, {len(stores)} chats, {len(results)} questions"
    lines = [
        "## Retrieval",
        "",
        f"{measured('tests/bench/retrieval.py')} {said};",
        "per cent of the messages that answer a question among the first hits, with its 95 % interval.",
        "",
        "| depth | recall | from | to |",
        "|---|---|---|---|",
    ]
    for depth in DEPTHS:
        values = [100 * share[depth] for _, share in results]
        low, high = interval(values)
        lines.append(f"| {depth} | {sum(values) / len(values):.1f} | {low:.1f} | {high:.1f} |")
    for name in ("store", "type"):
        groups: defaultdict[str, list[float]] = defaultdict(list)
        for query, share in results:
            groups[query.get(name, "")].append(100 * share[10])
        lines += ["", f"| recall at 10 by {name} | | questions |", "|---|---|---|"]
        lines += [f"| {group} | {sum(v) / len(v):.1f} | {len(v)} |" for group, v in sorted(groups.items())]
    print(*lines, sep="\n")
    publish("retrieval", "\n".join(lines))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

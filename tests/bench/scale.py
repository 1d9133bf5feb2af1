"""How search holds up as the history grows: `python scale.py [EVENTS] [FOLDER]`, 1,000,000 events without an argument.

A FOLDER keeps the made log and index: a second run with as many events measures only the searches.

Makes up sentences with the word frequencies of real text (Zipf) and mixes their halves into messages, so that
made messages compete for the same words; half of all events lie in one session, the others in 200. They go
straight into the database, since the log's own speed is measured elsewhere, and then through the real indexer.
Writes a table into memory.md: how fast the index was built, its size, and p50 and p95 of a search for every scope,
in milliseconds of processor time (of the searching thread) and of the clock, and this process's memory.
"""

import asyncio
import os
import platform
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator, Sequence
from datetime import date
from itertools import accumulate
from pathlib import Path

from sections import publish

from cairn_memory.chain import link
from cairn_memory.database import connect
from cairn_memory.events import Event, ModelReplied, NoteAdded, Payload, ToolFinished, UserMessage
from cairn_memory.redact import SecretMasker
from cairn_memory.search import Found, Scope, SearchIndex, Section
from cairn_memory.search.reader import Question, Reader
from cairn_memory.store import open_log

WORDS = 120_000
SENTENCES = 20_000
QUERIES = 100
ONE = "one session"


class Author:
    """Writes sentences: words of two to four syllables, the n-th of them with a frequency of about 1/n."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        syllables = [
            a + b for a in "bcdfghklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "ou")
        ]
        words: dict[str, None] = {}
        while len(words) < WORDS:
            words["".join(self.chance.choices(syllables, k=self.chance.choice((2, 2, 3, 3, 4))))] = None
        self.words = [*words]
        self.frequencies = [*accumulate(1 / (rank + 5) for rank in range(WORDS))]
        self.sentences = [self.some(self.chance.randint(12, 60)) for _ in range(SENTENCES)]

    def some(self, count: int) -> list[str]:
        return self.chance.choices(self.words, cum_weights=self.frequencies, k=count)

    def message(self) -> str:
        one, other = self.chance.choice(self.sentences), self.chance.choice(self.sentences)
        return " ".join([*one[: len(one) // 2], *other[len(other) // 2 :], *self.some(2)])

    def question(self) -> str:
        """Three to seven words of one sentence, as somebody asks who remembers some of it."""
        sentence = self.chance.choice(self.sentences)
        return " ".join(self.chance.sample(sentence, self.chance.randint(3, min(7, len(sentence)))))


def events(author: Author, count: int) -> Iterator[Event]:
    for seq in range(1, count + 1):
        session = ONE if seq % 2 else f"session {author.chance.randrange(200)}"
        text = author.message()
        said: Payload = (
            UserMessage(text=text) if seq % 10 == 0
            else NoteAdded(text=text) if seq % 100 == 1
            else ModelReplied(step=1, text=text) if seq % 2
            else ToolFinished(step=1, call="c", name="bash", text=text)
        )  # fmt: skip
        yield Event(seq, session, "main", said.kind, 1_700_000_000_000 + seq, said.model_dump_json())


def fill(folder: Path, author: Author, count: int) -> None:
    connection: sqlite3.Connection = connect(folder / "cairn.db")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    chain = b""
    for event in events(author, count):
        chain = link(chain, event)
        row = (event.seq, event.session, event.agent, event.kind, event.time, event.text, chain)
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.execute("COMMIT")
    connection.close()


class Clock:
    """Takes the processor time of each search in the thread that searches, and the time until its answer."""

    def __init__(self) -> None:
        self.cpu, self.wall = list[float](), list[float]()
        cpu, search = self.cpu, Reader.search

        def timed(self: Reader, question: Question) -> Found:
            began = time.thread_time()
            found = search(self, question)
            cpu.append(1000 * (time.thread_time() - began))
            return found

        Reader.search = timed

    async def row(self, name: str, searches: Sequence[Awaitable[object]]) -> str:
        self.cpu.clear()
        self.wall.clear()
        for search in searches:
            began = time.perf_counter()
            await search
            self.wall.append(1000 * (time.perf_counter() - began))
        figures = (f"{at(times, share):.0f}" for times in (self.cpu, self.wall) for share in (0.5, 0.95))
        return f"| {name} | {' | '.join(figures)} |"


def at(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)]


async def measure(folder: Path, count: int) -> str:
    author, clock = Author(), Clock()
    if not (folder / "cairn.db").exists():
        fill(folder, author, count)
    sections = [Section(f"c{n}", "claim", "Facts", author.message()) for n in range(1_000)]

    async def remembered() -> list[Section]:
        return sections

    log, _ = await open_log(folder, SecretMasker())
    new, began = not (folder / "index.db").exists(), time.process_time()
    search = await SearchIndex.open(folder, log, remembered)
    late = await search.catch_up(3_600)
    assert not late, late
    built = f"{count / (time.process_time() - began):,.0f}" if new else "not measured"
    questions = [author.question() for _ in range(QUERIES)]
    common = [
        " ".join(author.words[author.chance.randrange(60)] for _ in range(5)) for _ in range(QUERIES // 2)
    ]
    literal = [" ".join(author.message().split()[:4]) for _ in range(20)]
    scopes: list[tuple[str, Scope, str | None, list[str], bool]] = [
        ("all", "all", None, questions, False),
        ("history", "history", None, questions, False),
        ("memory", "memory", None, questions, False),
        ("half of all: one session", "all", ONE, questions, False),
        ("a small session", "all", "session 7", questions, False),
        ("all, common words only", "all", None, common, False),
        ("all, literally", "all", None, literal, True),
    ]
    before, rows = resident(), list[str]()
    for name, scope, session, asked, literally in scopes:
        searches = [search.search(text, scope, session=session, literal=literally) for text in asked]
        rows.append(await clock.row(name, searches))
    after = resident()
    for text in questions * 2:
        await search.search(text)
    await search.close()
    await log.close()
    index, whole = (folder / "index.db").stat().st_size, (folder / "cairn.db").stat().st_size
    load, table = os.getloadavg()[0], "\n".join(rows)
    return f"""\
## Search at {"a million" if count == 1_000_000 else f"{count:,}"} events

Measured {date.today()} by `tests/bench/scale.py` on {platform.system()}, Python {platform.python_version()},
{os.cpu_count()} cores, load {load:.1f}. `import openai` takes {yardstick():.0f} ms of processor time here (420 on the machine
the aims are meant for). Milliseconds a search:

| asked | CPU p50 | CPU p95 | wall p50 | wall p95 |
|---|---|---|---|---|
{table}

- events a second of processor time when the index is made: {built}
- size of the index: {index / 1e6:,.0f} MB beside a log of {whole / 1e6:,.0f} MB
- memory of the process before and after these {sum(len(each[3]) for each in scopes)} searches: {before:.0f} and {after:.0f} MB;
  after {2 * QUERIES} more: {resident():.0f} MB
"""


def resident() -> float:
    """Megabytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def yardstick() -> float:
    """Milliseconds of processor time of a known piece of work: tells one machine from another."""
    program = "import time; began = time.process_time(); import openai; print(time.process_time() - began)"
    run = [sys.executable, "-c", program]
    return 1000 * min(float(subprocess.run(run, capture_output=True, check=True).stdout) for _ in range(3))


async def main(count: int, folder: Path | None) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        text = await measure(folder, count)
    else:
        with tempfile.TemporaryDirectory() as name:
            text = await measure(Path(name), count)
    print(text)
    publish(f"search {count}", text)


if __name__ == "__main__":
    size = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    asyncio.run(main(size, Path(sys.argv[2]) if sys.argv[2:] else None))

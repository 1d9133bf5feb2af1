"""The long middle of the demo's script: a file for each of twenty harbours, from logbooks that fill a small window."""

from collections.abc import Iterator
from typing import Any

from cairn_server.demo.logbooks import Logbook, logbooks

Turn = dict[str, Any]
"""As in turns.toml: `text` and `calls`, of which each has its `tool` and its arguments."""

SOAK = "for seed in 0 1 2 3 4 5; do echo seed $seed; PYTHONHASHSEED=$seed python3 -m unittest 2>&1 | tail -n 1; done"
"""The command that runs while the host dies: it takes a while, and prints from its first moment on."""

_BOOKS = tuple(logbooks())


def middle() -> list[Turn]:
    """From the task that was finished before to the look at the whole."""
    return [
        *_beginning(),
        *(turn for place, book in enumerate(_BOOKS) for turn in _harbour(place, book)),
        *_end(),
    ]


def soak() -> Turn:
    return _turn(
        "Half of it is done. Before I go on: is everything else as it was, whatever the hash seed?",
        tool="bash",
        command=SOAK,
        timeout=120,
    )


def _beginning() -> Iterator[Turn]:
    yield _turn("The modules are done.", tool="task", action="done", id="T1")
    yield _turn("Now the harbours.", tool="task", action="start", id="T2")
    yield {
        "text": "What does a harbour's file hold, and what helps to write it?",
        "calls": [
            {"tool": "read", "path": "tests/test_harbours.py"},
            {"tool": "read", "path": "tools/logbook.py"},
            {"tool": "glob", "pattern": "data/logbooks/*.log"},
        ],
    }
    for part in (_BOOKS[:10], _BOOKS[10:]):
        yield {
            "text": "A task for each, so that none is forgotten."
            if part[0] is _BOOKS[0]
            else "And the rest.",
            "calls": [
                {"tool": "task", "action": "create", "parent": "T2", "title": f"harbours/{book.key}.toml"}
                for book in part
            ],
        }
    yield _turn(
        "",
        tool="memory",
        action="remember",
        kind="decision",
        text="harbours/NAME.toml is written by hand from data/logbooks/NAME.log, one harbour at a time, and tested before the next.",
    )


def _harbour(place: int, book: Logbook) -> Iterator[Turn]:
    """One harbour, in six to nine turns: every other output of a command is too long for the window and was cut."""
    key, task = book.key, f"T2.{place + 1}"
    yield _turn(f"Next is {book.name}.", tool="task", action="start", id=task)
    if place % 2:
        yield _turn("", tool="bash", command=f"python3 tools/logbook.py {key} --entries")
        yield _turn(
            "That is not all of it: the logbook itself.", tool="read", path=f"data/logbooks/{key}.log"
        )
    else:
        yield _turn("", tool="read", path=f"data/logbooks/{key}.log")
    yield _turn("And by day.", tool="bash", command=f"python3 tools/logbook.py {key}")
    closed = ", ".join(map(str, book.closed))
    wrong = place % 3 == 1
    yield _turn(
        f"Closed on {closed}; the latest was the {book.latest.vessel} with {book.latest.late} minutes. Write harbours/{key}.toml.",
        tool="write",
        path=f"harbours/{key}.toml",
        content=_file(book, len(book.closed) if wrong else 0),
    )
    test = f"python3 -m unittest tests.test_harbours.Harbours.test_{key}"
    yield _turn("", tool="bash", command=test)
    if wrong:
        yield _turn(
            "I counted the closed days as landings: a day without ferries has none.",
            tool="edit",
            path=f"harbours/{key}.toml",
            old=f"landings = {len(book.landings) + len(book.closed)}",
            new=f"landings = {len(book.landings)}",
        )
        yield _turn("", tool="bash", command=test)
    if place == 3:
        yield _turn(
            "",
            tool="note",
            text="Closed days are lines of the logbook, too, but no landings: do not count them.",
        )
    yield _turn(f"{book.name} is right.", tool="task", action="done", id=task)


def _end() -> Iterator[Turn]:
    yield _turn("That was the last. Is one left?", tool="task", action="list")
    yield _turn("", tool="task", action="done", id="T2")
    yield _turn(
        "Is the mistake of `format_clock` still anywhere?",
        tool="grep",
        pattern="divmod\\(minutes, 60\\)",
        path=".",
    )
    yield _turn(
        "It stands in legacy/print_board.py. What was said about that folder is long ago: I look it up.",
        tool="history",
        action="search",
        query="legacy harbour office prints",
        count=3,
    )
    yield _turn("", tool="memory", action="search", text="legacy")
    yield _turn(
        "Not to be touched: I leave it, and say so. The whole suite.",
        tool="bash",
        command="python3 -m unittest",
    )
    yield _turn("", tool="bash", command="git status --short -uall && git diff --stat -- tests legacy")


def _file(book: Logbook, too_many: int) -> str:
    return (
        f'name = "{book.name}"\n'
        f"landings = {len(book.landings) + too_many}\n"
        f"closed = [{', '.join(map(str, book.closed))}]\n"
        f"deepest = {book.deepest.draught}\n"
        f'latest = "{book.latest.vessel}"\n'
        f"late = {book.latest.late}\n"
    )


def _turn(text: str, /, **call: Any) -> Turn:
    return {"text": text, "calls": [call]}

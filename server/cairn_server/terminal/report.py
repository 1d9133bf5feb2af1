"""`cairn report`: what became of a run that nobody watched, for a terminal, as Markdown, or as JSON."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import pick, reach

PATIENCE = 120.0
"""Seconds: the whole session is read for it."""
WHAT = 300
"""Characters of a command in a list."""

Found = dict[str, Any]

_SPECIAL = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<>#|~"})


def report(dial: Dial, session: str | None, as_json: bool, markdown: bool) -> int:
    """Prints the report of a session; of the one that works now, else the newest, without a name."""
    connection = reach(dial)
    name = pick(connection, session)["session"]
    found: Found = connection.request("cairn/gate/report", {"session": name}, PATIENCE)
    if as_json:
        print(json.dumps(found))
        return DONE
    for line in _lines(found, markdown):
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return DONE


def _lines(found: Found, markdown: bool) -> Iterator[str]:
    show = _Markdown() if markdown else _Plain()
    yield show.title(f"Report of session {found['session']}")
    for name, text in _facts(found):
        yield show.fact(name, text)
    sections = (
        ("Left to decide", [_choice(each) for each in found["left"]], "nothing waits for you"),
        ("Answered without you", [_answer(each) for each in found["automatic"]], "nothing"),
        ("Denied", [_answer(each) for each in found["denied"]], "nothing"),
        ("Cost by task", [_task(each) for each in found["tasks"]], "the session worked on no task"),
        ("Files changed", [_thing(each) for each in found["files"]], "none by its own tools"),
        ("Commands that failed", [_thing(each) for each in found["failed"]], "none"),
    )
    keys = ("left", "automatic", "denied", "tasks", "files", "failed")
    for key, (name, rows, nothing) in zip(keys, sections, strict=True):
        yield ""
        yield show.heading(f"{name} ({len(rows)})" if rows else name)
        yield from (show.row(row) for row in rows or [(nothing, "")])
        if more := found["more"].get(key):
            yield show.row((f"and {more} older ones: `cairn audit --session` has them", ""))


def _facts(found: Found) -> Iterator[tuple[str, str]]:
    usage = found["usage"]
    yield "goal", found["goal"]
    yield "state", words.joined(found["state"], found["reason"])
    yield (
        "time",
        words.joined(
            f"{_clock(found['started'])} to {_clock(found['ended'])}",
            f"{words.duration(found['worked'])} of work",
        ),
    )
    spent = usage["prompt"] + usage["completion"]
    steps, rebuilds = found["steps"], found["rebuilds"]
    yield (
        "cost",
        words.joined(
            f"{steps:,} step{'' if steps == 1 else 's'}",
            f"{words.tokens(spent)} tokens ({words.tokens(usage['cached'])} from the cache)",
            words.money(found["cost"]) or "no price known",
            f"{rebuilds} rebuild{'' if rebuilds == 1 else 's'}",
        ),
    )
    for line in found["contract"] or ["none: questions waited for you"]:
        yield "contract", line


def _choice(each: Found) -> tuple[str, str]:
    return f"{each['kind']} {each['what']}", f"decide with: {each['how']}"


def _answer(each: Found) -> tuple[str, str]:
    kind = f"class {each['risk']}" if each["risk"] else ""
    done = "allowed" if each["action"] == "allow" else "denied"
    return f"e{each['event']} {each['name']} {each['what'][:WHAT]}", words.joined(done, kind, each["why"])


def _task(each: Found) -> tuple[str, str]:
    name = f"{each['id']} {each['title']}".strip()
    return name, words.joined(
        each["state"], f"{words.tokens(each['tokens'])} tokens", words.money(each["cost"]), each["note"]
    )


def _thing(each: Found) -> tuple[str, str]:
    return each["what"][:WHAT], words.joined(
        each["outcome"], f"{each['times']} times" if each["times"] > 1 else "", f"e{each['event']}"
    )


def _clock(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1_000):%Y-%m-%d %H:%M:%S}" if milliseconds else "?"


class _Plain:
    """For a terminal or a pipe."""

    def title(self, text: str) -> str:
        return one_line(text)

    def fact(self, name: str, text: str) -> str:
        return f"  {name:<9} {one_line(text)}"

    def heading(self, text: str) -> str:
        return f"{text}:"

    def row(self, row: tuple[str, str]) -> str:
        return f"  {one_line(row[0])}" + (f"\n      {one_line(row[1])}" if row[1] else "")


class _Markdown:
    """For a file or an issue: nothing of the run's own text is read as Markdown."""

    def title(self, text: str) -> str:
        return f"# {_escaped(text)}\n"

    def fact(self, name: str, text: str) -> str:
        return f"- **{name}**: {_escaped(text)}"

    def heading(self, text: str) -> str:
        return f"## {text}\n"

    def row(self, row: tuple[str, str]) -> str:
        return f"- {_escaped(row[0])}" + (f" · {_escaped(row[1])}" if row[1] else "")


def _escaped(text: str) -> str:
    return one_line(text).translate(_SPECIAL)

"""`cairn diff`: what the agent changed, as a unified diff, a table, or JSON."""

import json
from argparse import Namespace
from typing import Any

from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.rewind.lines import write
from cairn_server.terminal.sanitise import one_line, visible
from cairn_server.terminal.sessions import pick, reach

PATIENCE = 120.0
"""Seconds."""
_STYLES = (("@@", "cyan"), ("+", "green"), ("-", "red"), ("\\", "dim"))
_BAR = 40

Found = dict[str, Any]


def diff(dial: Dial, options: Namespace) -> int:
    """`cairn diff [WHAT]`."""
    connection = reach(dial)
    name = pick(connection, options.session)["session"]
    shown: Found = connection.request("cairn/diff/show", {"session": name, "of": options.of}, PATIENCE)
    if options.json:
        print(json.dumps(shown))
        return DONE
    lines = _stat(shown) if options.stat else _whole(shown)
    write(lines or [line("", Span(f"the agent of {shown['session']} changed no file in {shown['of']}"))])
    return DONE


def _whole(shown: Found) -> list[Line]:
    lines: list[Line] = []
    for each in shown["files"]:
        lines += _file(each)
    return lines + _rest(shown)


def _file(each: Found) -> list[Line]:
    old, new = one_line(each["old"]), one_line(each["path"])
    steps = ", ".join(f"s{step}" if step else "rewind" for step in each["steps"])
    before = "/dev/null" if each["how"] == "added" else f"a/{old}"
    after = "/dev/null" if each["how"] == "deleted" else f"b/{new}"
    lines = [
        Line((Span(f"--- {before}", "bold"),)),
        Line((Span(f"+++ {after}", "bold"), Span(f"\t{each['how']} in {steps}", "dim"))),
    ]
    if each["binary"]:
        lines.append(Line((Span("Binary files differ", "dim"),)))
    for text in visible(each["diff"].rstrip("\n")).split("\n") if each["diff"] else []:
        style = next((style for mark, style in _STYLES if text.startswith(mark)), "")
        lines.append(Line((Span(text, style),)))
    return lines


def _stat(shown: Found) -> list[Line]:
    files = shown["files"]
    width = max((len(one_line(each["path"])) for each in files), default=0)
    most = max((each["added"] + each["removed"] for each in files), default=0)
    lines = [_row(each, width, most) for each in files]
    added, removed = sum(each["added"] for each in files), sum(each["removed"] for each in files)
    if files:
        count = f"{len(files)} file{'s' if len(files) != 1 else ''} changed"
        lines.append(line("", Span(f"{count}, {added} insertions(+), {removed} deletions(-)")))
    return lines + _rest(shown)


def _row(each: Found, width: int, most: int) -> Line:
    share = min(_BAR / most, 1) if most else 0
    plus, minus = (round(each[side] * share) or bool(each[side]) for side in ("added", "removed"))
    what = "binary" if each["binary"] else each["how"]
    return line(
        "",
        Span(f" {one_line(each['path']):<{width}} | {what:<8} {each['added'] + each['removed']:>5} "),
        Span("+" * plus, "green"),
        Span("-" * minus, "red"),
    )


def _rest(shown: Found) -> list[Line]:
    more = [f"{shown['more']} more files are not shown"] if shown["more"] else []
    return [line("", Span(text, "yellow")) for text in [*more, *shown["unknown"]]]

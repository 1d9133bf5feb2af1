"""Proposals as lines: a table of them, one as a diff whose parts are numbered, and what an answer did."""

from typing import Any

from cairn_server import words
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.sanitise import one_line, visible

GOAL = 60
"""Characters."""

Found = dict[str, Any]


def row(proposal: Found) -> list[str]:
    """One of the list."""
    files, parts = len(proposal["files"]), proposal["parts"]
    count = f"{parts} part{'' if parts == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
    goal = one_line(proposal["goal"])[:GOAL]
    return [proposal["session"], proposal["state"], words.ago(proposal["changed"]), count, goal]


def diff(shown: Found) -> list[Line]:
    """The whole proposal."""
    if not shown["files"]:
        return [line("", Span(f"nothing of {shown['session']} waits for an answer"))]
    lines: list[Line] = []
    number = 0
    for file in shown["files"]:
        name = one_line(file["path"])
        before = "/dev/null" if file["new"] else f"a/{name}"
        lines += [Line((Span(f"--- {before}", "bold"),)), Line((Span(f"+++ b/{name}", "bold"),))]
        for part in file["parts"]:
            number += 1
            lines += _part(number, part)
    return lines


def answered(done: Found, verb: str) -> list[Line]:
    """What was taken, what was not, what is left."""
    lines = [
        line("", Span(f"{verb} {_parts(len(file['parts']))} of {one_line(file['path'])}", "bold"))
        for file in done["files"]
    ]
    lines += [
        line("", Span(f"  not accepted ({each['part']}): {one_line(each['why'])}", "yellow"))
        for each in done["refused"]
    ]
    left = done["left"]
    waits = f"{_parts(left)} wait{'s' if left == 1 else ''} for an answer" if left else "nothing is left"
    lines.append(line("", Span(waits, "dim")))
    return lines


def _part(number: int, part: Found) -> list[Line]:
    place = f"@@ -{part['start'] + 1},{part['end'] - part['start']} +{part['first'] + 1},{part['last'] - part['first']} @@"
    lines = [Line((Span(f"# {text}", "dim"),)) for each in part["reasons"] for text in _lines(each)]
    lines.append(Line((Span(place, "cyan"), Span(f" part {number} ({part['id']})", "dim"))))
    for mark, style, side in (("-", "red", part["old"]), ("+", "green", part["new"])):
        for each in side:
            lines += [Line((Span(f"{mark}{text}", style),)) for text in _lines(each)]
    if part["more"]:
        lines.append(line("", Span(f"{part['more']} more lines are not shown", "yellow")))
    return lines


def _lines(text: str) -> list[str]:
    return visible(text.rstrip("\r\n")).split("\n")


def _parts(count: int) -> str:
    return f"{count} part{'' if count == 1 else 's'}"

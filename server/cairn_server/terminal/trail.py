"""`cairn trail`: how full a session's window was after each step, drawn in blocks, and what happened on the way."""

import json
import shutil
from collections.abc import Sequence
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.rewind.lines import write
from cairn_server.terminal.sessions import pick, reach

PATIENCE = 60.0
"""Seconds, for a session of ten thousand steps."""
NARROW, WIDE = 20, 110
"""Columns of the chart, whatever the terminal has."""
ROWS = 6
MARKS = 40
"""Things that happened, of which each has a line; the newest."""

_BLOCKS = " ▁▂▃▄▅▆▇█"
_EDGE = 6
"""Columns before the chart."""
_SIGNS = {"kill": "✗", "failed": "✗", "interrupt": "‖", "budget": "$", "rewind": "<", "resume": ">", "done": "✓", "rebuild": "┊", "checkpoint": "▴"}  # fmt: skip
"""The sign of each kind; where several things fall into one column the first of these is shown."""
_STYLES = {"kill": "red", "failed": "red", "resume": "green", "done": "green", "rebuild": "yellow", "checkpoint": "yellow"}  # fmt: skip
_NAMES = {"kill": "the host was killed", "interrupt": "interrupted", "rewind": "work was taken back", "rebuild": "window", "resume": "resumed", "budget": "the budget was spent"}  # fmt: skip

Found = dict[str, Any]


def trail(dial: Dial, session: str | None, as_json: bool) -> int:
    """Draws it as wide as the terminal is; with --json the wire's `SessionTrail`."""
    connection = reach(dial)
    name = pick(connection, session)["session"]
    found: Found = connection.request("cairn/session/trail", {"session": name}, PATIENCE)
    if as_json:
        print(json.dumps(found))
    else:
        write(drawn(found, shutil.get_terminal_size((80, 24)).columns))
    return DONE


def drawn(found: Found, columns: int) -> list[Line]:
    """The chart, the signs below it, and a line for each thing that happened."""
    head = words.joined(
        found["session"],
        f"{found['steps']:,} steps",
        f"window {words.tokens(found['window'])}" if found["window"] else "",
        words.money(found["cost"]),
    )
    lines = [line("", Span(head, "bold"))]
    if not found["points"]:
        return [*lines, line("", Span("no step was made yet", "dim"))]
    width = min(max(columns - _EDGE - 1, NARROW), WIDE)
    first, last = found["points"][0]["step"], found["points"][-1]["step"]
    width = min(width, (last - first + 1) * max(width // (last - first + 1), 1))
    lines += _chart(found, first, last, width)
    lines.append(_signs(found, first, last, width))
    gap = width - len(f"{first:,}") - len(f"{last:,}")
    lines.append(line("", Span(f"{'step':>{_EDGE - 1}} {first:,}{' ' * max(gap, 1)}{last:,}", "dim")))
    return lines + _happened(found)


def _chart(found: Found, first: int, last: int, width: int) -> list[Line]:
    """Rows of blocks, the upper first; a column is as high as the fullest of its steps."""
    top = max(found["window"], *(point["fill"] for point in found["points"]), 1)
    heights = [0] * width
    for point in found["points"]:
        begin, end = _columns(point["step"], first, last, width)
        for column in range(begin, end):
            heights[column] = max(heights[column], round(point["fill"] / top * ROWS * 8))
    for column in range(1, width):  # steps that are not told of
        heights[column] = heights[column] or heights[column - 1]
    rows: list[Line] = []
    for row in reversed(range(ROWS)):
        blocks = "".join(_BLOCKS[min(max(height - 8 * row, 0), 8)] for height in heights)
        label = words.tokens(top) if row == ROWS - 1 else "0" if row == 0 else ""
        rows.append(Line((Span(f"{label:>{_EDGE - 1}} ", "dim"), Span(blocks, "cyan"))))
    return rows


def _signs(found: Found, first: int, last: int, width: int) -> Line:
    """Below each column the sign of what happened there."""
    kinds: dict[int, str] = {}
    order = list(_SIGNS)
    for mark in found["marks"]:
        column = _columns(max(mark["step"], first), first, last, width)[1] - 1
        if column not in kinds or order.index(mark["kind"]) < order.index(kinds[column]):
            kinds[column] = mark["kind"]
    spans = [Span(" " * _EDGE)]
    for column in range(width):
        kind = kinds.get(column, "")
        spans.append(Span(_SIGNS.get(kind, " "), _STYLES.get(kind, "")))
    return Line(tuple(spans))


def _columns(step: int, first: int, last: int, width: int) -> tuple[int, int]:
    """The columns of a step: from the first to before the second, at least one."""
    steps = last - first + 1
    begin = (step - first) * width // steps
    return begin, max((step - first + 1) * width // steps, begin + 1)


def _happened(found: Found) -> list[Line]:
    marks: Sequence[Found] = found["marks"]
    more = sum(found["counts"].values()) - len(marks[-MARKS:])
    lines = [line("", Span(f"  {more:,} earlier ones are left out", "dim"))] if more else []
    for mark in marks[-MARKS:]:
        kind = mark["kind"]
        number = f" {mark['number']}" if mark["number"] else ""
        judged = ", facts and judgement" if mark["judged"] else ""
        what = f"{_NAMES.get(kind, kind)}{number}{judged}"
        at = words.joined(
            f"step {mark['step']:,}", f"{words.tokens(mark['fill'])} tokens", f"e{mark['event']}"
        )
        lines.append(
            line("", Span(f"  {_SIGNS[kind]} ", _STYLES.get(kind, "")), Span(f"{what:<38} "), Span(at, "dim"))
        )
    return lines

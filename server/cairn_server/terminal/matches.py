"""The past calls that a pattern would have let run: shown before it is allowed for good."""

from typing import Any

from cairn_server import words
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.sanitise import exact_line

MATCHES = 8
"""Calls that are named; the rest is counted."""

_HOW = {"denied": "denied then", "error": "failed then", "interrupted": "interrupted then"}


def matches(pattern: str, found: dict[str, Any]) -> list[Line]:
    """`found` is what the host answers to `cairn/gate/past`."""
    if found["refused"]:
        return [line("ask", Span("  "), Span(found["refused"], "yellow"), hang=2)]
    count = found["matched"]
    head = f"`{pattern}` would have let {_counted(count)} run, of {found['looked']} different ones so far"
    lines = [line("ask", Span("  "), Span(head, "dim"), hang=2)]
    for call in found["calls"]:
        facts = words.joined(
            words.ago(call["time"]),
            f"{call['times']} times" if call["times"] > 1 else "",
            _HOW.get(call["outcome"], ""),
        )
        lines.append(
            line(
                "ask",
                Span("    "),
                Span(exact_line(call["what"]), "", True),
                Span(f"  {facts}", "dim"),
                hang=4,
            )
        )
    if count > len(found["calls"]):
        lines.append(line("ask", Span(f"    … and {count - len(found['calls'])} more", "dim")))
    return lines


def _counted(count: int) -> str:
    return "no past call" if not count else "1 past call" if count == 1 else f"{count} past calls"

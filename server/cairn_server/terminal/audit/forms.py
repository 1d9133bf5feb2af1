"""The audit's rows as a table for people, as JSON lines for programs, as Markdown for reports."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TextIO

from cairn_server import words
from cairn_server.terminal.sanitise import one_line

Row = dict[str, Any]

COLUMNS = ("time", "session", "task", "kind", "outcome", "took", "let by", "what")
WIDTHS = (19, 13, 5, 7, 11, 7, 24)
"""Of all columns but the last, for a person."""
_SPECIAL = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<>#|~"})


class Form(Protocol):
    """Takes the rows as they come."""

    def rows(self, rows: Sequence[Row]) -> None: ...

    def end(self) -> None: ...


class JsonLines:
    """One object a line, all fields, nothing else."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._out.write(json.dumps(row) + "\n")

    def end(self) -> None:
        pass


class Table:
    """In columns for a person, with tabs for a pipe."""

    def __init__(self, out: TextIO, live: bool) -> None:
        self._out = out
        self._live = live
        self._empty = True

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._empty and self._live:
                self._write(COLUMNS)
            self._empty = False
            self._write([one_line(cell) for cell in _cells(row)])

    def end(self) -> None:
        if self._empty and self._live:
            self._out.write("nothing that was done is known here\n")

    def _write(self, cells: Sequence[str]) -> None:
        if not self._live:
            self._out.write("\t".join(cells) + "\n")
            return
        short = [_fitted(cell, width) for cell, width in zip(cells, WIDTHS, strict=False)]
        self._out.write("  ".join([*short, cells[-1]]).rstrip() + "\n")


class Markdown:
    """A report: what was done, row by row, and how often each kind."""

    def __init__(self, out: TextIO, session: str | None) -> None:
        self._out = out
        self._counts: dict[str, int] = {}
        about = f"session {session}" if session else "all sessions"
        out.write(f"# Audit of {about}\n\n")
        head = (*COLUMNS, "events")
        out.write(f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n")

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._counts[row["kind"]] = self._counts.get(row["kind"], 0) + 1
            events = ", ".join(f"e{number}" for number in row["events"])
            cells = [one_line(cell).translate(_SPECIAL) for cell in (*_cells(row), events)]
            self._out.write(f"| {' | '.join(cells)} |\n")

    def end(self) -> None:
        names = {"command": "commands", "file": "file changes", "install": "installs"}
        told = ", ".join(f"{self._counts.get(kind, 0):,} {name}" for kind, name in names.items())
        self._out.write(f"\n{told}\n")


def _cells(row: Row) -> tuple[str, ...]:
    code = row["exit_code"]
    return (
        datetime.fromtimestamp(row["time"] / 1_000).strftime("%Y-%m-%d %H:%M:%S"),
        str(row["session"]),
        str(row["task"]),
        str(row["kind"]),
        f"{row['outcome']} {code}" if code else str(row["outcome"]),
        words.duration(row["ms"] / 1_000) if row["ms"] else "",
        str(row["allowed"]),
        words.joined(str(row["what"]), _change(row)),
    )


def _change(row: Row) -> str:
    """What became of a file: its lines, and its hashes before and after."""
    if not row["before"] and not row["after"]:
        return ""
    lines = "" if row["added"] is None else f"+{row['added']} -{row['removed']} "
    return f"{lines}{row['before'] or 'none'} -> {row['after'] or 'none'}"


def _fitted(text: str, width: int) -> str:
    return f"{text:<{width}}" if len(text) <= width else f"{text[: width - 1]}…"

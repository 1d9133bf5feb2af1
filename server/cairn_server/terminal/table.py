"""Rows of short texts: in columns for a person, with tabs for a pipe."""

from collections.abc import Sequence

from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.screen import is_live


def table(rows: Sequence[Sequence[str]]) -> None:
    """Prints them. The last column is as wide as it is."""
    safe = [[one_line(cell) for cell in row] for row in rows]
    if not is_live():
        for row in safe:
            print("\t".join(row))
        return
    widths = [max(len(row[column]) for row in safe) for column in range(len(safe[0]) - 1)] if safe else []
    for row in safe:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[-1]]).rstrip())

"""Lines as rich text of a given width. Only imported when a person's terminal is written to."""

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from cairn_server.terminal.line import Line, Span

SHORTEST = 12
"""Cells that a shortened span keeps; a line that needs more is wrapped."""


def painted(line: Line, width: int) -> list[Text]:
    """The line as one row where shortening does it, else as wrapped rows."""
    spans = _shortened(line.spans, width)
    row = Text(no_wrap=True, overflow="ignore", end="")
    for span in spans:
        row.append(span.text, span.style)
    if row.cell_len <= width:
        return [row]
    return _wrapped(row, width, line.hang)


def break_at(text: str, width: int) -> int:
    """How many characters of `text`, which is wider than `width` cells, go on the first row (at least one)."""
    fits = len(next(iter(chop_cells(text, max(width, 1))), text[:1])) or 1
    if fits < len(text) and text[fits] == " ":
        return fits + 1
    blank = text.rfind(" ", 0, fits)
    return blank + 1 if text[:blank].strip() else fits


def _shortened(spans: tuple[Span, ...], width: int) -> list[Span]:
    excess = sum(cell_len(span.text) for span in spans) - width
    result: list[Span] = []
    for span in spans:
        size = cell_len(span.text)
        if excess > 0 and span.cut and size > SHORTEST:
            keep = max(size - excess, SHORTEST)
            excess -= size - keep
            span = span._replace(text=set_cell_size(span.text, keep - 1).rstrip() + "…")
        result.append(span)
    return result


def _wrapped(row: Text, width: int, hang: int) -> list[Text]:
    rows: list[Text] = []
    indent = 0
    while row.cell_len > width - indent:
        cut = break_at(row.plain, width - indent)
        first, row = row[:cut], row[cut:]
        first.rstrip()
        rows.append(_indented(first, indent))
        indent = hang if hang < width // 2 else 0
    rows.append(_indented(row, indent))
    return rows


def _indented(row: Text, indent: int) -> Text:
    row.no_wrap, row.overflow, row.end = True, "ignore", ""
    return Text(" " * indent, end="", no_wrap=True, overflow="ignore").append_text(row) if indent else row

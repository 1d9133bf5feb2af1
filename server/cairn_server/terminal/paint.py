"""Lines as rich text of a given width. Only imported when a person's terminal is written to."""

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from cairn_server.terminal.line import Line, Span

SHORTEST = 8
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
    return blank + 1 if blank > 0 and text[:blank].strip() else fits


def _shortened(spans: tuple[Span, ...], width: int) -> list[Span]:
    """Cuts what may be cut, the longest first, until the line fits or nothing more can go."""
    result = list(spans)
    excess = sum(cell_len(span.text) for span in spans) - width
    sizes = {index: cell_len(span.text) for index, span in enumerate(spans) if span.cut}
    for index in sorted(sizes, key=lambda index: -sizes[index]):
        keep = max(sizes[index] - excess, SHORTEST)
        if excess <= 0 or keep >= sizes[index]:
            break
        excess -= sizes[index] - keep
        text = set_cell_size(spans[index].text, keep - 1).rstrip() + "…"
        result[index] = spans[index]._replace(text=text)
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

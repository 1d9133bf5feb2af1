"""Streamed text as rows that never change once they are written, so that nothing flickers.

Marks of Markdown stay where they are and only get a style: so a style that becomes known
late (a closing backtick) moves nothing, and what is copied from the screen is the source.
"""

import re

from rich.cells import cell_len
from rich.text import Text

from cairn_server.terminal.paint import break_at
from cairn_server.terminal.sanitise import unsettled, visible

_BULLET = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+|\s+")
_HEADING = re.compile(r"#{1,6} ")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_MARKS = (
    (re.compile(r"`[^`]+`"), "cyan"),
    (re.compile(r"\*\*[^*]+\*\*"), "bold"),
    (re.compile(r"https?://[^\s)>\]]+"), "underline"),
)
STYLED = 2_000
"""Characters of a line up to which styles are looked for; beyond it is no prose."""


class Flow:
    """One text that grows. `feed` gives the rows that are complete, `tail` is the one that is not."""

    def __init__(self) -> None:
        self._line = ""
        self._begin = 0
        self._held = ""
        self._code = False
        self._width = 80

    def feed(self, text: str, width: int) -> list[Text]:
        """Takes in more text; the rows of at most `width` cells that are now complete."""
        text, self._width = self._held + text, width
        keep = 1 if text.endswith("\r") else unsettled(text)  # may be half of a line end, or of an emoji
        self._held = text[len(text) - keep :]
        return self._take(text[: len(text) - keep])

    def _take(self, text: str) -> list[Text]:
        *whole, rest = (self._line + visible(text).expandtabs(4)).split("\n")
        rows: list[Text] = []
        for each in whole:
            self._line = each
            rows += [*self._rows(), self._row(self._begin, len(each))]
            self._end_line()
        self._line = rest
        return rows + self._rows()

    def tail(self) -> Text:
        """The row that is still being written; it fits the width of the last `feed`."""
        return self._row(self._begin, len(self._line))

    def end(self) -> list[Text]:
        """The last row, when the text ends without a line feed."""
        held, self._held = self._held, ""
        rows = self._take(held.removesuffix("\r"))
        if self._line[self._begin :]:
            rows.append(self.tail())
        self._line = ""
        self._end_line()
        self._code = False
        return rows

    @property
    def open(self) -> bool:
        """Whether something was written that no line feed ended."""
        return bool(self._line)

    def _end_line(self) -> None:
        if _FENCE.match(self._line):
            self._code = not self._code
        self._line, self._begin = "", 0

    def _rows(self) -> list[Text]:
        """Breaks off full rows from the unfinished line."""
        rows: list[Text] = []
        while True:
            room = self._width - self._indent()
            rest = self._line[self._begin :]
            if cell_len(rest) <= room:
                return rows
            cut = break_at(rest, room)
            rows.append(self._row(self._begin, self._begin + cut))
            self._begin += cut

    def _row(self, begin: int, end: int) -> Text:
        row = self._styled(begin, end)
        row.rstrip()
        indent = Text(" " * self._indent(), no_wrap=True, overflow="ignore", end="")
        return indent.append_text(row)

    def _indent(self) -> int:
        """Rows after the first stand under the text of a bullet."""
        if not self._begin or self._code:
            return 0
        found = _BULLET.match(self._line)
        indent = found.end() if found else 0
        return indent if indent < self._width // 2 else 0

    def _styled(self, begin: int, end: int) -> Text:
        if len(self._line) > STYLED:
            return Text(self._line[begin:end])
        text = Text(self._line)
        if self._code or _FENCE.match(self._line):
            text.stylize("cyan")
        elif _HEADING.match(self._line):
            text.stylize("bold")
        else:
            for pattern, style in _MARKS:
                for found in pattern.finditer(self._line):
                    text.stylize(style, *found.span())
        return text[begin:end]

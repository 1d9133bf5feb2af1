"""Rows on a person's terminal, written once and never again: the part of a run that is over."""

from rich.console import Console
from rich.text import Text

from cairn_server.terminal.flow import Flow
from cairn_server.terminal.line import Gaps, Line
from cairn_server.terminal.paint import painted
from cairn_server.terminal.story import Story
from cairn_server.terminal.view import Still
from cairn_server.terminal.wire import Event


class Page:
    """Writes lines wrapped to the terminal's width, with blank rows between groups."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, markup=False, emoji=False)
        self._gaps = Gaps()

    @property
    def width(self) -> int:
        """Cells of a row. The last column stays free: some terminals wrap there."""
        return max(self.console.width - 1, 10)

    def lines(self, lines: list[Line]) -> None:
        """Writes lines."""
        self.rows([row for each in self._gaps.between(lines) for row in painted(each, self.width)])

    def rows(self, rows: list[Text]) -> None:
        """Writes rows that fit already."""
        if rows:
            self.console.print(Text("\n", end="").join(rows), soft_wrap=True)

    def gap(self, group: str) -> None:
        """Writes the blank row that belongs before `group`, if one does: its own rows are about to follow."""
        if len(self._gaps.between([Line((), group)])) > 1:
            self.rows([Text("", end="")])


class PageView(Still):
    """A session from its beginning, in colours: `cairn show`."""

    def __init__(self, story: Story, page: Page | None = None) -> None:
        self._story = story
        self._page = page or Page()

    def event(self, event: Event) -> None:
        if event["kind"] != "model.replied":
            self._page.lines(self._story.tell(event))
            return
        payload = event["payload"]
        self._story.note_reply(payload)
        self._page.lines(self._story.thought(str(payload.get("reasoning", ""))))
        if text := str(payload.get("text", "")).strip("\n"):
            self._page.gap("text")
            flow = Flow()
            self._page.rows([*flow.feed(text, self._page.width), *flow.end()])

    def banner(self, text: str) -> None: ...
    def say(self, line: Line) -> None:
        self._page.lines([line])

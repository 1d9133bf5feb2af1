"""The run on a person's terminal: what is finished scrolls up, what is not stands in a region below."""

from collections.abc import Callable

from rich.live import Live
from rich.text import Text

from cairn_server.terminal.flow import Flow
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.page import Page
from cairn_server.terminal.paint import painted
from cairn_server.terminal.progress import progress
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.standing import Standing
from cairn_server.terminal.story import Story
from cairn_server.terminal.wire import Chunk, Event

HELD = 2_000
"""Characters from whose end the last line of growing text is shown."""


class _Region:
    """Made anew whenever it is drawn, so that it is never behind what was written above it."""

    def __init__(self, rows: Callable[[], Text]) -> None:
        self._rows = rows

    def __rich__(self) -> Text:
        return self._rows()


class LiveView:
    """Rows above are written once; the region below is a few rows, drawn anew each time."""

    def __init__(self, story: Story, standing: Standing, page: Page | None = None) -> None:
        self._page = page or Page()
        self._story = story
        self._standing = standing
        self._flow = Flow()
        self._shown = ""
        self._thought = ""
        self._thought_told = False
        self._output = ""
        self._banner = ""
        self._late = 0
        self._draft = ""
        self._live = Live(
            _Region(self._rows),
            console=self._page.console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def event(self, event: Event) -> None:
        payload = event["payload"]
        if event["kind"] == "model.replied":
            self._story.note_reply(payload)
            self._reply(str(payload.get("text", "")), str(payload.get("reasoning", "")))
        elif event["kind"] in ("model.failed", "session.state"):
            self._break_off()
        elif event["kind"] in ("tool.started", "tool.finished"):
            self._output = ""
        if event["kind"] != "model.replied":
            self._write(self._story.tell(event))
        self.tick()

    def chunk(self, chunk: Chunk) -> None:
        source, text = chunk["source"], chunk["text"]
        self._standing.streams(source, text)
        if source == "output":
            self._output = (self._output + text)[-HELD:]
        elif chunk["step"] == self._late:
            pass
        elif source == "reasoning":
            self._thought += text
        elif source == "text":
            self._tell_thought()
            self._text(text)
        self.tick()

    def say(self, line: Line) -> None:
        self._write([line])

    def late(self, step: int) -> None:
        self._late = step

    def banner(self, text: str) -> None:
        self._banner = text
        self.tick()

    def draft(self, text: str) -> None:
        self._draft = text
        self.tick()

    def tick(self) -> None:
        self._live.start()
        self._live.refresh()

    def ring(self) -> None:
        self._page.console.bell()

    def pause(self) -> None:
        self._live.stop()

    def _write(self, lines: list[Line]) -> None:
        self._live.start()
        self._page.lines(lines)

    # --- the reply that is being written ---------------------------------------------------

    def _text(self, text: str) -> None:
        """Writes what was added to the reply: whole rows above, the rest in the region."""
        if not self._shown:
            text = text.lstrip("\n")
            if text:
                self._live.start()
                self._page.gap("text")
        self._shown += text
        self._page.rows(self._flow.feed(text, self._page.width))

    def _reply(self, text: str, reasoning: str) -> None:
        """The whole reply is there: writes what of it had not been streamed."""
        if not self._shown:
            self._thought = self._thought or reasoning
            self._tell_thought()
        text, shown = text.strip("\n"), self._shown.rstrip("\n")
        if not text.startswith(shown):
            self._page.rows(self._flow.end())
            self._write(
                [line("text", Span("[not all of this was seen as it came; here is the whole:]", "dim"))]
            )
            shown = self._shown = ""
        self._text(text[len(shown) :] if len(text) > len(self._shown) else "")
        self._end_reply()

    def _break_off(self) -> None:
        """What was seen of a reply does not count: it is asked for again, or not at all."""
        if self._shown:
            self._page.rows(self._flow.end())
            self._write([line("text", Span("[the reply broke off here]", "dim"))])
        self._end_reply()

    def _end_reply(self) -> None:
        self._page.rows(self._flow.end())
        self._shown = self._thought = ""
        self._thought_told = False

    def _tell_thought(self) -> None:
        if not self._thought_told and self._thought.strip():
            self._thought_told = True
            self._write(self._story.thought(self._thought))

    # --- the region ------------------------------------------------------------------------

    def _rows(self) -> Text:
        width = self._page.width
        rows: list[Text] = []
        if self._flow.open:
            rows.append(self._flow.tail())
        elif self._thought and not self._thought_told:
            rows.append(_last_line("  ~ ", self._thought, "dim italic", width))
        if self._output.strip():
            rows.append(_last_line("      ", self._output, "dim", width))
        if self._banner:
            rows.append(Text())
            rows += painted(line("", Span("  "), Span(self._banner, "bold yellow"), hang=2), width)
        else:
            rows.append(progress(self._standing, width))
        if self._draft:
            typed = line("", Span("> ", "cyan"), Span(self._draft), Span("▏", "dim"), hang=2)
            rows += painted(typed, width)
        return Text("\n", no_wrap=True, overflow="ignore").join(rows)


def _last_line(mark: str, text: str, style: str, width: int) -> Text:
    last = text.rstrip()[-HELD:].rsplit("\n", 1)[-1].rsplit("\r", 1)[-1]
    row = Text(mark + one_line(last), style=style, no_wrap=True)
    row.truncate(width, overflow="ellipsis")
    return row

"""What shows a run: a live region for a person, lines for a pipe, events for a program."""

import json
import sys
from typing import Protocol, TextIO

from cairn_server.terminal.line import Gaps, Line, plain
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.screen import is_live
from cairn_server.terminal.standing import Standing
from cairn_server.terminal.story import Story
from cairn_server.terminal.wire import Chunk, Event


class View(Protocol):
    """What following a run needs of whatever shows it."""

    def event(self, event: Event) -> None:
        """Shows a new event. `Standing` has taken it in already."""
        ...

    def chunk(self, chunk: Chunk) -> None:
        """Shows streamed text."""
        ...

    def say(self, line: Line) -> None:
        """Shows a word of the client itself."""
        ...

    def late(self, step: int) -> None:
        """The reply of `step` began before anybody looked: its text is shown when it is whole."""
        ...

    def banner(self, text: str) -> None:
        """Shows, in place of the progress, what the user can do now; "" takes it away."""
        ...

    def draft(self, text: str) -> None:
        """Shows what the user is typing."""
        ...

    def tick(self) -> None:
        """Time has passed."""
        ...

    def ring(self) -> None:
        """Somebody is wanted who may look elsewhere."""
        ...

    def pause(self) -> None:
        """Lets go of the screen: the program is suspended, or ends. The next call takes it back."""
        ...


class Still:
    """The parts of a view that a view without anything moving leaves out."""

    def chunk(self, chunk: Chunk) -> None: ...
    def late(self, step: int) -> None: ...
    def draft(self, text: str) -> None: ...
    def tick(self) -> None: ...
    def ring(self) -> None: ...
    def pause(self) -> None: ...


class JsonView(Still):
    """One event a line, as it came over the wire, and nothing else."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def event(self, event: Event) -> None:
        self._out.write(json.dumps(event) + "\n")
        self._out.flush()

    def say(self, line: Line) -> None:
        self.banner(plain([line]).strip())

    def banner(self, text: str) -> None:
        if text:
            print("cairn:", one_line(text), file=sys.stderr, flush=True)


class PlainView(Still):
    """The story line by line, without control codes: for a pipe, and where NO_COLOR or TERM=dumb is set."""

    def __init__(self, out: TextIO, story: Story) -> None:
        self._out = out
        self._story = story
        self._gaps = Gaps()
        self._banner = ""
        self._draft = ""

    def event(self, event: Event) -> None:
        self._write(plain(self._gaps.between(self._story.tell(event))))

    def say(self, line: Line) -> None:
        self._write(plain(self._gaps.between([line])))

    def banner(self, text: str) -> None:
        if text and text != self._banner:
            self._write(f"  {one_line(text)}\n")
        self._banner = text

    def draft(self, text: str) -> None:
        if text.startswith(self._draft):
            self._write(text[len(self._draft) :])
        else:  # without control codes nothing can be taken back
            self._write(f"\n{text}")
        self._draft = text

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def for_output(json_lines: bool, standing: Standing, story: Story) -> View:
    """The view that fits where stdout goes."""
    if json_lines:
        return JsonView(sys.stdout)
    if not is_live():
        return PlainView(sys.stdout, story)
    from cairn_server.terminal.live import LiveView

    return LiveView(story, standing)

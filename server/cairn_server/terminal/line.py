"""A line of output, before it is known whether it goes to a person's screen, a pipe or a test."""

from collections.abc import Iterable
from typing import NamedTuple

from cairn_server.terminal.sanitise import one_line, visible


class Span(NamedTuple):
    """A piece of a line. `style` is rich's; `cut` marks what may be shortened when the line is too long."""

    text: str
    style: str = ""
    cut: bool = False


class Line(NamedTuple):
    """One line. A blank line goes between two lines of different `group`s; `hang` indents what is wrapped."""

    spans: tuple[Span, ...]
    group: str = ""
    hang: int = 0


def line(group: str, *spans: Span, hang: int = 0) -> Line:
    """A line of spans whose text is made safe for a terminal."""
    return Line(tuple(Span(one_line(span.text), span.style, span.cut) for span in spans), group, hang)


def block(group: str, text: str, style: str = "", prefix: str = "") -> list[Line]:
    """A text of several lines, made safe; every line begins with `prefix`."""
    return [
        Line(
            (Span(prefix), Span(part.expandtabs(4), style)) if prefix else (Span(part.expandtabs(4), style),),
            group,
            len(prefix),
        )
        for part in visible(text).split("\n")
    ]


def plain(lines: Iterable[Line]) -> str:
    """The lines as text without any control codes, for a pipe."""
    return "".join("".join(span.text for span in each.spans).rstrip() + "\n" for each in lines)


class Gaps:
    """Puts blank lines between groups, over any number of calls."""

    def __init__(self) -> None:
        self._group: str | None = None

    def between(self, lines: Iterable[Line]) -> list[Line]:
        """The lines with blank ones put in where the group changes. A group "" goes with any other."""
        spaced: list[Line] = []
        for each in lines:
            if each.group and self._group and each.group != self._group:
                spaced.append(Line(()))
            self._group = each.group or self._group
            spaced.append(each)
        return spaced

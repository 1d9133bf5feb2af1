"""Our Markdown files: which section and which bullet stands where, and edits of single lines.

A text is kept as its lines, byte for byte: CRLF, a byte order mark, trailing spaces and a
missing last newline all stay. An edit touches the lines it names and nothing else.

Of CommonMark it knows headings of both kinds, bullets with what belongs to them, fenced code,
HTML comments, and a metadata block at the start. A fence or comment that nobody closes counts
for a plain line, so that one slip of the hand does not hide all that follows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_BULLET = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])([ \t]+)(\S.*)")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}")
_FENCE = re.compile(r" {0,3}(`{3,})[^`]*| {0,3}(~{3,}).*")
_CODE = 4
"""Columns of indent from which on a line is code, and no bullet."""


@dataclass(frozen=True, slots=True)
class Block:
    """A bullet with all that belongs to it, or a paragraph: the lines from `start` up to `end`, counted from 0.

    `text` is what it says: without its marker and indent, its lines joined by a newline.
    """

    start: int
    end: int
    text: str
    bullet: bool


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, up to the next of any level; the first one has no heading ("", level 0).

    `within` are the headings it lies in, from the outermost to its own. `body` is the line after the
    heading, `end` the line after its last, both counted from 0.
    """

    heading: str
    level: int
    within: tuple[str, ...]
    body: int
    end: int
    blocks: tuple[Block, ...]


class Document:
    """A Markdown text. It never changes: an edit gives a new one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: tuple[str, ...] = tuple(_LINES.findall(text))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        return tuple(_Reader(self.lines).read())

    @property
    def title(self) -> str:
        """The first heading of level 1; "" when there is none."""
        return next((section.heading for section in self.sections if section.level == 1), "")

    def section(self, heading: str) -> Section | None:
        """The first section with this heading, in whatever case."""
        wanted = plain(heading)
        return next((each for each in self.sections if each.level and plain(each.heading) == wanted), None)

    def add(self, heading: str, *lines: str) -> "Document":
        """`lines` at the end of the section with this heading, which is made at the end when there is none."""
        section = self.section(heading)
        if section is None:
            space = [""] if self.lines and self.lines[-1].strip() else []
            return self._with(len(self.lines), [*space, f"## {heading}", "", *lines])
        last = max((at for at in range(section.body, section.end) if self.lines[at].strip()), default=None)
        at = section.body if last is None else last + 1
        follows = any(block.end == at and block.bullet for block in section.blocks)
        space = [] if follows and _BULLET.fullmatch(lines[0]) else [""]
        return self._with(at, [*space, *lines, *self._gap(at)])

    def remove(self, *blocks: Block) -> "Document":
        """Without the lines of these blocks."""
        gone = {at for block in blocks for at in range(block.start, block.end)}
        return Document("".join(line for at, line in enumerate(self.lines) if at not in gone))

    def replace(self, block: Block, *lines: str) -> "Document":
        """`lines` where `block` stands now; its last line ends as it did."""
        ending = _ending(self.lines[block.end - 1])
        new = [f"{line}{self._newline}" for line in lines[:-1]] + [f"{line}{ending}" for line in lines[-1:]]
        return Document("".join((*self.lines[: block.start], *new, *self.lines[block.end :])))

    @property
    def _newline(self) -> str:
        return next((ending for line in self.lines if (ending := _ending(line))), "\n")

    def _gap(self, at: int) -> list[str]:
        """What keeps a bullet before line `at` apart from an underlined heading there, which would go on with it."""
        line = self.lines[at].rstrip("\r\n") if at < len(self.lines) else ""
        return [""] if line.strip() and not _HEADING.fullmatch(line) else []

    def _with(self, at: int, lines: Sequence[str]) -> "Document":
        """`lines` before line `at`. A text whose last line has no end keeps that."""
        before, after = "".join(self.lines[:at]), "".join(self.lines[at:])
        if before and not before.endswith("\n"):
            return Document(self._newline.join((before, *lines)))
        return Document(before + "".join(f"{line}{self._newline}" for line in lines) + after)


def plain(heading: str) -> str:
    """A heading as it is compared: case, spaces, emphasis and a colon at its end do not matter."""
    return " ".join(heading.strip("*_ \t:").split()).casefold()


class _Reader:
    """Goes through the lines once, and gives the sections."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = [line.removesuffix("\n").removesuffix("\r") for line in lines]
        if self._lines:
            self._lines[0] = self._lines[0].removeprefix("\ufeff")
        self._at = 0
        self._blocks: list[Block] = []
        self._open: list[tuple[int, str]] = []
        self._paragraph = -1
        """Where the paragraph that goes on here began; -1 when none does."""

    def read(self) -> Iterator[Section]:
        heading, level, body = "", 0, 0
        self._at = self._metadata()
        while self._at < len(self._lines):
            if (found := self._heading()) is not None:
                start, level_next, text, after = found
                self._end_paragraph(start)
                yield self._section(heading, level, body, start)
                heading, level, body = text, level_next, after
                self._at = after
            else:
                self._next_block()
        self._end_paragraph(self._at)
        yield self._section(heading, level, body, len(self._lines))

    def _section(self, heading: str, level: int, body: int, end: int) -> Section:
        if level:
            self._open = [each for each in self._open if each[0] < level] + [(level, heading)]
        blocks, self._blocks = tuple(self._blocks), []
        return Section(heading, level, tuple(text for _, text in self._open), body, end, blocks)

    def _metadata(self) -> int:
        if self._lines[:1] != ["---"]:
            return 0
        return next((at + 1 for at, line in enumerate(self._lines[1:], 1) if line == "---"), 0)

    def _heading(self) -> tuple[int, int, str, int] | None:
        """(first line, level, text, line after it) of a heading here."""
        line = self._lines[self._at]
        if match := _HEADING.fullmatch(line):
            return self._at, len(match[1]), (match[2] or "").strip(), self._at + 1
        if self._paragraph < 0 or not (match := _UNDERLINE.fullmatch(line)):
            return None
        text = " ".join(part.strip() for part in self._lines[self._paragraph : self._at])
        start, self._paragraph = self._paragraph, -1
        return start, 1 if match[1][0] == "=" else 2, text, self._at + 1

    def _next_block(self) -> None:
        line = self._lines[self._at]
        if end := self._hidden(line):
            self._end_paragraph(self._at)
            self._at = end
        elif not line.strip() or _RULE.fullmatch(line):
            self._end_paragraph(self._at)
            self._at += 1
        elif (match := _BULLET.fullmatch(line)) and _width(match[1]) < _CODE:
            self._end_paragraph(self._at)
            self._bullet(match)
        else:
            if self._paragraph < 0:
                self._paragraph = self._at
            self._at += 1

    def _hidden(self, line: str) -> int:
        """The line after a comment or a fenced block that begins here; 0 when none does."""
        if line.lstrip(" ").startswith("<!--") and _width(line) < _CODE:
            for at in range(self._at, len(self._lines)):
                if "-->" in self._lines[at]:
                    return at + 1
        elif match := _FENCE.fullmatch(line):
            fence = match[1] or match[2]
            for at in range(self._at + 1, len(self._lines)):
                close = self._lines[at].strip()
                if len(close) >= len(fence) and close == fence[0] * len(close):
                    return at + 1
        return 0

    def _bullet(self, match: re.Match[str]) -> None:
        start, spaces = self._at, len(match[3].expandtabs(4))
        column = _width(match[1]) + len(match[2]) + (spaces if spaces <= _CODE else 1)
        texts, end = [match[4].rstrip()], start + 1
        for at in range(start + 1, len(self._lines)):
            line = self._lines[at]
            if not line.strip():
                continue
            inside = _width(line) >= column
            if not inside and (at > end or self._begins(line)):
                break
            texts += [""] * (at - end)
            texts.append(_dedented(line, column))
            end = at + 1
        self._blocks.append(Block(start, end, "\n".join(texts), bullet=True))
        self._at = end

    def _begins(self, line: str) -> bool:
        """Whether `line` begins something of its own, and so does not go on with the paragraph before it."""
        return bool(
            _HEADING.fullmatch(line)
            or _BULLET.fullmatch(line)
            or _RULE.fullmatch(line)
            or _FENCE.fullmatch(line)
            or line.lstrip(" ").startswith(("<!--", ">", "|"))
        )

    def _end_paragraph(self, end: int) -> None:
        if self._paragraph >= 0:
            text = "\n".join(line.strip() for line in self._lines[self._paragraph : end])
            self._blocks.append(Block(self._paragraph, end, text, bullet=False))
            self._paragraph = -1


def _width(line: str) -> int:
    """Columns of its indent."""
    wide = line.expandtabs(4)
    return len(wide) - len(wide.lstrip(" "))


def _dedented(line: str, column: int) -> str:
    wide = line.expandtabs(4) if line[:1] in " \t" else line
    return wide[min(column, _width(line)) :].rstrip()


def _ending(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else ""

"""Text of unknown origin inside Markdown: nothing in it acts, hides, or breaks out of its place."""

import re
import unicodedata

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What a terminal or an editor would obey instead of show: C0 and C1 but for tab and line feed, the marks
that turn or hide text (Unicode's bidirectional controls, zero-width characters, tags). The joiners U+200C
and U+200D stay: scripts and emoji need them."""

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


def visible(text: str) -> str:
    """`text` with every such character as a mark that can be read: `\\x1b` becomes `␛`."""
    return _CONTROLS.sub(_mark, text.replace("\r\n", "\n"))


def plain(text: str, limit: int) -> str:
    """One line of at most `limit` characters, in which no Markdown is active."""
    line = " ".join(visible(text).split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return _SPECIAL.sub(r"\\\1", line)


def code(text: str, limit: int = 200) -> str:
    """One line as inline code, with as many backticks around it as it takes."""
    line = " ".join(visible(text).split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line[:1] in ("`", "") or line[-1:] == "`" else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """A block of code that no line of `text` can close."""
    shown = visible(text).rstrip("\n")
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}\n"


def quoted(text: str) -> str:
    """A quotation. Its own Markdown works, but no heading of it becomes part of the outline."""
    lines = visible(text).strip("\n").split("\n")
    return "".join(f"> {_no_heading(line)}".rstrip() + "\n" for line in lines)


def shortened(text: str, lines: int, characters: int) -> str:
    """The head and the tail of `text`, the larger half at the end, where commands say how it went."""
    found = text.strip("\n").split("\n")
    if len(found) > lines:
        head = lines // 3
        tail = lines - head
        found = [*found[:head], f"[... {len(found) - lines:,} lines ...]", *found[-tail:]]
    short = "\n".join(found)
    if len(short) <= characters:
        return short
    head = characters // 3
    left = len(short) - characters
    return f"{short[:head]}\n[... {left:,} characters ...]\n{short[head + left :]}"


def _mark(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x20:
        return chr(0x2400 + number)
    if number == 0x7F:
        return "\u2421"
    return f"⟦U+{number:04X}{_name(match[0])}⟧"


def _name(character: str) -> str:
    name = unicodedata.name(character, "")
    return f" {name}" if name else ""


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _no_heading(line: str) -> str:
    """ATX headings and the underlines of setext ones get a backslash."""
    return re.sub(r"^(\s*(?:>\s*|[-*+]\s+|\d+[.)]\s+)*)(#{1,6}(?=\s|$)|=+\s*$|-+\s*$)", r"\1\\\2", line)

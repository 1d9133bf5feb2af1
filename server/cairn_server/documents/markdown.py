"""Text of unknown origin inside Markdown: nothing in it acts, hides, or breaks out of its place."""

import re

from cairn_server.visible import exact, long_mark
from cairn_server.visible import visible as marked

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


def visible(text: str) -> str:
    """`text` with a mark that can be read for every character that acts, hides or turns: `\\x1b` becomes `␛`."""
    return marked(text, long_mark)


def plain(text: str, limit: int) -> str:
    """One line of at most `limit` characters, in which no Markdown is active."""
    line = " ".join(visible(text).split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return _SPECIAL.sub(r"\\\1", line)


def code(text: str, limit: int = 200) -> str:
    """One line as inline code, with as many backticks around it as it takes. Blanks that are none are marked, too."""
    line = " ".join(exact(text.replace("\r\n", "\n"), long_mark).split())
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


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _no_heading(line: str) -> str:
    """ATX headings and the underlines of setext ones get a backslash."""
    return re.sub(r"^(\s*(?:>\s*|[-*+]\s+|\d+[.)]\s+)*)(#{1,6}(?=\s|$)|=+\s*$|-+\s*$)", r"\1\\\2", line)

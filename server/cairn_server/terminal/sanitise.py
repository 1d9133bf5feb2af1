"""Text of models and tools is shown, never obeyed: control characters become visible marks."""

import re

_MARKED = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f"  # C0 without tab and line feed: ESC, BEL, CR, ...
    "\x80-\x9f"  # C1: one-byte CSI and OSC
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction: text that reads otherwise than it runs
    "\u200b\u2060\ufeff\u00ad"  # of no width: words that look alike and are not
    "\u2028\u2029"  # line ends that only some programs see
    "\U000e0000-\U000e007f"  # tags: a message that only a model reads
    "\ud800-\udfff"  # halves of characters, which no stream can encode
    "]"
)


def visible(text: str) -> str:
    """`text` with everything a terminal would act on replaced by a mark. Keeps tabs and line feeds."""
    if text.isascii() and text.isprintable():
        return text
    return _MARKED.sub(_mark, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The same for text that must stay on one line: line feeds and tabs become one blank."""
    return visible(" ".join(text.split()) if not text.isprintable() else text)


def _mark(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)  # ESC is seen as U+241B
    if code == 0x7F:
        return "\u2421"
    return f"<{code:04x}>"

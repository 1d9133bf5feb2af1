"""Which characters of a foreign text do not show, or make others show wrongly: for people they become marks.

The log, the blobs and the model have the text as it is. What scripts and emoji need stays as it is here too,
where they need it: joiners between letters that join and between emoji, one selector behind a character that
has variants, the tags of the three flags that are made of them. Anywhere else such characters only carry or
hide something. Editors show texts that this host has made visible; none of them has a table of its own.
"""

import re
import unicodedata
from collections.abc import Callable

Mark = Callable[[str], str]

_EMOJI = "\u00a9\u00ae\u203c-\u2049\u2122-\u21aa\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
_JOINING = (
    "\u0600-\u08ff\u0900-\u109f\u1780-\u17b3\u17b6-\u1809\u1810-\u18af\u1a20-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f"
)
"""Arabic, Syriac, the scripts of India and South-East Asia, Mongolian: in them a joiner makes another letter."""
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ONE_EMOJI = f"[{_EMOJI}][\ufe00\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
_NEEDED = (
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f",
    f"{_ONE_EMOJI}(?:\u200d{_ONE_EMOJI})*",
    "[0-9#*]\ufe0f\u20e3",
    f"[{_JOINING}][\u200c\u200d](?=[{_JOINING}])",
    f"[{_HAN}][\ufe00-\ufe0f\U000e0100-\U000e01ef]",
    "[\u1820-\u18aa][\u180b-\u180d\u180f]",
)
_HIDDEN = (
    "\\x00-\\x08\\x0b-\\x1f\\x7f"  # C0 without tab and line feed: ESC, BEL, CR, ...
    "\\x80-\\x9f"  # C1: one-byte CSI and OSC, and a line end
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction: text that reads otherwise than it runs
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"  # no width
    "\ufe00-\ufe0f\U000e0000-\U000e0fff"  # selectors and tags: a message that only a model reads
    "\u2028\u2029"  # line ends that only some programs see
    "\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # annotations and formats
    "\ud800-\udfff"  # halves of characters, which no stream can encode
)
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000"
"""What looks like a blank and is none to a shell."""

_FOREIGN = re.compile(f"(?P<needed>{'|'.join(_NEEDED)})|[{_HIDDEN}]")
_EXACTLY = re.compile(f"(?P<needed>{'|'.join(_NEEDED)})|[{_HIDDEN}{_BLANKS}]")
_UNSETTLED = re.compile(
    f"(?:[{_HAN}0-9#*]?[{_EMOJI}\ufe00-\ufe0f\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]{{1,40}}|[{_JOINING}](?:[\u200c\u200d][{_JOINING}]){{0,12}}[\u200c\u200d]?|[0-9#*]\ufe0f?|[{_HAN}][\ufe00-\ufe0f\U000e0100-\U000e01ef]?)\\Z"
)


def short_mark(character: str) -> str:
    """A mark for a terminal: `␛`, `<202e>`."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"<{code:04x}>"


def long_mark(character: str) -> str:
    """A mark that says what it stands for: `⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧`."""
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return short_mark(character)
    return f"⟦U+{code:04X} {unicodedata.name(character, '')}".rstrip() + "⟧"


def visible(text: str, mark: Mark = short_mark) -> str:
    """`text` with a mark for each character that would act, hide or turn instead of show. Keeps tabs and line feeds."""
    if text.isascii() and text.isprintable():
        return text
    return _FOREIGN.sub(lambda found: _shown(found, mark), text.replace("\r\n", "\n"))


def exact(text: str, mark: Mark = short_mark) -> str:
    """The same for what a person is asked to allow: blanks that are no blanks to a shell, and every CR, are marked too."""
    if text.isascii() and text.isprintable():
        return text
    return _EXACTLY.sub(lambda found: _shown(found, mark), text)


def one_line(text: str) -> str:
    """`visible` for text that must stay on one line: line feeds and tabs become one blank."""
    return visible(_on_one_line(text))


def exact_line(text: str) -> str:
    """`exact` for text that must stay on one line."""
    return exact(_on_one_line(text))


def holds_hidden(text: str) -> bool:
    """Whether anything in `text` does not show as it is; the line ends of Windows do not count."""
    text = text.replace("\r\n", "\n")
    return exact(text) != text


def unsettled(text: str) -> int:
    """How many characters at the end of a growing text may yet belong to what follows, as an emoji's parts do."""
    found = _UNSETTLED.search(text, max(len(text) - 42, 0))
    return len(text) - found.start() if found else 0


def _shown(found: re.Match[str], mark: Mark) -> str:
    return found[0] if found["needed"] else mark(found[0])


def _on_one_line(text: str) -> str:
    """Only blanks, tabs and line ends become one: what else counts as white space is to be seen."""
    if text.isprintable():
        return text
    return " ".join(
        word for word in text.replace("\r\n", "\n").replace("\n", " ").replace("\t", " ").split(" ") if word
    )

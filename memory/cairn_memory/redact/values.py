"""The value behind a name that promises a secret: where it ends, and whether it looks like one."""

import re

from cairn_memory.redact.encoded import decoded_text
from cairn_memory.redact.findings import Finding
from cairn_memory.redact.forms import JUDGED
from cairn_memory.redact.lookalikes import (
    is_plain_word,
    is_stand_in,
    looks_chosen,
    looks_random,
    looks_strong,
)
from cairn_memory.redact.names import Kind

_LONGEST = 8_000
_SCHEME = re.compile(
    r"(?:bearer|basic|token|bot|digest|(?:api|genie)?key|oauth|ssws|splunk|negotiate|hawk|sharedkey)(?:[ ]{1,4}|%20|\+)"
    r"|[fbru]{1,2}(?=[\"'])",
    re.IGNORECASE,
)
QUOTE = re.compile(r"""\\{0,3}(?:\"{3}|'{3}|["'`])""")
_BARE = re.compile(r"""[^\s"'`,;&<>(){}\[\]\\|\x1b]+""")
_QUOTED = {quote: re.compile(rf"(?:[^{quote}\\\n\r]|\\.)+") for quote in "\"'`"}
_NEXT_PAIR = re.compile(r"[&;,|][\w.\[\]-]{1,60}\\?[\"']?[:=]")
_REST = re.compile(r"""[^\s"'`<>\\|\x1b]{1,200}""")
_CLOSING = ",;.)}]&"
_MORE = re.compile(r"\r?\n[ \t]{1,40}[A-Za-z0-9+/=_.-]{12,400}(?=[ \t]*(?:\r?\n|$))")
"""A further line of a block in YAML, of one word."""
_MOST_LINES = 100
_TAME = re.compile(r"[A-Za-z0-9_-]+$")
_ENCODED = 16
"""Characters of base64. A shorter word may come out as text by chance."""


def find_value(text: str, start: int, kind: Kind, *, constant: bool, block: bool) -> Finding | None:
    """The secret that begins at `start`; None when what stands there is none.

    `constant` says that the name is in capitals with `=` right behind it, as in a shell or an env file, where
    a value needs no quotes; `block` that it stands on lines of its own.
    """
    start = _after_scheme(text, start)
    quote = QUOTE.match(text, start)
    first = _after_scheme(text, quote.end()) if quote else start
    value = text[first : min(_end(text, first, quote, JUDGED), first + JUDGED)]
    if not _is_secret(value, kind, literal=constant or quote is not None, constant=constant):
        return None
    end = _end(text, first, quote, _LONGEST)
    if quote is None and kind.chosen:
        end = _end_of_word(text, end)
    return Finding(first, _end_of_block(text, end) if block else end, kind.label)


def _is_secret(value: str, kind: Kind, *, literal: bool, constant: bool) -> bool:
    if kind.tame:
        return looks_random(value, kind.least) and _TAME.match(value) is not None
    if looks_random(value, kind.least) or (literal and looks_strong(value)):
        return True
    if len(value) >= _ENCODED and decoded_text(value) and not is_stand_in(value):
        return True
    if kind.chosen:
        return (looks_chosen(value, bare=not literal) and (literal or not kind.quoted)) or (
            constant and is_plain_word(value)
        )
    return constant and kind.in_constants and looks_chosen(value, bare=False) and not value.isalpha()


def _after_scheme(text: str, start: int) -> int:
    scheme = _SCHEME.match(text, start)
    return scheme.end() if scheme else start


def _end(text: str, first: int, quote: re.Match[str] | None, most: int) -> int:
    """Where the value that starts at `first` ends, looking at `most` characters; not after `first` for none."""
    return _end_of_quoted(text, quote, first + most) if quote else _end_of_bare(text, first, first + most)


def _end_of_bare(text: str, start: int, limit: int) -> int:
    """Where the value without quotes ends; at its start when it is a call or a subscript."""
    match = _BARE.match(text, start, limit)
    if match is None or text[match.end() : match.end() + 1] in {"(", "["}:
        return start
    end = match.end()
    while text[end - 1] == "." and end - start > 1:
        end -= 1
    return end


def _end_of_word(text: str, end: int) -> int:
    """A password may hold `&` or `;` too, unless a further pair begins with it: `password=x&page=2`."""
    rest = _REST.match(text, end)
    if rest is None or _NEXT_PAIR.match(text, end) or text[end] == "." or "://" in rest.group():
        return end
    return end + len(rest.group().rstrip(_CLOSING))


def _end_of_block(text: str, end: int) -> int:
    for _ in range(_MOST_LINES):
        if (more := _MORE.match(text, end)) is None:
            break
        end = more.end()
    return end


def _end_of_quoted(text: str, quote: re.Match[str], limit: int) -> int:
    """Where the quoted text ends, or the limit; at its start when it goes on over the line."""
    mark = quote.group()
    if len(mark) == 1:
        match = _QUOTED[mark].match(text, quote.end(), limit)
        closed = match and (match.end() >= limit - 1 or text.startswith(mark, match.end()))
        return match.end() if match and closed else quote.end()
    end = text.find(mark, quote.end(), quote.end() + _LONGEST)
    return end if end != -1 and text.find("\n", quote.end(), end) == -1 else quote.end()

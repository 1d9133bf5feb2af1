"""Secrets that only their name gives away: `password = ...`, `API_KEY=...`, `Authorization: Bearer ...`."""

import re
from collections.abc import Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.forms import JUDGED
from cairn_memory.redact.lookalikes import looks_chosen, looks_random
from cairn_memory.redact.names import KEYWORDS, Kind, kind_of_name

_LONGEST_NAME = 64
_LONGEST = 8_000
_NAME = re.compile(rf"[\w.-]{{0,{_LONGEST_NAME}}}")
_COLOUR = r"(?:\x1b\[[0-9;]{0,12}m){0,3}"
_SEPARATOR = re.compile(
    rf"""\\?["'`]?\]?{_COLOUR}
    (?: [ \t]{{0,4}} : [ ][|>][+-]?\r?\n[ \t]{{1,40}}                                          # token: |
      | [ \t]{{0,20}} (?: :[ \t]{{0,4}}[\w.|\[\] ]{{1,40}}=(?!=) | :=|=>|={{1,3}}|!=|: ) [ \t]{{0,20}}   # x: str = | x =
      | [ \t]{{0,4}} ,?\s{{0,40}} \\?["']?value\\?["']? [ \t]{{0,4}} [:=] [ \t]{{0,4}}                   # name: X, value: ...
      | [ ](?:provided|is|was):?[ ]                                                        # the token is ...
      | >                                                                                  # <password>...
      | %3[dD]                                                                             # token%3D...
      | ,[ \t]{{0,4}} (?=\\?["'])                                                           # ("token", "...")
      | [ ]{{1,4}}                                                                           # --password ...
    ){_COLOUR}""",
    re.VERBOSE | re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:bearer|basic|token|bot|digest|apikey)[ ]{1,4}|[fbru]{1,2}(?=[\"'])", re.IGNORECASE)
_QUOTE = re.compile(r"""\\{0,3}(?:\"{3}|'{3}|["'`])""")
_BARE = re.compile(r"""[^\s"'`,;&<>(){}\[\]\\|\x1b]+""")
_QUOTED = {quote: re.compile(rf"(?:[^{quote}\\\n\r]|\\.)+") for quote in "\"'`"}
_SPACED = re.compile(r"(?:\blogin\s+\S{1,100}\s+|\b(?:ENV|setenv|setx|set -[gxU]{1,3})\s+)$")


def find_assignments(text: str) -> Iterator[Finding]:
    """Values in `text` whose name says that they are secret, and that do not look like anything else."""
    lowered = _lowered(text)
    for keyword in KEYWORDS:
        position = lowered.find(keyword)
        while position != -1:
            end = position + len(keyword)
            finding = _value_after(text, position, end, keyword)
            if finding is not None:
                yield finding
                end = max(end, finding.end)
            position = lowered.find(keyword, end)


def _lowered(text: str) -> str:
    """`text` in small letters, position by position: the few letters that grow would shift what follows."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join([c.lower() if c.isascii() else c for c in text])


def _value_after(text: str, start: int, end: int, keyword: str) -> Finding | None:
    rest = _NAME.match(text, end)
    end = rest.end() if rest else end
    separator = _SEPARATOR.match(text, end)
    if separator is None:
        return None
    first = _start_of_name(text, start)
    if keyword == "key" and first == start and text[first - 1 : first] == " ":
        first = _start_of_name(text, start - 1)  # "private key: ..."
    kind = kind_of_name(text[first:end], start - first, keyword)
    if kind is None or not _separates(text, first, separator):
        return None
    if "," in separator.group():
        kind = kind._replace(chosen=False)  # in a list of words, neighbours are no pairs
    return _value(text, separator.end(), kind)


def _start_of_name(text: str, start: int) -> int:
    backwards = _NAME.match(text[max(start - _LONGEST_NAME, 0) : start][::-1])
    return start - (backwards.end() if backwards else 0)


def _separates(text: str, first: int, separator: re.Match[str]) -> bool:
    """`>` separates only in a tag; blank space before a quote, after an option, in netrc, Docker and shell lines."""
    between = separator.group().strip("\"'`\\ ")
    if between == ">":
        return text[first - 1 : first] == "<"
    if between:
        return True
    if text.startswith("--", first) or text[first : first + 6].lower() == "bearer":
        return True
    if _QUOTE.match(text, separator.end()):
        return True
    return _SPACED.search(text, max(first - 120, 0), first) is not None


def _value(text: str, start: int, kind: Kind) -> Finding | None:
    start = _after_scheme(text, start)
    quote = _QUOTE.match(text, start)
    first = _after_scheme(text, quote.end()) if quote else start
    end = _end(text, first, quote, JUDGED)
    value = text[first : min(end, first + JUDGED)]
    if not (kind.chosen and looks_chosen(value, bare=quote is None)) and not looks_random(value, kind.least):
        return None
    return Finding(first, _end(text, first, quote, _LONGEST), kind.label)


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


def _end_of_quoted(text: str, quote: re.Match[str], limit: int) -> int:
    """Where the quoted text ends, or the limit; at its start when it goes on over the line."""
    mark = quote.group()
    if len(mark) == 1:
        match = _QUOTED[mark].match(text, quote.end(), limit)
        closed = match and (match.end() >= limit - 1 or text.startswith(mark, match.end()))
        return match.end() if match and closed else quote.end()
    end = text.find(mark, quote.end(), quote.end() + _LONGEST)
    return end if end != -1 and text.find("\n", quote.end(), end) == -1 else quote.end()

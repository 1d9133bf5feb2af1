"""Secrets that only their name gives away: `password = ...`, `API_KEY=...`, `Authorization: Bearer ...`."""

import re
from collections.abc import Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.lookalikes import looks_chosen, looks_random
from cairn_memory.redact.names import KEYWORDS, Kind, kind_of_name

_LONGEST_NAME = 64
_COLOUR = r"(?:\x1b\[[0-9;]{0,12}m){0,3}"
_SEPARATOR = re.compile(
    rf"""\\?["'`]?\]?{_COLOUR}
    (?: [ \t]{{0,20}} (?: :[ \t]{{0,4}}[\w.|\[\] ]{{1,40}}=(?!=) | :=|=>|={{1,3}}|!=|: ) [ \t]{{0,20}}   # x: str = | x =
      | [ \t]{{0,4}} ,?\s{{0,40}} \\?["']?value\\?["']? [ \t]{{0,4}} [:=] [ \t]{{0,4}}                   # name: X, value: ...
      | [ ](?:provided|is|was):?[ ]                                                        # the token is ...
      | >                                                                                  # <password>...
      | [ ]{{1,4}}                                                                           # --password ...
    ){_COLOUR}""",
    re.VERBOSE | re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:bearer|basic|token|bot|digest|apikey)[ ]{1,4}|[fbru]{1,2}(?=[\"'])", re.IGNORECASE)
_QUOTE = re.compile(r"""\\{0,3}(?:\"{3}|'{3}|["'`])""")
_BARE = re.compile(r"""[^\s"'`,;&<>(){}\[\]\\|\x1b]{1,4096}""")
_QUOTED = {quote: re.compile(rf"(?:[^{quote}\\\n\r]|\\.){{1,4096}}(?={quote})") for quote in "\"'`"}
_LOGIN = re.compile(r"login\s+\S{1,100}\s+$")


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
    while end < len(text) and end - start < _LONGEST_NAME and _in_name(text[end]):
        end += 1
    separator = _SEPARATOR.match(text, end)
    if separator is None:
        return None
    first = start
    while first > 0 and start - first < _LONGEST_NAME and _in_name(text[first - 1]):
        first -= 1
    kind = kind_of_name(text[first:end], start - first, keyword)
    if kind is None or not _separates(text, first, separator):
        return None
    return _value(text, separator.end(), kind)


def _in_name(character: str) -> bool:
    return character.isalnum() or character in "_-."


def _separates(text: str, first: int, separator: re.Match[str]) -> bool:
    """Blank space separates only after an option or in a netrc line, `>` only in a tag, or before a quote."""
    between = separator.group().strip("\"'`\\ ")
    if between == ">":
        return text[first - 1 : first] == "<"
    if between:
        return True
    quoted = _QUOTE.match(text, separator.end()) is not None
    return text.startswith("--", first) or quoted or _LOGIN.search(text, max(first - 120, 0), first) is not None


def _value(text: str, start: int, kind: Kind) -> Finding | None:
    if scheme := _SCHEME.match(text, start):
        start = scheme.end()
    quote = _QUOTE.match(text, start)
    if quote is None:
        match = _BARE.match(text, start)
        if match is None or text[match.end() : match.end() + 1] in {"(", "["}:
            return None
        start, end = match.span()
        while text[end - 1] == "." and end - start > 1:
            end -= 1
    else:
        start, end = quote.end(), _end_of_quoted(text, quote)
    value = text[start:end]
    if kind.chosen and looks_chosen(value, bare=quote is None):
        return Finding(start, end, kind.label)
    return Finding(start, end, kind.label) if looks_random(value, kind.least) else None


def _end_of_quoted(text: str, quote: re.Match[str]) -> int:
    """Where the quoted text ends; at its start when it does not end on this line."""
    mark = quote.group()
    if len(mark) == 1:
        match = _QUOTED[mark].match(text, quote.end())
        return match.end() if match else quote.end()
    end = text.find(mark, quote.end(), quote.end() + 4096)
    return end if end != -1 and "\n" not in text[quote.end() : end] else quote.end()

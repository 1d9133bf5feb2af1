"""Secrets that only their name gives away: `password = ...`, `API_KEY=...`, `Authorization: Bearer ...`."""

import re
from collections.abc import Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.names import KEYWORDS, kind_of_name
from cairn_memory.redact.values import QUOTE, find_value

_LONGEST_NAME = 64
_NAME = re.compile(rf"[\w.-]{{0,{_LONGEST_NAME}}}")
COLOUR = r"(?:\x1b\[[0-9;]{0,12}m){0,3}"
_SEPARATOR = re.compile(
    rf"""\\{{0,3}}["'`]?\]?{COLOUR}
    (?: [ \t]{{0,4}} : \s{{0,40}}(?=["'])                                                         # "x":\n  "..."
      | [ \t]{{0,4}} : [ ]{{1,4}}[|>][+-]?\r?\n[ \t]{{1,40}}                                       # token: |
      | [ \t]{{0,40}} (?: :[ \t]{{0,4}}[\w.|\[\]&<>?' ]{{1,40}}[ ]=(?!=) | :=|=>|={{1,3}}|!=|: ) [ \t]{{0,20}}   # x: str = | x =
      | [ \t]{{0,4}} ,?\s{{0,40}} \\?["']?value\\?["']? [ \t]{{0,4}} [:=] [ \t]{{0,4}}                   # name: X, value: ...
      | [ ](?:provided|is|was):?[ ]                                                        # the token is ...
      | </key>\s{{0,40}}<string>                                                           # of a property list
      | [ ]?\{{\s{{0,40}}(?:(?:type|sensitive|description)\s{{0,20}}=[^\n]{{0,100}}\n\s{{0,40}}){{0,3}}default\s{{0,20}}=\s{{0,20}}  # variable "x" {{
      | >                                                                                  # <password>...
      | (?:%22)?%3[aAdD](?:%20|\+)?(?:%22)?                                                # token%3D...
      | ,[ \t]{{0,4}} (?=\\?["'])                                                           # ("token", "...")
      | \([ ]{{0,2}} (?=\\?["'])                                                            # setToken("...")
      | [ ]{{0,4}}\\\r?\n[ \t]{{0,20}}                                                        # --password, and the next line
      | [ ]{{1,4}}                                                                           # --password ...
    ){COLOUR}""",
    re.VERBOSE | re.IGNORECASE,
)
_SPACED = re.compile(
    r"(?:\b(?:login|machine)\s+\S{1,100}\s+|\b(?:ENV|setenv|setx|set -[gxU]{1,3}|secrets? set|config set)\s+)$"
)
_CALLED = re.compile(r"\w\(\s{0,20}[\"']$")
_SETTING = re.compile(r"(?:set|with|add|using|use|put)", re.IGNORECASE)
_PASSWORD = re.compile(r"(?:pass(?:word|wd|phrase)?|pwd)$", re.IGNORECASE)
_BLOCK = re.compile(r"[|>][+-]?\r?\n")
_NAMING = re.compile(r"(?:name|key)=[\"']$")


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
    name = text[first:end]
    kind = kind_of_name(name, start - first, keyword)
    if kind is None or not _separates(text, first, separator):
        return None
    between = separator.group()
    if kind.quoted and not between.strip("\"'`\\ "):
        return None  # "pass `name` on"
    if not _is_pair(text, first, name, between):
        kind = kind._replace(chosen=False)
    constant = between == "=" and name.isupper()
    block = _BLOCK.search(between) is not None
    return find_value(text, separator.end(), kind, constant=constant, block=block)


def _start_of_name(text: str, start: int) -> int:
    backwards = _NAME.match(text[max(start - _LONGEST_NAME, 0) : start][::-1])
    return start - (backwards.end() if backwards else 0)


def _separates(text: str, first: int, separator: re.Match[str]) -> bool:
    """`>` separates only in a tag; blank space before a quote, after an option, in netrc, Docker and shell lines."""
    between = separator.group().strip("\"'`\\ \t\r\n")
    if between == ">":
        before = text[max(first - 7, 0) : first]
        return before.endswith("<") or _NAMING.search(before) is not None
    if between:
        return True
    if text.startswith("--", first) or text[first : first + 6].lower() == "bearer":
        return True
    if "\n" in separator.group():
        return False
    if QUOTE.match(text, separator.end()):
        return True
    return _SPACED.search(text, max(first - 120, 0), first) is not None


def _is_pair(text: str, first: int, name: str, between: str) -> bool:
    """Whether the two are a name and its value: neighbours in a list of words are none, nor are arguments."""
    if "," in between:
        before = text[max(first - 24, 0) : first]
        return _CALLED.search(before) is not None and _PASSWORD.search(name) is not None
    return "(" not in between or _SETTING.match(name.rpartition(".")[2]) is not None

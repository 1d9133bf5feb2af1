"""What is wrong with a page of ours: findings with their place, of which `diagnostics` tells the editor."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from pygls.workspace import TextDocument

from cairn_memory.claims.text import normalised
from cairn_memory.inject import TABLE as INJECTED
from cairn_memory.memory_files import user_memory
from cairn_memory.recall.measure import tokens
from cairn_memory.recall.names import names_in
from cairn_server.documents.bullets import Shown, bullets
from cairn_server.documents.desk import Desk, uri_of
from cairn_server.documents.marks import marks_in
from cairn_server.documents.moved import moved
from cairn_server.documents.pages import Page
from cairn_server.documents.symbols_there import symbols_there

Code = Literal[
    "path-gone", "symbol-gone", "said-twice", "contradiction", "over-budget", "cites-nothing", "secret"
]
DOUBTS: frozenset[Code] = frozenset(("path-gone", "symbol-gone", "contradiction", "said-twice"))
"""What is not said again of a claim that the user keeps."""
MOST = 200
"""Findings of one page."""

_NEGATIONS = frozenset(
    [
        "never",
        "not",
        "no",
        "don't",
        "dont",
        "avoid",
        "without",
        "mustn't",
        "mustnt",
        "cannot",
        "can't",
        "cant",
        "stop",
    ]
)
_LITTLE = frozenset(
    [
        "a",
        "an",
        "the",
        "do",
        "always",
        "must",
        "should",
        "to",
        "of",
        "in",
        "on",
        "at",
        "for",
        "be",
        "is",
        "are",
        "it",
        "please",
        "we",
        "you",
        "only",
    ]
)
_WORD = re.compile(r"[\w']+")
_TICKED = re.compile(r"`([A-Za-z_]\w{3,79})(?:\(\))?`")
ALIKE = 0.8
"""Share of their words that two claims have in common which speak of the same thing."""


class Finding(NamedTuple):
    """One thing wrong. Lines and columns count from 0, columns in characters; `about` is what it is about: a path, an id."""

    code: Code
    message: str
    line: int
    start: int
    end: int
    about: str = ""
    related: tuple[str, int, str] | None = None
    """Another place that matters: its URI, its line, and what is there."""
    moved: tuple[str, ...] = ()
    """Of a path that is gone: where it may have gone."""


async def diagnose(desk: Desk, page: Page, document: TextDocument) -> list[Finding]:
    """All findings of a page, in its order. A run's document has none: nobody edits it."""
    if page.kind in ("run", "compose"):
        return []
    lines = [line.rstrip("\r\n") for line in document.lines]
    shown = await bullets(desk, document)
    found = [*_cited(desk, lines), *_secrets(desk, lines)]
    gone = await asyncio.to_thread(_paths, desk.root, lines, page.kind == "memory")
    others = await moved(desk.root, {one.about for one in gone})
    found += [one._replace(moved=tuple(others[one.about])) for one in gone]
    if page.kind == "memory":
        found += [*await _twice(desk, page, document, shown), *_contradictions(shown, lines)]
        found += [*_budgets(desk, shown, lines), *await _symbols(desk.root, shown, lines)]
    found = [one for one in found if not _is_kept(one, shown)]
    return sorted(found, key=lambda one: (one.line, one.start))[:MOST]


def _is_kept(found: Finding, shown: list[Shown]) -> bool:
    """Whether the user said of this claim that it is as it should be."""
    return found.code in DOUBTS and any(
        one.claim is not None and one.claim.kept and one.first <= found.line <= one.last for one in shown
    )


def _cited(desk: Desk, lines: list[str]) -> Iterator[Finding]:
    """Events and tasks that are not there."""
    last, tasks = desk.memory.log.last_seq, desk.memory.tasks
    for number, line in enumerate(lines):
        for mark in marks_in(line):
            if mark.kind == "event" and not 0 < int(mark.name) <= last:
                text = f"There is no event e{mark.name}: the newest is e{last}."
            elif mark.kind == "task" and tasks.get(mark.name) is None:
                text = f"There is no task {mark.name}."
            else:
                continue
            yield Finding("cites-nothing", text, number, mark.start, mark.end, mark.name)


def _secrets(desk: Desk, lines: list[str]) -> Iterator[Finding]:
    mask = desk.memory.log.masker.mask
    whole = "\n".join(lines)
    if mask(whole) == whole:
        return
    for number, line in enumerate(lines):
        if (masked := mask(line)) != line:
            start = next((at for at, (a, b) in enumerate(zip(line, masked, strict=False)) if a != b), 0)
            text = "This looks like a secret. It is masked wherever Cairn stores it, but stands in this file."
            yield Finding("secret", text, number, start, len(line))


def _paths(root: Path, lines: list[str], bare: bool) -> list[Finding]:
    """Files of the project that are named and gone. `bare`: prose of people, where only what has a slash is a path."""
    found: list[Finding] = []
    for number, line in enumerate(lines):
        files = {path for path in names_in(line)[0] if _within(path)}
        for mark in marks_in(line):
            if mark.kind != "path" or mark.name not in files or (bare and "/" not in mark.name):
                continue
            if not bare and "/" not in mark.name:
                continue
            if not _there(root, mark.name):
                text = f"{mark.name} is not in the project."
                found.append(Finding("path-gone", text, number, mark.start, mark.end, mark.name))
    return found


async def _symbols(root: Path, shown: list[Shown], lines: list[str]) -> list[Finding]:
    """Identifiers in backticks that no file of the project has."""
    places: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for one in shown:
        for number in range(one.first, min(one.last + 1, len(lines))):
            for found in _TICKED.finditer(lines[number]):
                if _is_symbol(found[1]):
                    places[found[1]].append((number, found.start(1), found.end(1)))
    there = await symbols_there(root, places) if places else None
    if there is None:
        return []
    return [
        Finding("symbol-gone", f"No file of the project has {name}.", *place, name)
        for name, all_of_it in places.items()
        if name not in there
        for place in all_of_it
    ]


async def _twice(desk: Desk, page: Page, document: TextDocument, shown: list[Shown]) -> list[Finding]:
    """Claims that say the same as one before them, here or in the other MEMORY.md."""
    seen: dict[str, tuple[str, int]] = {}
    if page.scope == "project":
        user = user_memory(desk.memory.user).path
        claims = await desk.memory.claims.all("user")
        seen = {_words(claim.text): (uri_of(user), claim.line - 1) for claim in claims}
    found: list[Finding] = []
    texts = [(one.first, one.bullet.text) for one in shown]
    texts += _twins(document, shown)
    for line, text in sorted(texts):
        known = seen.get(key := _words(text))
        if known is None:
            seen[key] = document.uri, line
            continue
        where = f"line {known[1] + 1}" if known[0] == document.uri else "your own MEMORY.md"
        end = len(document.lines[line].rstrip("\r\n"))
        related = (known[0], known[1], "it says the same")
        found.append(Finding("said-twice", f"Said already in {where}.", line, 0, end, str(line), related))
    return found


def _twins(document: TextDocument, shown: list[Shown]) -> list[tuple[int, str]]:
    """Bullets that are the same word for word: the claims of a page name only the first."""
    from cairn_memory.markdown import Document

    first = {one.first for one in shown}
    return [
        (block.start, block.text)
        for section in Document(document.source).sections
        for block in section.blocks
        if block.bullet and block.start not in first
    ]


def _contradictions(shown: list[Shown], lines: list[str]) -> Iterator[Finding]:
    """Two claims about the same thing of which one says not to."""
    read = [(one, *_sense(one.bullet.text)) for one in shown]
    for at, (one, words, negated) in enumerate(read):
        for other, others, negates in read[:at]:
            if negated == negates or len(words) < 2 or len(others) < 2:
                continue
            if len(words & others) >= ALIKE * max(len(words), len(others)):
                text = f"This contradicts line {other.first + 1}: {other.bullet.text[:120]}"
                yield Finding("contradiction", text, one.first, 0, len(lines[one.first]), other.bullet.id)
                break


def _budgets(desk: Desk, shown: list[Shown], lines: list[str]) -> Iterator[Finding]:
    """Rules that do not fit into what a new session is told."""
    budget = desk.runs.config().config.window.inject
    share = next(row.share for row in INJECTED if row.name == "rules")
    rules = [one for one in shown if one.bullet.about == "rule"]
    used = tokens("\n".join(one.bullet.text for one in rules))
    if rules and budget and used > budget * share:
        first = rules[0].first
        text = (
            f"These {len(rules)} rules have about {used:,} tokens; {int(budget * share):,} of the {budget:,} that a new "
            "session is told are kept for rules. The last of them may be left out."
        )
        told_least = min(reversed(rules), key=lambda one: one.claim.used if one.claim else 0)
        yield Finding("over-budget", text, first, 0, len(lines[first]), told_least.bullet.id)


def _words(text: str) -> str:
    kept = "".join(each if each.isalnum() else " " for each in normalised(text))
    return " ".join(kept.split())


def _sense(text: str) -> tuple[frozenset[str], bool]:
    """The words that say what a claim is about, and whether it says not to."""
    words = _WORD.findall(normalised(text))
    negated = sum(word in _NEGATIONS for word in words) % 2 == 1
    return frozenset(word for word in words if word not in _NEGATIONS and word not in _LITTLE), negated


def _is_symbol(name: str) -> bool:
    return bool(names_in(name)[1])


def _within(path: str) -> bool:
    return "/" in path and not path.startswith(("/", "~", "..", "http:", "https:")) and "*" not in path


def _there(root: Path, path: str) -> bool:
    try:
        return (root / path).exists()
    except (OSError, ValueError):
        return True  # no name that could be looked for

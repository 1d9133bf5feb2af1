"""Text into terms, the same way for what is stored and for what is asked.

A term holds only a-z, 0-9 and characters beyond ASCII, so the index's own tokenizer
(`ascii`, which takes these for letters) never cuts one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from itertools import chain

from cairn_memory.search.stem import stem

LONGEST = 40
"""Characters of a term: a longer word (base64, minified code) is found by its beginning."""
_PARTS = 6
"""An identifier of more parts than this is a hash or noise, and is kept whole only."""
_CACHE = 60_000

_STOP = """
    a about after again all also am an and any are as at be because been before being between both but by
    can could did do does doing done down during each else ever few for from get gets getting give given go
    goes going gone got had has have having he her here hers him his how i if in into is it its itself just
    let like made make makes many may me might more most much must my no nor not now of off on once one only
    or other our out over own per please put same say said she should since so some still such tell than
    that the their theirs them then there these they thing things this those through to too under until up
    upon us use used using very was way we well were what when where whether which while who whom whose why
    will with would yes yet you your yours s t d ll re ve m don
"""
STOP = frozenset(_STOP.split())
"""Words that are in every text. They are not stored: what asks for nothing else is looked for literally."""

_WORD = re.compile(r"[^\W_]+")
_PLAIN = re.compile("[a-z]+")
"""A word without parts, in lower case: its only term begins with the same letter."""
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SPACELESS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana, Han and Hangul: written without spaces, or with endings that hang on the word."""
_RUN = re.compile(f"[{_SPACELESS}]+|[^{_SPACELESS}]+")
_HAS_SPACELESS = re.compile(f"[{_SPACELESS}]")


def terms(text: str) -> list[str]:
    """The terms of a text that is stored, in order."""
    return [*chain.from_iterable(map(_terms_of, _WORD.findall(text)))]


def counted(text: str, wanted: Collection[str]) -> Counter[str]:
    """How often a stored text holds each of the terms `wanted`: as counting its `terms`, but quicker."""
    initials = {term[0] for term in wanted}
    words = (word for word in _WORD.findall(text) if word[0] in initials or not _PLAIN.fullmatch(word))
    return Counter(term for word in words for term in _terms_of(word) if term in wanted)


def asked(text: str) -> list[str]:
    """The terms of a question, each once. Of a run without spaces only the pairs count when there are any."""
    found: dict[str, None] = {}
    for word in _WORD.findall(text):
        mine = _terms_of(word)
        pairs = [term for term in mine if len(term) > 1 or not _HAS_SPACELESS.match(term)]
        found.update(dict.fromkeys(pairs or mine))
    return list(found)


@lru_cache(_CACHE)
def _terms_of(word: str) -> tuple[str, ...]:
    if word.isascii():
        return tuple(_ascii(word))
    plain = unicodedata.normalize("NFKC", word)
    if not _HAS_SPACELESS.search(plain):
        folded = unicodedata.normalize("NFKD", plain.casefold())
        bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
        return tuple(_ascii(bare)) if bare.isascii() else (bare[:LONGEST],)
    found: list[str] = []
    for run in _RUN.findall(plain):
        if not _HAS_SPACELESS.match(run):
            found += [term for part in _WORD.findall(run) for term in _terms_of(part)]
            continue
        found += run
        found += [run[at : at + 2] for at in range(len(run) - 1)]
    return tuple(found)


def _ascii(word: str) -> list[str]:
    """The word itself and, when it is an identifier like parseDecl or sha256, its parts."""
    lower = word.lower()
    if lower.isalpha() and (word == lower or word[1:].islower()):
        return [] if lower in STOP else [_small(lower)]
    parts = _PART.findall(word)
    if len(parts) < 2 or len(parts) > _PARTS:
        return [] if lower in STOP else [_small(lower)]
    small = (part.lower() for part in parts)
    return [_small(lower), *(_small(part) for part in small if part not in STOP and len(part) > 1)]


def _small(word: str) -> str:
    return stem(word[:LONGEST]) if word.isalpha() else word[:LONGEST]

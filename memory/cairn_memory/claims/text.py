"""The text of a claim: made fit for one bullet, compared, and named."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping

from cairn_memory.bounds import LINE, cut
from cairn_memory.errors import ClaimError

LONGEST = 1_000
"""Characters of a claim that is remembered; one typed by hand may be longer."""

DIGITS = 6
"""Hex digits of a claim's name, more where two would have the same."""

_JOINERS = "\u200c\u200d"
"""Invisible, but part of words in some scripts and of emoji. All else that is invisible is dropped: it could hide orders."""
_MARKERS = re.compile(r"(?:(?:[-*+>]|#{1,6}|\d{1,9}[.)])(?:\s+|$))+")
_BLOCK = re.compile(r"```|~~~|[-*_=](?:\s*[-*_=]){2,}\s*$|<[!?/a-zA-Z]|\[[^\]]*\]:|\|")


def one_line(text: str, mask: Callable[[str], str]) -> str:
    """`text` as one paragraph that a bullet can hold and that shows all it says: masked, no markup of blocks.

    Raises ClaimError when nothing is left of it, or too much.
    """
    seen = "".join(each for each in text if each.isspace() or each in _JOINERS or _is_visible(each))
    line = mask(" ".join(seen.split()))
    line = _MARKERS.sub("", line, count=1) if _MARKERS.match(line) else line
    line = re.sub(r"(?<!\\)<!--", r"\<!--", line)
    if _BLOCK.match(line):
        line = f"\\{line}"
    line = line.strip()
    if not any(each.isalnum() for each in line):
        raise ClaimError(f"{text[:40]!r} says nothing that could be remembered; give one plain sentence")
    if len(line) > LONGEST:
        raise ClaimError(
            f"that is {len(line):,} characters, and a claim has at most {LONGEST:,}; say it shorter, or in several"
        )
    return line


def normalised(text: str) -> str:
    """What two claims have in common that say the same: case, spaces, and a full stop do not matter."""
    line = " ".join(unicodedata.normalize("NFC", cut(text, LINE)).split())
    return line.removesuffix(".").casefold()


def name(text: str, taken: Mapping[str, str]) -> str:
    """The name of the claim that says `text`. `taken` holds the normalised texts that names stand for already."""
    wanted = normalised(text)
    digest = hashlib.sha256(wanted.encode("utf-8", "replace")).hexdigest()
    return next(
        short
        for digits in range(DIGITS, len(digest) + 1)
        if taken.get(short := f"c{digest[:digits]}", wanted) == wanted
    )


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")

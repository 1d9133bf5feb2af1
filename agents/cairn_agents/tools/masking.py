"""Texts made shorter so that nothing of a secret is left at the cut: masked first, with a stretch beyond it.

What is stored is masked in any case. But half a secret is not known for one any more,
nor is a value whose name was cut off, nor a line out of the middle of a private key.
What is not cut is left as it is here.
"""

import re
from collections.abc import Callable, Sequence

from cairn_memory.bounds import end_of_word
from cairn_memory.redact import PLACEHOLDER

Mask = Callable[[str], str]

MARGIN = 4_096
"""Characters masked beyond a cut: as far as a secret may reach that begins before it."""
LEAD = 700
"""Lines above an excerpt in which a private key may have begun."""
_LONGEST_KEY = 40_000
"""Characters, as the masker counts them."""
_NAMED = 3
"""Lines above an excerpt that may hold the name of its first value, as in YAML."""
_PLACEHOLDER = re.compile(re.escape(PLACEHOLDER) + r"[a-z0-9-]{1,40}:[0-9a-f]{1,8}\]")


def beginning(text: str, limit: int, mask: Mask, *, margin: int = MARGIN, whole: bool = True) -> str:
    """At most `limit` characters, to the end of a word. `whole` is false when `text` was cut before."""
    if whole and len(text) <= limit:
        return text
    return _clipped(_masked(text, limit, mask, margin, whole), limit)


def first_line(text: str, limit: int, mask: Mask) -> str:
    """The first line that is not empty, within `limit` characters."""
    text = text.strip()
    if len(text) <= limit and "\n" not in text:
        return text
    return _clipped(_masked(text, limit, mask, MARGIN, True).split("\n", 1)[0], limit)


def head_of(text: str, beyond: str, mask: Mask) -> str:
    """`text` masked, of which `beyond` is the next piece; that is left away again."""
    masked = mask(text + beyond)
    return masked[: max(len(masked) - len(beyond), 0)]


def tail_of(above: str, text: str, mask: Mask) -> str:
    """`text` masked, of which `above` is the piece before; that is left away again."""
    return mask(above + text)[len(above) :]


def lines(text: Sequence[str], first: int, end: int, mask: Mask, longest: int) -> list[str]:
    """text[first:end] masked, one for one, each within `longest` characters.

    A line within a secret of several lines becomes the placeholder of that secret.
    """
    start = _lead(text, first)
    raw = [line[: longest + MARGIN] for line in text[start:end]]
    masked = _aligned(raw, mask("\n".join(raw)))[first - start :]
    return [_shortened(line, len(text[first + index]), longest) for index, line in enumerate(masked)]


def lead(text: str) -> int:
    """How many lines above an excerpt of `text` it takes to know what stands in it."""
    return LEAD if "-----BEGIN " in text else _NAMED


def _shortened(masked: str, length: int, longest: int) -> str:
    """A line of `lines`, once `length` long, without what was near its own cut."""
    if length <= longest:
        return masked
    safe = masked[:-MARGIN] if length > longest + MARGIN else masked
    return _clipped(safe, longest)


def _lead(text: Sequence[str], first: int) -> int:
    """Where to begin to mask, to know what stands from line `first` on."""
    at, length, highest = first, 0, max(first - LEAD, 0)
    while at > highest and length < _LONGEST_KEY:
        at -= 1
        length += len(text[at])
        if "-----END " in text[at]:
            break
        if "-----BEGIN " in text[at]:
            return at
    return max(first - _NAMED, 0)


def _aligned(raw: Sequence[str], masked: str) -> list[str]:
    """`masked` as lines that stand for those of `raw`, one for one, though a placeholder has no line ends."""
    text = "\n".join(raw)
    if masked == text:
        return list(raw)
    kept = _PLACEHOLDER.split(masked)
    done = [kept[0]]
    at = len(kept[0])
    for index, (placeholder, piece) in enumerate(zip(_PLACEHOLDER.findall(masked), kept[1:], strict=True)):
        is_last = index == len(kept) - 2
        found = len(text) - len(piece) if is_last else text.find(piece, at)
        done += [placeholder, f"\n{placeholder}" * text.count("\n", at, found), piece]
        at = found + len(piece)
    aligned = "".join(done).split("\n")
    return aligned if len(aligned) == len(raw) else ["[masked]"] * len(raw)


def _masked(text: str, limit: int, mask: Mask, margin: int, whole: bool) -> str:
    """The beginning of `text`, masked with what follows; of that, nothing is kept that was near its own cut."""
    stretch = text[: limit + margin]
    masked = mask(stretch)
    if whole and len(stretch) == len(text):
        return masked
    return masked[: max(len(masked) - max(len(stretch) - limit, 0), 0)]


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: end_of_word(text, limit, limit // 4)].rstrip()

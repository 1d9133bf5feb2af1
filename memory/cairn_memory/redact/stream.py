"""Masks a text of any length piece by piece, in bounded memory, as if it were masked whole."""

from collections.abc import Iterable, Iterator

from cairn_memory.redact.masker import SecretMasker

PIECE = 256_000
"""Characters that are masked at a time."""
BEYOND = 64_000
"""Characters read beyond what is given out: more than the longest secret that is known by its first line."""
BEHIND = 8_000
"""Characters of what was given out that are looked at again, since a name may stand there whose value comes now."""


def masked_stream(pieces: Iterable[str], masker: SecretMasker) -> Iterator[str]:
    """The text of `pieces` without its secrets, a part as soon as it is known."""
    held, told = "", 0
    for piece in pieces:
        held += piece
        while len(held) - told >= PIECE + BEYOND:
            part, end = _part(held, told, _place_to_cut(held, told + PIECE), masker)
            yield part
            told = min(BEHIND, end)
            held = held[end - told :]
    yield _part(held, told, len(held), masker)[0]


def _part(held: str, told: int, end: int, masker: SecretMasker) -> tuple[str, int]:
    """`held` masked, from `told` up to `end` or before the secret that stands across it; and where it ends."""
    found = [finding for finding in masker.find(held) if finding.end > told]
    across = next((finding for finding in found if finding.start < end < finding.end), None)
    if across is not None:
        end = across.start if across.start > told else across.end
    inside = [
        finding._replace(start=max(finding.start, told) - told, end=finding.end - told)
        for finding in found
        if finding.end <= end
    ]
    return masker.put_in(held[told:end], inside), end


def _place_to_cut(text: str, at: int) -> int:
    """The end of a line before `at`, when one is near."""
    line = text.rfind("\n", at - PIECE // 4, at)
    return line + 1 if line >= 0 else at

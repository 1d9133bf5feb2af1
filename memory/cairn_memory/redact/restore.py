"""Puts the secrets of a text back into an older version of it, which was stored masked."""

import re
from collections.abc import Callable

from cairn_memory.redact.masker import PLACEHOLDER

_PLACEHOLDER = re.compile(r"(\[masked:[^\]\n]{1,60}\])")


def restored(old: str, today: str, mask: Callable[[str], str]) -> str:
    """`old` with those of its placeholders filled in whose secrets stand in `today`.

    So going back to an old version of a file keeps a secret that a person keeps in it, and
    no secret is ever stored. `old` itself when it cannot be told which is which.
    """
    if PLACEHOLDER not in old:
        return old
    secrets = _secrets(today, mask(today))
    text = _PLACEHOLDER.sub(lambda found: secrets.get(found[0], found[0]), old)
    return text if mask(text) == old else old


def _secrets(text: str, masked: str) -> dict[str, str]:
    """What each placeholder of `masked` stands for, found by what stands between them."""
    pieces = _PLACEHOLDER.split(masked)
    secrets: dict[str, str] = {}
    position = len(pieces[0])
    for placeholder, following in zip(pieces[1::2], pieces[2::2], strict=True):
        end = text.find(following, position + 1) if following else len(text)
        if end < 0:
            return {}
        secrets[placeholder] = text[position:end]
        position = end + len(following)
    return secrets

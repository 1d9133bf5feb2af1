"""Secrets in base64: a Kubernetes secret, a Docker login, a settings file passed in a variable."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from cairn_memory.redact.findings import Finding

_RUN = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_LONGEST = 12_000
"""Characters of a run that is looked into; what is longer is a picture or a program."""
_LOOKED_AT = 32
"""Characters that tell whether it is text that was encoded at all."""
_URL_SAFE = str.maketrans("-_", "+/")


def find_encoded(text: str, words: str, is_secret: Callable[[str], bool]) -> Iterator[Finding]:
    """Runs of base64 in `text` that hold a secret when decoded; `words` are its long words, each once."""
    for run in _RUN.finditer(words):
        coded = run.group()
        if len(coded) <= _LONGEST and (decoded := decoded_text(coded)) and is_secret(decoded):
            position = text.find(coded)
            while position != -1:
                yield Finding(position, position + len(coded), "encoded-secret")
                position = text.find(coded, position + len(coded))


def decoded_text(coded: str) -> str:
    """The printable ASCII that `coded` is the base64 of, "" when it is of anything else."""
    if not _is_text(_decoded(coded[:_LOOKED_AT])):
        return ""
    data = _decoded(coded)
    return data.decode("ascii") if _is_text(data) else ""


def _decoded(coded: str) -> bytes:
    whole = coded.rstrip("=").translate(_URL_SAFE)
    whole = whole[: len(whole) - 1] if len(whole) % 4 == 1 else whole
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_text(data: bytes) -> bool:
    return bool(data) and data.isascii() and data.translate(None, b"\t\r\n").decode("ascii").isprintable()

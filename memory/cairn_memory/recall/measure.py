"""How many tokens a text is taken for, without a tokenizer: the larger of two estimates."""

import math

CHARACTERS = 4.0
"""Characters a token, for English and code."""
BYTES = 3.6
"""UTF-8 bytes a token; the larger estimate for texts in other scripts, and for all that is ASCII."""


def tokens(text: str) -> int:
    """The estimate for `text`, rounded up."""
    return math.ceil(cost(text))


def cost(text: str) -> float:
    """The same as a fraction, to add up."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return max(len(text) / CHARACTERS, size / BYTES)

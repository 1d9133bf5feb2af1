"""Bounds on what is stored: no field of an event may grow without limit.

A field that is too long keeps its head and its tail, and says between them how
much was left out. The whole text, where it matters, lies in a blob.
"""

from typing import Annotated

from pydantic import AfterValidator

LINE = 2_000
"""Characters of a title, a path, a reason: something a person reads in one line."""
TEXT = 64_000
"""Characters of a message, a tool result, a diff."""
REPLY = 256_000
"""Characters of one model reply or of one call's arguments."""
LINES = 200
"""Lines of a list; the rest of a longer one is left out."""


def cut(text: str, limit: int) -> str:
    """`text` within `limit` characters, head and tail kept, encodable as UTF-8."""
    clean = text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
    if len(clean) <= limit:
        return clean
    room = max(limit - len(_mark(len(clean))), 0)
    head = room * 2 // 3
    return clean[:head] + _mark(len(clean) - room) + clean[len(clean) - (room - head) :]


def _mark(left_out: int) -> str:
    return f"\n[... {left_out:,} characters left out ...]\n"


Line = Annotated[str, AfterValidator(lambda text: cut(text, LINE))]
Text = Annotated[str, AfterValidator(lambda text: cut(text, TEXT))]
Lines = Annotated[tuple[Line, ...], AfterValidator(lambda lines: lines[:LINES])]
Reply = Annotated[str, AfterValidator(lambda text: cut(text, REPLY))]

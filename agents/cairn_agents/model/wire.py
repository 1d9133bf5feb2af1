"""Reads JSON that a provider sent, where any field may be absent, null or of another type than promised."""

from collections.abc import Mapping, Sequence
from typing import cast

_NOTHING: Mapping[str, object] = {}


def mapping(value: object) -> Mapping[str, object]:
    """`value` when it is an object, else an empty one."""
    return cast(Mapping[str, object], value) if isinstance(value, dict) else _NOTHING


def items(value: object) -> Sequence[object]:
    """`value` when it is a list, else an empty one."""
    return cast(list[object], value) if isinstance(value, list) else ()


def text(value: object) -> str:
    """`value` when it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int:
    """`value` when it is a number above zero, else 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1 << 53:
        return 0
    return int(value)


def encodable(words: str) -> str:
    """`words` without lone surrogates, which JSON may carry and UTF-8 may not; halves that meet are joined."""
    if words.isascii():
        return words
    try:
        words.encode("utf-8")
    except UnicodeEncodeError:
        return words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return words

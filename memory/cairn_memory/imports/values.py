"""Values out of JSON that nobody has checked: the right kind, or an empty one."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

IMAGE = "[image]"
_MILLISECONDS = 1e11
"""Unix times above this are in milliseconds: in seconds it would be the year 5138."""
_LATEST = 253_402_300_799_999
"""The end of the year 9999."""


def mapping(value: object) -> dict[str, Any]:
    """The object; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The list; an empty one for anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def mappings(value: object) -> Iterator[dict[str, Any]]:
    """The objects of a list."""
    return filter(None, map(mapping, items(value)))


def string(value: object) -> str:
    """A text that can be encoded, else ""."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def number(value: object) -> int | None:
    """A whole number that JSON keeps exactly, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def as_json(value: object) -> str:
    """The arguments of a call as JSON text; a text is taken as it is."""
    if isinstance(value, str):
        return string(value)
    return string(json.dumps({} if value is None else value, ensure_ascii=False))


def when(value: object) -> int:
    """Unix milliseconds of a time in ISO 8601, in seconds or in milliseconds; 0 when it is none."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int | float):
        if not math.isfinite(value) or value < 0:
            return 0
        return min(int(value if value > _MILLISECONDS else value * 1_000), _LATEST)
    try:
        found = datetime.fromisoformat(string(value))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return max(int(aware.timestamp() * 1_000), 0)
    except (ValueError, OverflowError):
        return 0


def text_of(content: object) -> str:
    """The text of a message: a string, or blocks of which images and files leave only a mark."""
    if isinstance(content, str):
        return string(content)
    return "\n".join(filter(None, map(block_text, items(content) or [content])))


def block_text(block: object) -> str:
    """The text of one block; "" for what is no text."""
    if isinstance(block, str):
        return string(block)
    found = mapping(block)
    kind = string(found.get("type"))
    if "image" in kind:
        return IMAGE
    if kind in ("document", "file", "input_file"):
        name = string(found.get("title")) or string(found.get("filename"))
        return f"[file {name}]" if name else "[file]"
    if kind == "resource":
        return string(mapping(found.get("resource")).get("text")) or "[resource]"
    return string(found.get("text"))

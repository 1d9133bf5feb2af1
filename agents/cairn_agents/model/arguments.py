"""Arguments of a tool call, out of the text a model wrote; and calls that were written as plain text.

Only what is certain is repaired. Text that was cut off is never completed: half a
call must not run.
"""

import ast
import json
import re
from collections.abc import Collection
from typing import cast

_LARGEST_LITERAL = 100_000
"""Characters that Python's own parser is given."""

_FENCE = re.compile(r"^\s*```(?:json)?\s*\n(.*)\n\s*```\s*$", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_TAGGED = re.compile(
    r"<\|?(?:tool_call|function_call|tool_use)\|?>|<function=(?P<f>[\w.-]+)|<invoke name=\"(?P<i>[\w.-]+)\"|\[TOOL_CALLS\]"
)
_NAMED = re.compile(r'"(?:name|tool|function)"\s*:\s*"(?P<name>[\w.-]+)"')
_GIVEN = re.compile(r'"(?:arguments|parameters|input|args)"\s*:')


class BadArguments(Exception):
    """The model is told: its arguments were no JSON object, and the call was not run."""


def parse_arguments(raw: str) -> dict[str, object]:
    """The arguments as an object. Raises BadArguments."""
    text = raw.strip()
    if not text:
        return {}
    value = _value(text)
    if isinstance(value, str):  # an object that was encoded twice
        value = _value(value.strip())
    if isinstance(value, dict):
        return cast(dict[str, object], value)
    if value is None:
        raise BadArguments(
            f"the call was not run: its arguments are no whole JSON object: {_excerpt(text)}. Send the call again"
        )
    raise BadArguments(
        f"the call was not run: its arguments are a {type(value).__name__}, not an object: {_excerpt(text)}"
    )


def _value(text: str) -> object:
    """The value `text` stands for, None when that is not certain."""
    if fenced := _FENCE.match(text):
        text = fenced[1]
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    if len(text) > _LARGEST_LITERAL:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def calls_in_text(text: str, names: Collection[str]) -> str | None:
    """The tool that `text` calls by writing the call down, None when it does not.

    Only a text that ends with the call counts: one that explains a call goes on after it.
    """
    tail = text.strip()[-20_000:]
    if found := list(_TAGGED.finditer(tail)):
        name = found[-1]["f"] or found[-1]["i"] or _named(tail[found[-1].end() :])
        return name if name in names else None
    body = tail
    if tail.endswith("```") and (start := tail.rfind("```", 0, len(tail) - 3)) >= 0:
        body = tail[start:].strip("`").removeprefix("json").removeprefix("tool_call").strip()
    if body.startswith(("{", "[{")) and body.endswith(("}", "}]")) and _GIVEN.search(body):
        name = _named(body)
        return name if name in names else None
    return None


def _named(text: str) -> str:
    found = _NAMED.search(text)
    return found["name"] if found else ""


def _excerpt(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:60]} ... {text[-40:]}"

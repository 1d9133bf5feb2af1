"""Arguments of a tool call, out of the text a model wrote; and calls that were written as plain text.

Only what is certain is repaired, and no character of a value is changed. Text that was
cut off is never completed: half a call must not run.
"""

import ast
import json
import math
import re
import warnings
from collections.abc import Collection
from typing import NoReturn, cast

_LARGEST_LITERAL = 100_000
"""Characters that Python's own parser is given."""
_DEEPEST = 64

_FENCE = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|,(?=\s*[}\]])', re.DOTALL)
"""A string, to be passed over as a whole, or a comma with nothing behind it."""
_TAGGED = re.compile(
    r"<\|?(?:tool_call|function_call|tool_use)(?:_begin)?\|?>"  # Qwen, Hermes, Kimi and others
    r"|<function=(?P<function>[\w-]+)"  # Llama, Qwen-Coder
    r"|<invoke name=\"(?P<invoke>[\w-]+)\""  # Claude, MiniMax
    r"|\bto=functions\.(?P<to>[\w-]+)"  # gpt-oss
    r"|\[TOOL_CALLS\]"  # Mistral
)
_NAMED = re.compile(r'"(?:name|tool|function)"\s*:\s*"(?:functions\.)?(?P<name>[\w-]+)"')
_GIVEN = re.compile(r'"(?:arguments|parameters|input|args)"\s*:')
_BARE_NAME = re.compile(
    r"\s*(?:functions\.)?(?P<name>[\w-]+)(?::\d+)?\s*(?:\[ARGS\]|<\|tool_call_argument_begin\|>)?\s*\{"
)
"""A name right before its arguments: `read[ARGS]{...}` (Mistral), `functions.read:0<|...|>{...}` (Kimi)."""
_END_OF_CALL = (">", "}", "]", "```")
_LONGEST_TAIL = 20_000
"""Characters at a text's end in which a call is looked for."""


class BadArguments(Exception):
    """The model is told: its arguments were no JSON object, and the call was not run."""


def parse_arguments(raw: str) -> dict[str, object]:
    """The arguments as an object; nothing at all is an empty one. Raises BadArguments."""
    text = raw.strip()
    if not text:
        return {}
    value, fault = _value(text)
    if isinstance(value, str):  # an object that was encoded twice
        value, fault = _value(value.strip())
    if isinstance(value, dict):
        return cast(dict[str, object], value)
    if fault:
        raise BadArguments(
            f"the call was not run: its arguments are no whole JSON object ({fault}): {_excerpt(text)}. "
            "Send the call again with one complete JSON object"
        )
    raise BadArguments(
        f"the call was not run: its arguments are {_kind(value)}, not an object: {_excerpt(text)}. "
        "Send the call again with one JSON object"
    )


def _value(text: str) -> tuple[object, str]:
    """The value `text` stands for, or what is wrong with it."""
    if fenced := _FENCE.fullmatch(text):
        text = fenced[1].strip()
    try:
        return _load(text), ""
    except (ValueError, RecursionError) as error:
        fault = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    try:
        return _load(_STRING_OR_COMMA.sub(lambda found: found[0] if found[0][0] == '"' else "", text)), ""
    except (ValueError, RecursionError):
        pass
    literal = _python_literal(text)
    return (literal, "") if literal is not None else (None, fault)


def _load(text: str) -> object:
    return json.loads(text, strict=False, parse_constant=_not_json, parse_float=_finite)


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _not_json(number)


def _python_literal(text: str) -> object:
    """A Python object such as {'path': None}, when it says exactly what a JSON object could."""
    if len(text) > _LARGEST_LITERAL or not text.startswith("{"):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an escape Python does not know: what was meant is not certain
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, Warning):
        return None
    return value if _is_json(value, _DEEPEST) else None


def _is_json(value: object, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(value, dict):
        members = cast(dict[object, object], value).items()
        return all(isinstance(key, str) and _is_json(member, depth - 1) for key, member in members)
    if isinstance(value, list):
        return all(_is_json(member, depth - 1) for member in cast(list[object], value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int))


def calls_in_text(text: str, names: Collection[str]) -> str | None:
    """The tool that `text` calls by writing the call down, None when it does not.

    Only a text that ends with the call counts: one that explains a call goes on after it.
    """
    tail = text.strip()[-_LONGEST_TAIL:]
    if not tail.endswith(_END_OF_CALL):
        return None
    if found := list(_TAGGED.finditer(tail)):
        last = found[-1]
        name = last["function"] or last["invoke"] or last["to"] or _named(tail[last.end() :])
        return name if name in names else None
    body = tail
    if tail.endswith("```") and (start := tail.rfind("```", 0, len(tail) - 3)) >= 0:
        body = tail[start:].strip("`").removeprefix("json").removeprefix("tool_call").strip()
    if body.startswith(("{", "[{")) and body.endswith(("}", "}]")) and _GIVEN.search(body):
        name = _named(body)
        return name if name in names else None
    return None


def _named(text: str) -> str:
    """The name in a call's JSON, or right before it."""
    found = _BARE_NAME.match(text) or _NAMED.search(text)
    return found["name"] if found else ""


def _kind(value: object) -> str:
    kinds: dict[type, str] = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _excerpt(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:60]} ... {text[-40:]}"

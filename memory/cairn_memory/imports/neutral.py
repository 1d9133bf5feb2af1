"""The neutral form: JSON Lines of `{role, content, time, tool_calls, tool_call_id, is_error, compact_summary}`.

The first line may be `{"meta": {...}}`; it is line 0, so that line 1 is the first message with and without it. Calls are `{id, name, arguments}` or as in Chat Completions.
"""

from collections.abc import Iterator
from typing import Any

from cairn_memory.imports.lines import Rows
from cairn_memory.imports.message import Call, Message, Role
from cairn_memory.imports.values import as_json, mapping, mappings, string, text_of, when

NAME = "neutral"
_ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "system": "host",
    "developer": "host",
}


def knows(row: dict[str, Any]) -> bool:
    """Whether a line looks like one of this form."""
    if isinstance(row.get("meta"), dict) and "role" not in row and "type" not in row:
        return True
    return (
        string(row.get("role")) in _ROLES
        and "type" not in row
        and bool({"content", "tool_calls"} & row.keys())
    )


def messages(rows: Rows) -> Iterator[Message]:
    """One message a line."""
    head = 0
    for number, row in rows:
        if "meta" in row and "role" not in row:
            head = 1
        line = number - head
        role = _ROLES.get(string(row.get("role")))
        if role is None:
            continue
        if row.get("compact_summary") is True:
            role = "summary"
        yield Message(
            role,
            line,
            text_of(row.get("content")),
            when(row.get("time", row.get("timestamp"))),
            calls=tuple(map(_call, mappings(row.get("tool_calls")))) if role == "assistant" else (),
            call=string(row.get("tool_call_id")),
            outcome="error" if row.get("is_error") is True else "ok",
            reasoning=string(row.get("reasoning")) or string(row.get("reasoning_content")),
            model=string(row.get("model")),
            about="system" if role == "host" else "",
        )


def _call(found: dict[str, Any]) -> Call:
    function = mapping(found.get("function")) or found
    return Call(
        string(found.get("id")), string(function.get("name")) or "tool", as_json(function.get("arguments"))
    )

"""Sessions of Codex: `~/.codex/sessions/<year>/<month>/<day>/rollout-*.jsonl`.

Since September 2025 a line is `{timestamp, type, payload}`, and what was said stands in those of type
`response_item`. Before, the items stood on the lines themselves, without times. `event_msg` repeats the
items for the screen, so it is passed over. A reply of the model is written an item a line.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from cairn_memory.imports.lines import Rows
from cairn_memory.imports.message import Call, Message
from cairn_memory.imports.values import as_json, mapping, mappings, number, string, text_of, when

NAME = "Codex"
_ENVELOPES = {"session_meta", "response_item", "event_msg", "turn_context", "compacted", "world_state"}
_ITEMS = {"message", "reasoning", "function_call", "function_call_output", "local_shell_call"}
_BY_THE_PROGRAM = (
    "<environment_context>",
    "<user_instructions>",
    "<INSTRUCTIONS>",
    "<permissions instructions>",
    "<collaboration_mode>",
    "<multi_agent_mode>",
    "<apps_instructions>",
    "<skill>",
    "<turn_aborted>",
    "<user_shell_command>",
    "<subagent_notification>",
    "# AGENTS.md instructions",
)
"""How a user's message begins that the user did not write."""
_ITS_OWN = ("web_search_call", "image_generation_call")
"""Calls that the provider runs itself: their results are not in the file."""
_EXIT = re.compile(r"^(?:Exit code:|Process exited with code) (-?\d{1,9})\b", re.MULTILINE)
_HEAD = 400
"""Characters at the head of a result in which the exit code stands."""


def knows(row: dict[str, Any]) -> bool:
    """Whether a line looks like one of these files, of either time."""
    kind = string(row.get("type"))
    if isinstance(row.get("payload"), dict) or "record_type" in row:
        return kind in _ENVELOPES or row.get("record_type") == "state"
    if not kind:
        return {"id", "timestamp", "instructions"} <= row.keys()
    return kind in _ITEMS and "uuid" not in row and "message" not in row


def messages(rows: Rows) -> Iterator[Message]:
    """The conversation, one message an item."""
    reply = 0
    thoughts: list[str] = []
    for line, row in rows:
        time = when(row.get("timestamp"))
        if row.get("type") == "compacted":
            if text := string(mapping(row.get("payload")).get("message")).strip():
                yield Message("summary", line, text, time)
            continue
        item = mapping(row.get("payload")) if row.get("type") == "response_item" else row
        if item.get("type") == "reasoning":
            thoughts += _thoughts(item)
            continue
        reasoning = "\n".join(thoughts)
        for message in _messages(line, item, time, f"{reply}", reasoning):
            if message.role == "assistant":
                thoughts.clear()
            else:
                reply += 1
            yield message


def _messages(line: int, item: dict[str, Any], time: int, reply: str, reasoning: str) -> Iterator[Message]:
    kind = string(item.get("type"))
    if kind == "message":
        yield from _spoken(line, item, time, reply, reasoning)
    elif kind.endswith("_output") and "call_id" in item:
        text, code, failed = _output(item.get("output", item.get("result")))
        yield Message(
            "tool",
            line,
            text,
            time,
            call=string(item.get("call_id")),
            outcome="error" if failed else "ok",
            exit_code=code,
        )
    elif kind.endswith("_call"):
        call = _call(kind, item)
        yield Message("assistant", line, "", time, calls=(call,), reasoning=reasoning, reply=reply)
        if kind in _ITS_OWN:
            yield Message("tool", line, "(its result is not in the file)", time, call=call.id)


def _spoken(line: int, item: dict[str, Any], time: int, reply: str, reasoning: str) -> Iterator[Message]:
    text = text_of(item.get("content"))
    if not text.strip():
        return
    if item.get("role") == "assistant":
        yield Message("assistant", line, text, time, reasoning=reasoning, reply=reply)
    elif item.get("role") == "user" and not text.lstrip().startswith(_BY_THE_PROGRAM):
        yield Message("user", line, text, time)
    else:
        yield Message("host", line, text, time, about="system")


def _call(kind: str, item: dict[str, Any]) -> Call:
    arguments = item.get("arguments")
    if kind == "custom_tool_call":
        arguments = {"input": item.get("input")}
    elif arguments is None:
        arguments = item.get("action")
    name = string(item.get("name")) or kind.removesuffix("_call")
    return Call(string(item.get("call_id")) or string(item.get("id")), name, as_json(arguments))


def _thoughts(item: dict[str, Any]) -> Iterator[str]:
    """What can be read of the reasoning: mostly a summary; the rest is encrypted."""
    for block in (*mappings(item.get("summary")), *mappings(item.get("content"))):
        if text := string(block.get("text")):
            yield text


def _output(value: object) -> tuple[str, int | None, bool]:
    """Text, exit code where it is told, and whether the call failed."""
    told = mapping(value)
    if isinstance(value, str) and value.startswith("{"):
        try:
            told = mapping(json.loads(value))
        except (ValueError, RecursionError):
            told = {}
        if not isinstance(told.get("output"), str) or not isinstance(told.get("metadata"), dict):
            told = {}  # JSON that a command printed
    text = text_of(told.get("output", told.get("content"))) if told else text_of(value)
    code = number(mapping(told.get("metadata")).get("exit_code"))
    if code is None and (found := _EXIT.search(text[:_HEAD])):
        code = int(found[1])
    return text, code, bool(code) or told.get("success") is False

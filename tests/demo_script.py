"""The hand-written turns of `cairn demo` as a recording: what is played when the shipped one is made anew."""

import json
import tomllib
from pathlib import Path
from typing import Any

from cairn_agents.recording import Recording, Turn
from cairn_memory.events import ToolCall, Usage
from cairn_server.demo.workspace import PROJECT, SUFFIX

TURNS = Path(__file__).parent / "demo" / "turns.toml"

_HEAD = 3_400
"""Tokens of the system prompt, the tools and the goal, about."""
_RESULT = 140
"""Tokens of a short tool result, about."""


def script() -> Recording:
    """The turns of `turns.toml`, with token counts such as a provider would report."""
    written = tomllib.loads(TURNS.read_text(encoding="utf-8"))
    turns: list[Turn] = []
    cached, prompt = 0, _HEAD
    for number, raw in enumerate(written["turns"], start=1):
        calls = tuple(
            _call(f"call_{number}_{place}", call) for place, call in enumerate(raw.get("calls", ()), start=1)
        )
        reasoning = raw.get("reasoning", "")
        spoken = raw.get("text", "").strip() + "".join(call.arguments for call in calls)
        completion = _tokens(spoken) + _tokens(reasoning) + 12 * len(calls)
        turns.append(
            Turn(
                text=raw.get("text", "").strip(),
                reasoning=reasoning,
                calls=calls,
                finish="tool_calls" if calls else "stop",
                usage=Usage(
                    prompt=prompt, cached=cached, completion=completion, reasoning=_tokens(reasoning)
                ),
            )
        )
        cached, prompt = prompt, prompt + completion + sum(_result(call) for call in raw.get("calls", ()))
    return Recording(session="script", model=written["model"], goal=written["goal"], turns=tuple(turns))


def _call(id: str, call: dict[str, Any]) -> ToolCall:
    arguments = {name: value for name, value in call.items() if name != "tool"}
    return ToolCall(id=id, name=call["tool"], arguments=json.dumps(arguments, ensure_ascii=False))


def _result(call: dict[str, Any]) -> int:
    """Tokens of a call's result, about: a file that is read is as long as it is."""
    if call["tool"] != "read":
        return _RESULT
    return _tokens((PROJECT / f"{call['path']}{SUFFIX}").read_text(encoding="utf-8"))


def _tokens(text: str) -> int:
    return (len(text) + 3) // 4

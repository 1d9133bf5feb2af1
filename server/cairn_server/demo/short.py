"""The demo of the editors: its project, its settings and its turns, as `short.toml` has them."""

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cairn_agents.recording import Recording, SideTurn, Turn
from cairn_memory.events import ToolCall, Usage

_FILE = Path(__file__).parent / "short.toml"
_FIRST_WORDS = 4
"""The event that holds the user's words: the host and the session began before them."""
_UNCOUNTED = Usage(estimated=True)
"""Cairn estimates the tokens from what it really sent."""


def recording() -> Recording:
    """The turns, to be replayed."""
    written = _written()
    turns = tuple(_turn(number, raw) for number, raw in enumerate(written["turns"], start=1))
    return Recording(
        session="demo",
        model=written["model"],
        goal=written["goal"],
        turns=turns,
        side=tuple(_side(raw) for raw in written["side"]),
    )


def files() -> Mapping[str, str]:
    """The texts of the project, by their paths in it."""
    return {name: text.lstrip("\n") for name, text in _written()["files"].items()}


def config() -> str:
    """The user's config.toml of the demo's own CAIRN_HOME."""
    return str(_written()["config"])


@cache
def _written() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def _turn(number: int, raw: dict[str, Any]) -> Turn:
    calls = tuple(
        ToolCall(
            id=f"call_{number}_{place}",
            name=call["tool"],
            arguments=json.dumps({name: value for name, value in call.items() if name != "tool"}),
        )
        for place, call in enumerate(raw.get("calls", ()), start=1)
    )
    return Turn(
        text=raw["text"].strip(),
        reasoning=raw.get("reasoning", ""),
        calls=calls,
        finish="tool_calls" if calls else "stop",
        usage=_UNCOUNTED,
    )


def _side(raw: dict[str, Any]) -> SideTurn:
    deltas: list[tuple[str, str, list[int]]] = [("next action", raw["next"], [])]
    deltas += [("decisions", text, [_FIRST_WORDS]) for text in raw["decisions"]]
    said = [
        {"section": section, "action": "add", "text": text, "events": events, "quote": "", "target": ""}
        for section, text, events in deltas
    ]
    return SideTurn(
        role="writer", after=raw["after"], text=json.dumps({"deltas": said}), finish="stop", usage=_UNCOUNTED
    )

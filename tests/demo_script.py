"""The turns of `cairn demo` as a recording: what is played when the shipped one is made anew."""

import json
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from demo_harbours import middle, soak

from cairn_agents.recording import Recording, SideTurn, Turn
from cairn_memory.events import ToolCall, Usage

TURNS = Path(__file__).parent / "demo" / "turns.toml"
FIRST_WORDS = 4
"""The event that holds the user's words: the host and the session began before them."""
_LASTING = (
    (3, "decisions", "Bottom up: `times` and `sailing` lie under nearly everything else."),
    (9, "dead ends", "An edit of `format_clock` by its one line alone fails, old stands 3 times: give it with its docstring."),
    (34, "discoveries", "The order of the board hung on the hash seed, so one run that passes proves nothing."),
    (70, "decisions", "One harbour at a time: read its logbook, write its file, run its test, then the next."),
    (100, "discoveries", "Closed days are lines of the logbook but no landings."),
    (130, "discoveries", "The storms of the month stand in `data/storms.csv`."),
)  # fmt: skip
"""What the writer says for good: from which turn on, in which section. The last is untrue, and has to be left out."""
_SAID_FOR = 18
"""Turns: about as often a checkpoint is made."""


def script() -> Recording:
    """The opening of `turns.toml`, the harbours, a command to be killed in, and the last words.

    No tokens are counted, so that Cairn estimates them from what it really sent. The writer of
    checkpoints has something to say at every turn; what it is asked for is kept when this is recorded.
    """
    written = tomllib.loads(TURNS.read_text(encoding="utf-8"))
    *opening, last = written["turns"]
    raw = [*opening, *middle(), last]
    raw.insert(len(raw) // 2, soak())
    turns = tuple(_turn(number, each) for number, each in enumerate(raw, start=1))
    return Recording(
        session="script", model=written["model"], goal=written["goal"], turns=turns, side=tuple(_side(turns))
    )


def _turn(number: int, raw: dict[str, Any]) -> Turn:
    calls = tuple(
        _call(f"call_{number}_{place}", call) for place, call in enumerate(raw.get("calls", ()), start=1)
    )
    return Turn(
        text=raw.get("text", "").strip(),
        reasoning=raw.get("reasoning", ""),
        calls=calls,
        finish="tool_calls" if calls else "stop",
        usage=Usage(estimated=True),
    )


def _call(id: str, call: dict[str, Any]) -> ToolCall:
    arguments = {name: value for name, value in call.items() if name != "tool"}
    return ToolCall(id=id, name=call["tool"], arguments=json.dumps(arguments, ensure_ascii=False))


def _side(turns: Sequence[Turn]) -> Iterator[SideTurn]:
    """What the writer of checkpoints says when it is asked before each turn."""
    for after, turn in enumerate(turns):
        deltas = [_delta("next action", _next(turn), ())]
        deltas += [
            _delta(section, text, (FIRST_WORDS,))
            for since, section, text in _LASTING
            if since <= after < since + _SAID_FOR
        ]
        yield SideTurn(
            role="writer",
            after=after,
            text=json.dumps({"deltas": deltas}, ensure_ascii=False),
            finish="stop",
            usage=Usage(estimated=True),
        )


def _next(turn: Turn) -> str:
    """What the turn is about to do, in one line."""
    if not turn.calls:
        return "Say what was changed and what is left open."
    call = turn.calls[0]
    arguments = json.loads(call.arguments)
    what = next(
        (
            arguments[name]
            for name in ("command", "path", "pattern", "title", "id", "text")
            if name in arguments
        ),
        "",
    )
    return f"{call.name}: {' '.join(str(what).split())[:160]}"  # fmt: skip


def _delta(section: str, text: str, events: Sequence[int]) -> dict[str, Any]:
    return {
        "section": section,
        "action": "add",
        "text": text,
        "events": list(events),
        "quote": "",
        "target": "",
    }

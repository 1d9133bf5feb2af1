"""The judgement half of a checkpoint as a model gives it: the shape that is asked for, and how it is read.

What cannot be meant otherwise is taken (another spelling of a section, `e12` for 12); the rest of a
delta that is none is left out and told.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from cairn_agents.model.arguments import BadArguments, parse_arguments
from cairn_agents.model.wire import count, items, mapping, text
from cairn_agents.roles.side import Unreadable
from cairn_memory.recall.checkpoint import JUDGED, Delta

NAME = "checkpoint"
MOST_DELTAS = 60
"""Deltas that are looked at; a model that has more to say has not judged."""
LONGEST = 400
"""Characters of a delta's text and quote."""

SCHEMA: dict[str, object] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["deltas"],
    "properties": {
        "deltas": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["section", "action", "text", "events", "quote", "target"],
                "properties": {
                    "section": {"type": "string", "enum": list(JUDGED)},
                    "action": {"type": "string", "enum": ["add", "replace", "remove"]},
                    "text": {"type": "string"},
                    "events": {"type": "array", "items": {"type": "integer"}},
                    "quote": {"type": "string"},
                    "target": {"type": "string"},
                },
            },
        }
    },
}
"""Within what providers take as a strict schema: every property required, no bounds on numbers or lengths."""

_ACTIONS: Mapping[str, Literal["add", "replace", "remove"]] = {
    "": "add",
    "add": "add",
    "replace": "replace",
    "update": "replace",
    "remove": "remove",
    "delete": "remove",
}
_LISTED = re.compile(r"^- |(?: \(e\d+(?:, e\d+)*\))$")
"""What a kept line has around it where the model sees it."""
_NUMBER = re.compile(r"\s*[eE#]?(\d{1,15})\s*")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The deltas as the model gave them, nothing checked yet; `dropped` tells of those that were none."""

    deltas: tuple[Delta, ...] = ()
    dropped: tuple[str, ...] = ()


def read_judgement(answer: str) -> Judgement:
    """What `answer` says. Raises Unreadable when there is no list of deltas in it."""
    entries = _entries(answer)
    deltas: list[Delta] = []
    dropped: list[str] = []
    for entry in entries[:MOST_DELTAS]:
        delta = _delta(mapping(entry))
        if delta is None:
            dropped.append(f"no delta: {_short(json.dumps(entry, ensure_ascii=False))}")
        else:
            deltas.append(delta)
    if len(entries) > MOST_DELTAS:
        dropped.append(f"{len(entries) - MOST_DELTAS} more deltas: only {MOST_DELTAS} are taken")
    return Judgement(tuple(deltas), tuple(dropped))


def _entries(answer: str) -> list[object]:
    given = _object(answer)
    entries = given.get("deltas")
    if isinstance(entries, list):
        return cast(list[object], entries)
    if "section" in given:  # a single delta, without its list
        return [given]
    raise Unreadable('it has no list "deltas"')


def _object(answer: str) -> Mapping[str, object]:
    """The JSON object in `answer`, also when there is prose around it."""
    try:
        if given := parse_arguments(answer):
            return given
    except BadArguments:
        pass
    start, end = answer.find("{"), answer.rfind("}")
    try:
        return parse_arguments(answer[start : end + 1]) if 0 <= start < end else {}
    except BadArguments:
        raise Unreadable("it holds no whole JSON object") from None


def _delta(entry: Mapping[str, object]) -> Delta | None:
    section = _section(text(entry.get("section")))
    action = _ACTIONS.get(text(entry.get("action")).strip().lower())
    words, target = _short(_line(entry.get("text")), LONGEST), _LISTED.sub("", _line(entry.get("target")))
    if section is None or action is None:
        return None
    if action == "remove":
        target = target or words
    if not (target if action == "remove" else words):
        return None
    return Delta(
        section=section,
        action=action,
        text=words,
        events=_numbers(entry.get("events")),
        quote=_line(entry.get("quote"))[:LONGEST],
        target=target,
    )


def _section(name: str) -> str | None:
    """The section that is meant: `Dead_End` is "dead ends"."""
    plain = " ".join(re.split(r"[\s_-]+", name.strip().lower()))
    return next((known for known in JUDGED if plain.rstrip("s") == known.rstrip("s")), None)


def _numbers(given: object) -> tuple[int, ...]:
    found: list[int] = []
    for value in items(given)[:50] or [given]:
        if isinstance(value, str) and (number := _NUMBER.fullmatch(value)):
            found.append(int(number[1]))
        elif number_given := count(value):
            found.append(number_given)
    return tuple(dict.fromkeys(found))


def _line(value: object) -> str:
    return " ".join(text(value).split())


def _short(words: str, limit: int = 80) -> str:
    return words if len(words) <= limit else f"{words[: limit - 1]}…"

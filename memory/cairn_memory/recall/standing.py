"""How a session stands, and the words that tell the next window what to do now: never a fixed "go on"."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.facts import Facts, Move
from cairn_memory.recall.orders import sentences
from cairn_memory.recall.parts import one_line

SUMMARY = 40
"""Characters of a summary of a read or an edit; a longer one is text of a file."""

State = Literal["working", "waiting", "finished", "unknown"]

_STATES: dict[str, State] = {
    "working": "working",
    "waiting": "waiting",
    "finished": "finished",
    "done": "finished",
    "failed": "working",
    "budget": "working",
    "interrupted": "working",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, what to do now, and the events that say so."""

    state: State
    words: str
    events: tuple[int, ...] = ()


def standing(facts: Facts, checkpoint: Checkpoint | None = None, said: str = "") -> Standing:
    """How the session stands. `said` is what somebody who knows says ("working", "waiting", "finished"); else the events tell."""
    state = _STATES.get(said) or _told(facts)
    if state == "waiting":
        return _waiting(facts)
    if state == "finished":
        return _finished(facts)
    if state == "unknown":
        return Standing(state, _say("unknown"))
    return _working(facts, checkpoint)


def _told(facts: Facts) -> State:
    if facts.approvals:
        return "waiting"
    if facts.state in ("waiting", "done"):
        return _STATES[facts.state]
    move = facts.moves[-1] if facts.moves else None
    if move is None:
        return "working" if facts.goal else "unknown"
    if move.who == "agent" and not facts.running_calls and facts.nudged < move.event:
        return "waiting" if question(move.text) else "finished"
    return "working"


@cache
def _words() -> dict[str, str]:
    """What is said of each kind of standing: the sections of `standing.md`."""
    text = files("cairn_memory.recall").joinpath("standing.md").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.removeprefix("# ").split("\n# "))
    return {name: words.strip() for name, _, words in parts}


def _say(section: str, **values: object) -> str:
    return _words()[section].format(**values).rstrip()


def _waiting(facts: Facts) -> Standing:
    if facts.approvals:
        event, title = next(reversed(facts.approvals.values()))
        return Standing("waiting", _say("permission", event=event, title=one_line(title, 200)), (event,))
    last = last_words(facts)
    if last is None:
        return Standing("waiting", _say("waiting", reason=one_line(facts.reason, 200)))
    asked = one_line(question(last.text) or one_line(last.text, 200), 300)
    return Standing("waiting", _say("asked", event=last.event, question=asked), (last.event,))


def _finished(facts: Facts) -> Standing:
    last = last_words(facts)
    words = _say("finished", where=f" (e{last.event})" if last else "")
    return Standing("finished", words, (last.event,) if last else ())


def _working(facts: Facts, checkpoint: Checkpoint | None) -> Standing:
    user, last = facts.words.last, facts.moves[-1] if facts.moves else None
    parts, events = list[str](), list[int]()

    def say(section: str, *event: int, **values: object) -> None:
        parts.append(_say(section, **values))
        events.extend(event)

    if user is None:
        say("goal" if facts.goal else "working", goal=one_line(facts.goal, 300))
    else:
        unanswered = last is not None and last.who == "user"
        say("new words" if unanswered else "last words", user.event, event=user.event)
    if checkpoint and checkpoint.items("next action") and not (user and user.event > checkpoint.covers):
        item = checkpoint.items("next action")[-1]
        if item.by != "code":
            say("next action", *item.events, action=one_line(item.text, 400))
    if last is not None and last.who == "call":
        say("last step", last.event, event=last.event, title=one_line(title(last), 160), ended=ended(last))
    for call in facts.running_calls[-3:]:
        say("no result", call.event, event=call.event, title=one_line(title(call), 160))
    return Standing("working", " ".join(parts), tuple(events))


def question(text: str) -> str:
    """The question a text ends with, "" when it ends with none."""
    last = text.strip().rsplit("\n\n", 1)[-1]
    asked = [one for one in sentences(last) if one.rstrip("*_`) ").endswith("?")]
    return asked[-1] if asked else ""


def last_words(facts: Facts) -> Move | None:
    """What the agent said last."""
    return next((move for move in reversed(facts.moves) if move.who == "agent"), None)


def title(move: Move) -> str:
    """What a call was, in a line."""
    if move.text:
        return move.text
    seen = move.trace
    if seen is None:
        return move.call
    about = seen.command or " ".join(filter(None, [seen.pattern, "in " + seen.where if seen.where else ""]))
    return f"{move.call} {about or ', '.join(seen.paths)}".strip()


def ended(move: Move) -> str:
    """How a call ended, "" when it went well and that says it all."""
    ran = move.trace is None or move.trace.verb in ("run", "other")
    if move.summary and (ran or move.failed or len(move.summary) <= SUMMARY):
        return f" -> {one_line(move.summary, 80)}"
    return " -> failed" if move.failed else ""

"""How a session stands, and the words that tell the next window what to do now: never a fixed "go on"."""

from dataclasses import dataclass
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
        return Standing(state, "It is not known how things stand: look before you act.")
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


def _waiting(facts: Facts) -> Standing:
    if facts.approvals:
        event, title = next(reversed(facts.approvals.values()))
        return Standing(
            "waiting",
            f"A call waits for the user's permission (e{event}): {one_line(title, 200)}. Until they answer, do nothing.",
            (event,),
        )
    last = last_words(facts)
    if last is None:
        return Standing("waiting", f"Waiting for the user. {one_line(facts.reason, 200)}".rstrip())
    asked = question(last.text) or one_line(last.text, 200)
    return Standing(
        "waiting",
        f"Waiting for the user, who was asked (e{last.event}): {one_line(asked, 300)} "
        "Until they answer, do nothing; what they say next is the answer.",
        (last.event,),
    )


def _finished(facts: Facts) -> Standing:
    last = last_words(facts)
    where = f" (e{last.event})" if last else ""
    return Standing(
        "finished",
        f"All that was asked for so far is done{where}. Nothing is left to do and nothing is to be done again: "
        "wait for new words of the user and take up only what they ask.",
        (last.event,) if last else (),
    )


def _working(facts: Facts, checkpoint: Checkpoint | None) -> Standing:
    user, last = facts.words.last, facts.moves[-1] if facts.moves else None
    parts, events = list[str](), list[int]()
    if user is not None and last is not None and last.who == "user":
        parts.append(f"The user's newest words (e{user.event}) have no answer yet: they come first.")
        events.append(user.event)
    elif user is not None:
        parts.append(f"Work is under way on what the user said last (e{user.event}): go on with it.")
        events.append(user.event)
    else:
        parts.append(
            f"Work is under way: {one_line(facts.goal, 300)}" if facts.goal else "Work is under way."
        )
    if checkpoint and checkpoint.items("next action") and not (user and user.event > checkpoint.covers):
        item = checkpoint.items("next action")[-1]
        if item.by != "code":
            parts.append(f"Next action: {one_line(item.text, 400)}")
            events.extend(item.events)
    if last is not None and last.who == "call":
        parts.append(f"The last step was e{last.event}: {one_line(title(last), 160)}{ended(last)}.")
        events.append(last.event)
    for call in facts.running_calls[-3:]:
        parts.append(
            f"No result is known of e{call.event}: {one_line(title(call), 160)}; look before you do it again."
        )
        events.append(call.event)
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

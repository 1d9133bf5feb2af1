"""The newest steps of a session, word for word: what a rebuilt window goes on from."""

from collections.abc import Sequence
from dataclasses import dataclass

from cairn_agents.model.usage import estimate_tokens
from cairn_agents.prompts import prompt
from cairn_agents.window import messages_of
from cairn_memory.bounds import cut
from cairn_memory.events import Event, ModelReplied, Payload, ToolFinished

STEPS = 6
"""Steps that are kept at the most, however small they are."""

LEAST_RESULT = 400
"""Characters that are left of a result when it is shortened."""


@dataclass(frozen=True, slots=True)
class Tail:
    """`messages` as a window holds them, each behind a comma; `since` is the number of its first event, 0 when it is empty."""

    messages: bytes = b""
    since: int = 0
    steps: int = 0


def newest_steps(events: Sequence[Event], tokens: int, send_reasoning: bool) -> Tail:
    """As many of the newest whole steps as fit into `tokens`; of the very newest the results are shortened when they must be.

    `events` are the newest of one session, in order, with no call open.
    """
    starts = [index for index, event in enumerate(events) if isinstance(event.payload, ModelReplied)]
    best = Tail()
    for count, start in enumerate(reversed(starts[-STEPS:]), start=1):
        messages = messages_of((event.payload for event in events[start:]), send_reasoning)
        if estimate_tokens(len(messages)) > tokens:
            break
        best = Tail(messages, events[start].seq, count)
    if best.since or not starts:
        return best
    return _shortened(events[starts[-1] :], tokens, send_reasoning)


def _shortened(step: Sequence[Event], tokens: int, send_reasoning: bool) -> Tail:
    """One step with each of its results cut so that it fits; nothing when even that does not help."""
    results = sum(isinstance(event.payload, ToolFinished) for event in step)
    rest = messages_of((_cut(event, 0) for event in step), send_reasoning)
    room = tokens - estimate_tokens(len(rest))
    if not results or room <= 0:
        return Tail()
    while (limit := room * 3 // results) >= LEAST_RESULT:
        messages = messages_of((_cut(event, limit) for event in step), send_reasoning)
        if estimate_tokens(len(messages)) <= tokens:
            return Tail(messages, step[0].seq, 1)
        room = room * 2 // 3  # text that is longer in bytes, or escaped
    return Tail()


def _cut(event: Event, limit: int) -> Payload:
    payload = event.payload
    if not isinstance(payload, ToolFinished) or len(payload.text) <= limit:
        return payload
    pointer = "\n" + prompt("shortened").format(event=event.seq)
    return payload.model_copy(update={"text": cut(payload.text, limit) + pointer})

"""The windows of the demo's run: what each rebuild carried, and what the run would have weighed without any."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.usage import estimate_tokens
from cairn_agents.window import Window
from cairn_memory.events import (
    Event,
    ModelRequested,
    ReceiptItem,
    ReceiptWritten,
    SessionStarted,
    WindowStarted,
)

_NOTHING = ReceiptItem(section="")


@dataclass(frozen=True, slots=True)
class Rebuild:
    """One new window: before which step, tokens of the last request before it and of the first in it, and its receipt."""

    step: int
    before: int
    after: int
    checkpoint: int
    receipt: ReceiptWritten

    def part(self, section: str) -> ReceiptItem:
        """What the receipt says of one section; nothing kept where it says nothing."""
        return next((item for item in self.receipt.items if item.section == section), _NOTHING)


def rebuilds(events: Iterable[Event]) -> list[Rebuild]:
    """All of them, in order; one that no request followed is left out."""
    found: list[Rebuild] = []
    before = 0
    started: WindowStarted | None = None
    receipt: ReceiptWritten | None = None
    for event in events:
        match event.payload:
            case WindowStarted() as payload if payload.covers:
                started = payload
            case ReceiptWritten() as payload:
                receipt = payload
            case ModelRequested() as request:
                if started is not None and receipt is not None:
                    found.append(Rebuild(request.step, before, request.tokens, started.checkpoint, receipt))
                before, started = request.tokens, None
            case _:
                pass
    return found


def without_memory(events: Sequence[Event], head: bytes) -> int:
    """Tokens of all requests together, had the same run gone on in its first window, without an end to it.

    Computed, not measured: every message is appended to the window's `head` by the code that makes
    the real requests, and nothing is ever left out. Requests beside the run do not count.
    """
    window = Window()
    total = 0
    for event in events:
        match event.payload:
            case SessionStarted() as started:
                window.open(head, Endpoint(started.base_url, started.model))
            case WindowStarted() as started if started.covers:
                continue
            case ModelRequested():
                window.apply(event.payload)
                total += estimate_tokens(window.size)
                continue
            case _:
                pass
        window.apply(event.payload)
    return total

"""What the log says about claims: when each came to be, from where, what became of it. A fold of events."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cairn_memory.claims.text import normalised
from cairn_memory.events import (
    By,
    ClaimAnswered,
    ClaimForgotten,
    ClaimKept,
    ClaimKind,
    ClaimProposed,
    ClaimRemembered,
    ClaimScope,
    Event,
    ReceiptWritten,
)

KINDS = tuple(
    each.kind
    for each in (ClaimRemembered, ClaimForgotten, ClaimKept, ClaimProposed, ClaimAnswered, ReceiptWritten)
)


@dataclass(frozen=True, slots=True)
class Record:
    """A claim as the log tells of it. `ended` is when it left its file, 0 while it stands there; `kept` when the user
    last said that it stays; times in milliseconds."""

    id: str
    text: str
    about: ClaimKind
    scope: ClaimScope
    sources: tuple[int, ...]
    by: By
    time: int
    session: str
    ended: int = 0
    superseded_by: str = ""
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A claim the user is to say yes or no to; with `forget`, that it be forgotten."""

    id: str
    text: str
    about: ClaimKind
    scope: ClaimScope
    sources: tuple[int, ...]
    replaces: tuple[str, ...]
    forget: bool
    reason: str
    by: By
    time: int
    session: str


@dataclass(slots=True)
class Book:
    """Everything the events said so far."""

    records: dict[tuple[ClaimScope, str], Record] = field(
        default_factory=dict[tuple[ClaimScope, str], Record]
    )
    proposals: dict[str, Proposal] = field(default_factory=dict[str, Proposal])
    uses: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """How often a claim was in a window, and when last."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """The normalised text that a name stands for: for ever, so that no other claim gets it."""

    revision: int = 0
    """Counts what was taken in: as long as it stays, so does all of this."""

    def apply(self, event: Event) -> None:
        """Takes in one event, of whatever kind."""
        said = event.payload
        self.revision += 1
        if isinstance(said, ClaimRemembered):
            self._remember(event, said)
        elif isinstance(said, ClaimForgotten):
            key = (said.scope, said.claim)
            if key in self.records:
                ended = replace(self.records[key], ended=event.time, superseded_by=said.replaced_by)
                self.records[key] = ended
        elif isinstance(said, ClaimKept):
            key = (said.scope, said.claim)
            if key in self.records:
                self.records[key] = replace(self.records[key], kept=event.time)
        elif isinstance(said, ClaimProposed):
            self.names.setdefault(said.claim, normalised(said.text))
            self.proposals[said.claim] = _proposal(event, said)
        elif isinstance(said, ClaimAnswered):
            self.proposals.pop(said.claim, None)
        elif isinstance(said, ReceiptWritten):
            for ref in {ref for item in said.items for ref in item.refs if ref.startswith("c")}:
                self.uses[ref] = self.uses.get(ref, (0, 0))[0] + 1, event.time

    def standing(self, scope: ClaimScope) -> Iterable[Record]:
        """The claims that stand in the file of `scope`, as far as the log knows."""
        return (each for (where, _), each in self.records.items() if where == scope and not each.ended)

    def _remember(self, event: Event, said: ClaimRemembered) -> None:
        self.names.setdefault(said.claim, normalised(said.text))
        known = self.records.get((said.scope, said.claim))
        if known is not None and not known.ended:
            return
        self.records[said.scope, said.claim] = Record(
            said.claim, said.text, said.about, said.scope, said.sources, said.by, event.time, event.session
        )


def _proposal(event: Event, said: ClaimProposed) -> Proposal:
    return Proposal(
        said.claim,
        said.text,
        said.about,
        said.scope,
        said.sources,
        said.replaces,
        said.forget,
        said.reason,
        said.by,
        event.time,
        event.session,
    )

"""Whose words stand behind each part of a proposed text: followed from call to call, and through what a person changed.

Lines are counted from 0. Nothing is read here: `ranges` of the events say how each text became the next one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cairn_agents.proposals.hunks import Hunk, lines_of, ranges
from cairn_memory.events import ProposalAnswered, ProposalMade, Replaced

MOST = 200
"""Places of one change that are written down one by one; more are one that spans them."""
REASONS = 6
"""Reasons of one part that are shown, the newest ones."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What the model said of lines `first` to `last` of the text as it is proposed now."""

    first: int
    last: int
    words: str


def replaced(before: str, after: str) -> tuple[Replaced, ...]:
    """Where one text became another, for the log."""
    found = list(ranges(lines_of(before), lines_of(after)))
    if len(found) > MOST:
        found = [found[0]._replace(end=found[-1].end, last=found[-1].last)]
    return tuple(Replaced(start=each.start, end=each.end, first=each.first, last=each.last) for each in found)


class Reasons:
    """Of one file: what was said of it, in order."""

    def __init__(self, events: Iterable[ProposalMade | ProposalAnswered] = ()) -> None:
        self._said: list[_Said] = []
        self._all: list[str] = []
        for event in events:
            self._hear(event)

    def of(self, part: Hunk) -> tuple[str, ...]:
        """What was said of this part of the text as it is proposed now, the oldest first; of all of the file where that is not known."""
        here = [said for said in self._said if said.first <= part.last and part.first <= said.last]
        return tuple(dict.fromkeys([said.words for said in here] or self._all))[-REASONS:]

    def _hear(self, event: ProposalMade | ProposalAnswered) -> None:
        back = isinstance(event, ProposalAnswered) and event.answer == "rejected"
        self._said = [
            _moved(said, event.ranges) for said in self._said if not (back and _within(said, event.ranges))
        ]
        if isinstance(event, ProposalMade) and (words := event.reason.strip()):
            self._said += [_Said(each.first, each.last, words) for each in event.ranges]
            self._all.append(words)


def by_file(events: Iterable[ProposalMade | ProposalAnswered]) -> dict[str, Reasons]:
    """For each file that something was proposed for."""
    heard: dict[str, list[ProposalMade | ProposalAnswered]] = {}
    for event in events:
        heard.setdefault(event.path, []).append(event)
    return {path: Reasons(each) for path, each in heard.items()}


def _moved(said: _Said, changes: Sequence[Replaced]) -> _Said:
    return _Said(_place(said.first, changes, end=False), _place(said.last, changes, end=True), said.words)


def _place(line: int, changes: Sequence[Replaced], end: bool) -> int:
    """Where a line has come to; one within a change has become all that the change put there."""
    shift = 0
    for each in changes:
        if line <= each.start:
            break
        if line < each.end:
            return each.last if end else each.first
        shift = each.last - each.end
    return line + shift


def _within(said: _Said, changes: Sequence[Replaced]) -> bool:
    return any(each.start <= said.first and said.last <= each.end for each in changes)

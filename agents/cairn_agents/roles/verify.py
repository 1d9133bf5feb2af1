"""Checks a judgement against the log: what cites, quotes or names what never was is left out, and told.

Pure but for the lookups it is given. What text in a file or an output says can never become the
user's constraint.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cairn_agents.roles.evidence import Evidence
from cairn_agents.roles.literals import events_in, literals_in, paths_in, tasks_in
from cairn_memory.events import ApprovalAnswered, UserMessage
from cairn_memory.recall.checkpoint import Delta, Item

MOST = 60
"""Deltas that are kept."""
LONGEST = 400
"""Characters of a kept delta's text."""

_UNCITED = ("next action", "current work")
"""Sections that may cite no event: they say what is meant to come, or where the work stands."""
_ONE = "next action"
_PLANS = ("next action", "open questions")
"""Sections that may name what is still to be made."""
_BY_USER = (UserMessage.kind, ApprovalAnswered.kind)
_LEAST_QUOTE = 6
"""Characters of the user's words that make a constraint; fewer must be all that was said. "the" proves nothing."""
_LEAST_COPIED = 12
"""Characters of a constraint that are no coincidence when they stand elsewhere."""
_NOT_SAID = "Not said by the user: "

_MAKING = re.compile(r"(?i)\b(?:add|create|write|new|make|introduce|rename|move|split|extract|generate)")


@dataclass(frozen=True, slots=True)
class Checked:
    """The deltas that hold, and one line for each that was left out or moved."""

    kept: tuple[Delta, ...] = ()
    dropped: tuple[str, ...] = ()


def verify(
    deltas: Sequence[Delta], evidence: Evidence, current: Mapping[str, Sequence[Item]] | None = None
) -> Checked:
    """The deltas that `evidence` bears out. `current` are the items that stand, by section."""
    check = _Check(evidence, current or {})
    for delta in deltas:
        check.take(delta)
    return Checked(tuple(check.kept), tuple(check.dropped))


@dataclass(slots=True)
class _Check:
    evidence: Evidence
    current: Mapping[str, Sequence[Item]]
    kept: list[Delta] = field(default_factory=list[Delta])
    dropped: list[str] = field(default_factory=list[str])
    seen: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])

    def take(self, delta: Delta) -> None:
        delta = self._targeted(delta)
        if why := self._fault(delta):
            self.dropped.append(f"{_named(delta)}: left out, {why}")
            return
        if delta.section == "constraints" and delta.action != "remove" and not self._by_user(delta):
            self.dropped.append(
                f"{_named(delta)}: moved to discoveries, it is not a quote of the user's words"
            )
            text = (_NOT_SAID + delta.text)[:LONGEST]
            delta = delta.model_copy(
                update={"section": "discoveries", "action": "add", "text": text, "target": ""}
            )
        key = (delta.section, delta.action, _plain(delta.text or delta.target))
        if key in self.seen or (delta.action != "remove" and self._stands(delta.section, delta.text)):
            self.dropped.append(f"{_named(delta)}: left out, it is there already")
        elif delta.section == _ONE and any(each.section == _ONE and each.text for each in self.kept):
            self.dropped.append(f"{_named(delta)}: left out, one next step is enough")
        elif len(self.kept) >= MOST:
            self.dropped.append(f"{_named(delta)}: left out, {MOST} changes are taken at once")
        else:
            self.seen.add(key)
            self.kept.append(delta)

    def _targeted(self, delta: Delta) -> Delta:
        """A replacement of what does not stand is a new line; a target is named as it stands.

        A new next action takes the place of the old one: two would be a choice, and none.
        """
        if delta.action == "add" and delta.section == _ONE:
            old = next((item for item in self.current.get(_ONE, ()) if item.by == "writer"), None)
            return (
                delta if old is None else delta.model_copy(update={"action": "replace", "target": old.text})
            )
        if delta.action == "add":
            return delta
        standing = self._stands(delta.section, delta.target)
        if standing is not None:
            return delta.model_copy(update={"target": standing.text})
        return (
            delta.model_copy(update={"action": "add", "target": ""}) if delta.action == "replace" else delta
        )

    def _stands(self, section: str, text: str) -> Item | None:
        wanted = _plain(text)
        return next((item for item in self.current.get(section, ()) if _plain(item.text) == wanted), None)

    def _fault(self, delta: Delta) -> str:
        """Why a delta does not hold, "" when it does."""
        target = self._stands(delta.section, delta.target) if delta.target else None
        if target is not None and target.by == "user":
            return "the line it would change is the user's own"
        if delta.action == "remove":
            if target is None:
                return "no such line stands there"
            needed = delta.section == "constraints" and not self._by_user(delta)
            return "only words of the user, quoted, take a constraint away" if needed else ""
        if len(delta.text) > LONGEST:
            return f"it is longer than {LONGEST} characters"
        return self._badly_cited(delta) or self._unknown(delta)

    def _badly_cited(self, delta: Delta) -> str:
        if not delta.events and delta.section not in _UNCITED:
            return "it cites no event"
        for seq in delta.events:
            if self.evidence.text_of(seq) is None:
                return f"event e{seq} is not one of this session"
        if delta.quote and not self._quoted(delta.quote, delta.events):
            return f"the quote {_short(delta.quote, 60)!r} does not stand in {_events(delta.events)}"
        return ""

    def _unknown(self, delta: Delta) -> str:
        """What the text names that never was."""
        for seq in events_in(delta.text):
            if self.evidence.text_of(seq) is None:
                return f"it names e{seq}, which is no event of this session"
        for task in tasks_in(delta.text):
            if not self.evidence.is_task(task) and not self._cited(task, delta):
                return f"there is no task {task}"
        if delta.section in _PLANS and _MAKING.search(delta.text):
            return ""
        for path in paths_in(delta.text):
            if not self.evidence.exists(path) and not self.evidence.contains(path):
                return f"{_short(path, 80)} was never met and does not exist"
        for literal in literals_in(delta.text):
            if not self._known(literal):
                return f"`{_short(literal, 80)}` does not stand in the log"
        return ""

    def _known(self, literal: str) -> bool:
        if not literal or self.evidence.contains(literal):
            return True
        bare = literal.removesuffix("()")  # `parse()` for a function that the log calls with arguments
        return self.evidence.exists(literal) or (bare != literal and self.evidence.contains(bare))

    def _by_user(self, delta: Delta) -> bool:
        """Whether a constraint quotes the user, not a tool's output that is cited beside them.

        One whose text stands in the log word for word, and not in the words of the user that it cites, was
        copied from elsewhere: a quote of something else makes it no order.
        """
        theirs = tuple(seq for seq in delta.events if self.evidence.kind_of(seq) in _BY_USER)
        copied = delta.text.rstrip(" .")
        if (
            len(copied) >= _LEAST_COPIED
            and self.evidence.contains(copied)
            and not self._quoted(copied, theirs)
        ):
            return False
        quote = _spaced(delta.quote)
        if len(quote) < _LEAST_QUOTE:
            return bool(quote) and self._somewhere(theirs, lambda text: quote == _spaced(text))
        return self._quoted(quote, theirs)

    def _quoted(self, quote: str, events: Iterable[int]) -> bool:
        return self._somewhere(events, lambda text: _spaced(quote) in _spaced(text))

    def _cited(self, literal: str, delta: Delta) -> bool:
        return self._somewhere(delta.events, lambda text: literal in text)

    def _somewhere(self, events: Iterable[int], holds: Callable[[str], bool]) -> bool:
        return any(holds(self.evidence.text_of(seq) or "") for seq in events)


def _named(delta: Delta) -> str:
    return f'{delta.section}: "{_short(delta.text or delta.target, 120)}"'


def _events(events: Sequence[int]) -> str:
    return ", ".join(f"e{seq}" for seq in events[:8]) or "any event, since it cites none"


def _plain(text: str) -> str:
    """For comparing lines: case, blanks and the full stop at the end do not count."""
    return _spaced(text).rstrip(" .").casefold()


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"

"""How a secret of a known form is found: a literal to look for, a pattern to match there, a judgement.

A text without the literal costs one search for it. Patterns are linear: classes that
cannot overlap what follows, and every repetition that can fail is bounded.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cairn_memory.redact.findings import Finding

SHORTEST = 18
"""Characters. No secret with a prefix is shorter."""

JUDGED = 300
"""Characters of a secret that are looked at to tell whether it is one."""
_OVERLAP = 128
"""Characters. So far from its end a rejected match is searched again: a text of triggers only stays linear."""
_ESCAPE_ENDS = re.compile(r"(?:\\[nrtbf]|\\u[0-9a-fA-F]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]{0,6}m|bot)$")


@dataclass(frozen=True, slots=True)
class Form:
    """`pattern` is matched where one of `triggers` stands; its last group, or all of it, is the secret.

    A trigger inside a word is none, unless an escape (`\\n`, `%3D`, a colour) ends before it.
    """

    kind: str
    triggers: tuple[str, ...]
    pattern: re.Pattern[str]
    accept: Callable[[str], bool]

    def find(self, text: str, trigger: str) -> Iterator[Finding]:
        """What of this form `text` holds where `trigger` stands."""
        position = text.find(trigger)
        while position != -1:
            after = position + len(trigger)
            match = self.pattern.match(text, position) if _starts_here(text, position) else None
            if match is not None:
                start, end = match.span(match.lastindex or 0)
                if self.accept(text[start : min(end, start + JUDGED)]):
                    yield Finding(start, end, self.kind)
                    after = max(after, end)
                after = max(after, end - _OVERLAP)
            position = text.find(trigger, after)


Triggers = dict[str, list[tuple[str, Form]]]
"""Every trigger with its form, by a character that all of one list have: most texts have no trigger at all, and
a line of base64 or hex has none of these characters."""

_MARKS = "_-./: $"


def triggers_of(forms: Iterable[Form]) -> Triggers:
    triggers: Triggers = {}
    for form in forms:
        for trigger in form.triggers:
            mark = next((mark for mark in _MARKS if mark in trigger), "")
            triggers.setdefault(mark, []).append((trigger, form))
    return triggers


def find_forms(text: str, triggers: Triggers, among: str) -> Iterator[Finding]:
    """What `text` holds; a trigger that is not in `among`, a smaller part of it, is passed over."""
    for mark, marked in triggers.items():
        if mark in among:
            for trigger, form in marked:
                if trigger in among:
                    yield from form.find(text, trigger)


def long_words(text: str) -> str:
    """The words of `text` that are long enough for a secret, each once: a sixth of ordinary text."""
    return "\n".join({word for word in text.split() if len(word) >= SHORTEST})


def _starts_here(text: str, position: int) -> bool:
    if position == 0 or not text[position - 1].isalnum() or not text[position].isalnum():
        return True
    return _ESCAPE_ENDS.search(text, max(position - 9, 0), position) is not None

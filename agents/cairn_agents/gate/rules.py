"""Rules: which call may run, which is asked about, which never runs. The last rule that matches wins.

A rule names a tool and a pattern, both as globs. The pattern is held against each path of a file call
(relative to the workspace with `/`, or absolute when it lies outside) and, for a shell call, against
each part of the command: "allow" must match the part as it is written, "ask" and "deny" match it also
without quotes, behind wrappers such as sudo, and by the program's plain name; and the whole command.
A pattern that ends in ` *` matches what stands before it alone as well: `npm test *` is for `npm test`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

from cairn_agents.gate.commands.wrappers import inner, program
from cairn_memory.events import Action

_STRICTNESS: dict[Action, int] = {"allow": 0, "ask": 1, "deny": 2}
NETWORK, UNSANDBOXED = " (network)", " (unsandboxed)"
"""The end of a pattern that speaks for commands which want more than the sandbox gives."""
_ESCAPED = re.compile(r"\[([*?\[])\]")


@dataclass(frozen=True, slots=True)
class Rule:
    """`tool` and `match` are globs; `origin` says where the rule stands, for the person who asks why.

    A rule that `narrows` (a project's, which is not trusted) counts only where it is stricter
    than what holds without it: its "ask" takes back no "deny".
    """

    tool: str
    match: str
    action: Action
    origin: str = "built-in"
    narrows: bool = False

    def __str__(self) -> str:
        return f"{self.action} {self.tool} {self.match} ({self.origin})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds for one subject: by a `rule`, or (None) by what the gate finds without any."""

    action: Action
    rule: Rule | None = None


def decide(rules: Sequence[Rule], tool: str, subject: str, base: Action) -> Verdict:
    """What the rules say of one path, or of a call that has none (""); `base` holds where they say nothing."""
    return _last(rules, tool, base, lambda rule: matches(rule.match, subject))


@dataclass(frozen=True, slots=True)
class Shell:
    """One part of a command as rules see it. `plain`: a pattern may let it run. `suffix` is what it wants beyond the sandbox."""

    text: str
    words: tuple[str, ...]
    whole: str
    plain: bool
    suffix: str = ""

    def allowed_by(self, pattern: str) -> bool:
        """Whether an "allow" speaks for it: for the whole command word for word, or for this part as it is written."""
        if not pattern.endswith(self.suffix):
            return False
        bare = pattern.removesuffix(self.suffix) if self.suffix else pattern
        if bare == self.whole or (is_literal(bare) and unescaped(bare) == self.whole):
            return True
        if bare == "*":
            return True
        return self.plain and matches(bare, self.text)

    def forbidden_by(self, pattern: str) -> bool:
        """Whether an "ask" or "deny" speaks against it, however it is dressed up."""
        bare = pattern
        if self.suffix and pattern.endswith(self.suffix):
            bare = pattern.removesuffix(self.suffix)
        return any(matches(bare, each) for each in self._forms())

    def _forms(self) -> Iterable[str]:
        yield from (self.text, self.whole, " ".join(self.words))
        behind = inner(self.words)
        if behind:
            yield " ".join(behind)
            yield " ".join((program(behind), *behind[1:]))


def decide_shell(rules: Sequence[Rule], tool: str, part: Shell, base: Action) -> Verdict:
    """What the rules say of one part of a command; `base` is what the analysis found."""

    def speaks(rule: Rule) -> bool:
        return part.allowed_by(rule.match) if rule.action == "allow" else part.forbidden_by(rule.match)

    return _last(rules, tool, base, speaks)


def _last(rules: Sequence[Rule], tool: str, base: Action, speaks: Callable[[Rule], bool]) -> Verdict:
    found = [rule for rule in reversed(rules) if _pattern(rule.tool).match(tool) and speaks(rule)]
    trusted = next((Verdict(rule.action, rule) for rule in found if not rule.narrows), Verdict(base))
    narrowing = next((Verdict(rule.action, rule) for rule in found if rule.narrows), trusted)
    return max(trusted, narrowing, key=lambda verdict: _STRICTNESS[verdict.action])


def matches(pattern: str, subject: str) -> bool:
    """Whether a glob fits the whole subject."""
    if _pattern(pattern).match(subject):
        return True
    return pattern.endswith(" *") and _pattern(pattern[:-2]).match(subject) is not None


def is_literal(pattern: str) -> bool:
    """Whether a pattern has no wildcard: those in brackets (`[*]`) stand for themselves."""
    return not re.search(r"[*?\[]", _ESCAPED.sub("", pattern))


def unescaped(pattern: str) -> str:
    """What a literal pattern stands for."""
    return _ESCAPED.sub(r"\1", pattern)


@lru_cache(maxsize=1_024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob), re.DOTALL)

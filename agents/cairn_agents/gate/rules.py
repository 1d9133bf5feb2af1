"""Rules: which call may run, which is asked about, which never runs. The last rule that matches wins.

A rule names a tool and a pattern, both as globs. The pattern is held against the
command of a shell call, and against each path of a file call: relative to the
workspace with `/`, or absolute when it lies outside.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Literal

Action = Literal["allow", "ask", "deny"]

_STRICTNESS: dict[Action, int] = {"allow": 0, "ask": 1, "deny": 2}
_SHELL_SYNTAX = re.compile(r"[;&|<>$`\\\n(){}!*?\[\]~#]")


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


BUILT_IN: tuple[Rule, ...] = (
    Rule("*", "*", "ask"),
    Rule("note", "*", "allow"),
    *(Rule(tool, "*", "allow") for tool in ("read", "grep", "glob")),
    *(Rule(tool, "/*", "ask") for tool in ("read", "grep", "glob")),
    *(Rule(tool, "?:/*", "ask") for tool in ("read", "grep", "glob")),
    *(
        Rule("read", match, "ask")
        for match in ("*.pem", "*.key", "*id_rsa*", "*id_ed25519*", ".env", "*/.env")
    ),
    *(
        Rule(tool, match, "deny")
        for tool in ("write", "edit")
        for match in (".git", ".git/*", "*/.git/*", ".cairn/*")
    ),
    *(Rule(tool, ".cairn/local/*", "deny") for tool in ("read", "grep", "glob")),
    *(Rule("read", f".cairn/local/{part}/*", "allow") for part in ("blobs", "sessions")),
)


def decide(rules: Sequence[Rule], tool: str, subjects: Iterable[str], *, shell: bool) -> tuple[Action, Rule]:
    """The strictest answer over all `subjects` (paths, or one command), and the rule that gave it."""
    found = [_last_match(rules, tool, subject, shell=shell) for subject in subjects]
    if not found:
        found = [_last_match(rules, tool, "", shell=shell)]
    rule = max(found, key=lambda rule: _STRICTNESS[rule.action])
    return rule.action, rule


def _last_match(rules: Sequence[Rule], tool: str, subject: str, *, shell: bool) -> Rule:
    matching = [
        rule
        for rule in reversed(rules)
        if _pattern(rule.tool).match(tool) and _matches(rule, subject, shell=shell)
    ]
    trusted = next((rule for rule in matching if not rule.narrows), BUILT_IN[0])
    narrowing = next((rule for rule in matching if rule.narrows), trusted)
    return max(trusted, narrowing, key=lambda rule: _STRICTNESS[rule.action])


def _matches(rule: Rule, subject: str, *, shell: bool) -> bool:
    """`git status*` must not let `git status; rm -r .` run: an allow rule's wildcard covers plain words only."""
    if shell and rule.action == "allow" and rule.match != "*" and _SHELL_SYNTAX.search(subject):
        return subject == rule.match
    return _pattern(rule.match).match(subject) is not None


@lru_cache(maxsize=1_024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob), re.DOTALL)

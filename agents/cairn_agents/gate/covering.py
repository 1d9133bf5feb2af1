"""Which grant of the session lets an asked part run: what somebody answered for more than once, and no more than that."""

import re
from collections.abc import Iterable

from cairn_agents.gate.opinion import Opinion, is_outside
from cairn_agents.gate.rules import NETWORK, UNSANDBOXED, is_literal, matches, unescaped
from cairn_memory.events import Risk

_EACH_TIME: frozenset[Risk] = frozenset(("destructive", "protected", "secret"))
"""What no wildcard covers."""
_NAMES_OUTSIDE = re.compile(r"(^|[\s=])(/|~|\.\.)")


def covering(opinion: Opinion, tool: str, grants: Iterable[str]) -> str:
    """The grant that covers what `opinion` asks about, "" when none does."""
    for grant in sorted(grants):
        given, _, pattern = grant.partition(" ")
        if given == tool and _covers(pattern, opinion):
            return grant
    return ""


def _covers(pattern: str, opinion: Opinion) -> bool:
    if not opinion.subjects:
        return False
    literal, *texts = opinion.subjects
    if pattern == literal or (is_literal(pattern) and unescaped(pattern) == unescaped(literal)):
        return True
    if not opinion.general or opinion.risk in _EACH_TIME:
        return False
    return any(_matches(pattern, text, opinion.risk) for text in texts)


def _matches(pattern: str, text: str, risk: Risk) -> bool:
    for suffix in (NETWORK, UNSANDBOXED):
        if pattern.endswith(suffix) != text.endswith(suffix):
            return False
        pattern, text = pattern.removesuffix(suffix), text.removesuffix(suffix)
    if risk == "outside" and not (is_outside(pattern) or _NAMES_OUTSIDE.search(pattern)):
        return False
    return matches(pattern, text)

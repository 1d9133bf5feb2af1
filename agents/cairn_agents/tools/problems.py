"""What editors and language servers say of a file, as the model reads it; and what of that a change has brought."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cairn_agents.editors import Diagnostic
from cairn_agents.tools.base import Scope
from cairn_agents.tools.masking import Mask, first_line
from cairn_agents.tools.paths import shown

WAIT = 1.5
"""Seconds that a change waits for what is said of it, where somebody looks at such files."""
_NEW = 10
"""New errors that are told with a change; all there are is the `diagnostics` tool's to say."""
_MESSAGE = 400
"""Characters."""

_Known = list[Diagnostic] | None


async def known(path: Path, scope: Scope) -> _Known:
    """What is said of the file before a change; None where nobody looks at it."""
    return await scope.editors.diagnostics((path,), 0.0)


async def new(path: Path, before: _Known, scope: Scope) -> str:
    """The errors that a change of the file has brought, a paragraph; "" when there are none, or nobody knows."""
    if before is None:
        return ""
    after = await scope.editors.diagnostics((path,), WAIT) or []
    old = Counter(_same(one) for one in before)
    brought: list[Diagnostic] = []
    for one in after:
        if one.severity != "error":
            continue
        if old[_same(one)] > 0:
            old[_same(one)] -= 1
        else:
            brought.append(one)
    if not brought:
        return ""
    more = f"\n[{len(brought) - _NEW} more]" if len(brought) > _NEW else ""
    lines = "".join(f"\n{line(one, scope)}" for one in brought[:_NEW])
    return f"\nNew errors since this change:{lines}{more}"


def line(found: Diagnostic, scope: Scope) -> str:
    """One diagnostic: where, how bad, what, and who says so."""
    place = f"{shown(found.path, scope)}:{found.line}:{found.column}"
    return f"{place}: {found.severity}: {_words(found.message, scope.mask)}{_by(found)}"


def worst_first(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Errors before warnings, each by file and line."""
    rank = {"error": 0, "warning": 1, "information": 2, "hint": 3}
    return sorted(found, key=lambda one: (rank[one.severity], str(one.path), one.line, one.column))


def _same(found: Diagnostic) -> tuple[str, str, str, str]:
    """What makes a diagnostic the same after lines were put in above it."""
    return found.severity, found.message, found.source, found.code


def _words(message: str, mask: Mask) -> str:
    return first_line(" ".join(message.split()), _MESSAGE, mask)


def _by(found: Diagnostic) -> str:
    by = " ".join(filter(None, (found.source, found.code)))
    return f" ({by})" if by else ""

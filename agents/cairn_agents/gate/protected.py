"""The judge of protected paths: what git, Cairn, agents, editors and shells obey is not changed in passing.

It looks at where a path leads and at how it was written: a link may have the harmless name, or the telling one.
"""

import os
import re
from collections.abc import Iterator
from glob import escape
from pathlib import Path

from cairn_agents.gate import names
from cairn_agents.gate.mode import PLAN
from cairn_agents.gate.opinion import Call, Opinion, is_outside
from cairn_memory.events import Risk

RULE = "protected paths"


def judge_protected(call: Call) -> Iterator[Opinion]:
    """Denies changes to what is git's or Cairn's own; asks about what others obey, about secrets and about outside."""
    if call.kind != "write":
        return
    for path in call.plan.paths:
        if call.is_own(path, PLAN):
            continue
        place = call.shown(path)
        parts = [*_parts(place), *_parts(_written(call))]
        if denied := _denied(parts):
            yield Opinion(place, "deny", denied, RULE, "protected")
        elif asked := _asked(parts, place):
            risk, reason = asked
            yield Opinion(place, "ask", reason, RULE, risk, subjects=(escape(place),))


def _denied(parts: list[str]) -> str:
    if part := names.git(parts):
        return f"{part} is git's own; what stands there may run programs. Use git itself with bash"
    if part := names.own(parts):
        return f"{part} is Cairn's own: its settings and memory are not changed as files"
    return ""


def _asked(parts: list[str], place: str) -> tuple[Risk, str] | None:
    if part := names.instructs(parts):
        return "protected", f"{part} tells agents what to do"
    if part := names.editor(parts):
        return "protected", f"{part} configures an editor, which may run what stands there"
    if part := names.starts(parts):
        return "protected", f"{part} is run or obeyed later"
    if os.name == "nt" and (part := names.shortened(parts)):
        return "protected", f"{part} may be another name of a protected file"
    if part := names.secret(parts):
        return "secret", f"{part} may hold secrets"
    return ("outside", f"{place} lies outside the workspace") if is_outside(place) else None


def _parts(place: str) -> list[str]:
    return [part for part in re.split(r"[/\\]", place) if part not in ("", ".")]


def _written(call: Call) -> str:
    """The path as the model wrote it, where it is in the work tree."""
    written = getattr(call.plan.args, "path", "")
    if not isinstance(written, str) or not written:
        return ""
    full = os.path.normpath(os.path.join(call.root, Path(written)))
    return call.shown(Path(full))

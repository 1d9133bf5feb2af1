"""The judge of file calls: what may be read and written, and the rules over it."""

from collections.abc import Iterator, Sequence
from glob import escape
from pathlib import Path

from cairn_agents.gate import names
from cairn_agents.gate.opinion import Call, Opinion, is_outside
from cairn_agents.gate.rules import Rule, decide
from cairn_memory.events import Action, Risk

BUILT_IN = "built-in"


class FileJudge:
    """Reads in the workspace are allowed; writes are asked about; rules may say otherwise, over what is protected too strict."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules

    def __call__(self, call: Call) -> Iterator[Opinion]:
        if call.kind not in ("read", "write"):
            return
        if not call.plan.paths:  # it looks only into what Cairn keeps itself
            yield self._judged(
                call, "", call.plan.title, "allow" if call.kind == "read" else "ask", "read", ""
            )
        for path, place in zip(call.plan.paths, call.places, strict=True):
            action, risk, reason = _base(call, path, place)
            if action == "deny":
                yield Opinion(place, "deny", reason, BUILT_IN, risk)
            else:
                yield self._judged(call, place, place, action, risk, reason)

    def _judged(self, call: Call, subject: str, part: str, base: Action, risk: Risk, reason: str) -> Opinion:
        verdict = decide(self._rules, call.tool, subject, base)
        subjects, general = (escape(subject), subject), risk not in ("secret", "protected")
        if verdict.rule is None:
            return Opinion(part, base, reason, BUILT_IN, risk, subjects, general)
        says = f"the rule `{verdict.rule}` {verdict.action}s{' it' if verdict.action != 'ask' else ''}"
        return Opinion(part, verdict.action, says, str(verdict.rule), risk, subjects, general)


def _base(call: Call, path: Path, place: str) -> tuple[Action, Risk, str]:
    """What holds where no rule speaks; "deny" holds in any case."""
    parts = [part for part in place.split("/") if part]
    if call.kind == "write":
        free = call.is_own(path, "plan.md") or (call.fold.mode == "propose" and not is_outside(place))
        return ("allow" if free else "ask"), _risk_of_write(place), ""
    if call.is_own(path) or _is_blob(call, path):
        return (
            ("allow", "read", "") if call.tool == "read" else ("ask", "protected", "it is Cairn's own folder")
        )
    if names.own(parts) and [names.folded(part) for part in parts[-3:]] and _is_private(parts):
        return "deny", "protected", "it is private to Cairn: use memory, task or history"
    if found := names.secret(parts):
        return "ask", "secret", f"{found} may hold secrets"
    if names.git(parts) and names.folded(parts[-1]) in ("config", "credentials"):
        return "ask", "secret", "git's own settings may hold tokens"
    if is_outside(place):
        return "ask", "outside", f"{place} lies outside the workspace"
    return "allow", "read", ""


def _risk_of_write(place: str) -> Risk:
    return "outside" if is_outside(place) else "write"


def _is_blob(call: Call, path: Path) -> bool:
    """Whole outputs that were too long for a result lie there, and old ones of all sessions."""
    if call.own is not None:
        return path.is_relative_to(call.own.parent) or path.is_relative_to(call.own.parent.parent / "blobs")
    kept = Path(call.root, ".cairn", "local")
    return path.is_relative_to(kept / "blobs") or path.is_relative_to(kept / "sessions")


def _is_private(parts: list[str]) -> bool:
    plain = [names.folded(part) for part in parts]
    return any(plain[number : number + 2] == [".cairn", "local"] for number in range(len(plain)))

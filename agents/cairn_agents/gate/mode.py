"""The judge of modes: plan mode has no effect but its plan file, propose mode none, whatever rules and people say."""

from collections.abc import Iterator

from cairn_agents.gate.opinion import Call, Opinion
from cairn_agents.modes import MODES

PLAN = "plan.md"
"""The file in the session's private folder that plan mode may write."""


def judge_mode(call: Call) -> Iterator[Opinion]:
    """Denies what the session's mode has no room for."""
    mode = MODES[call.fold.mode]
    rule = f"mode {mode.name}"
    if mode.allows(call.kind):
        return
    if call.kind == "run":
        if call.plan.demands:
            yield Opinion(
                call.plan.command, "deny", f"{mode.name} mode has no effects and no network", rule, "run"
            )
        elif not call.analysis.reads_only:
            reason = f"{mode.name} mode only reads: {call.analysis.reason}"
            yield Opinion(call.plan.command, "deny", reason, rule, call.analysis.risk)
        return
    if call.kind == "write" and call.plan.paths and all(call.is_own(path, PLAN) for path in call.plan.paths):
        return
    where = f"{call.shown(call.own / PLAN)}" if call.own else "its plan file"
    yield Opinion(
        call.plan.title, "deny", f"{mode.name} mode allows no {call.tool} but to {where}", rule, "write"
    )

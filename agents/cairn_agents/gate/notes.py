"""The judge of what only Cairn itself keeps: notes, tasks, and what is remembered, by the user's setting for that."""

from collections.abc import Iterator, Sequence
from typing import Literal

from cairn_agents.gate.opinion import Call, Opinion
from cairn_agents.gate.rules import Rule, decide

Remember = Literal["allow", "ask", "deny"]


class NoteJudge:
    """Notes and tasks are allowed. What is remembered follows `memory.remember`: under "ask" it becomes a proposal."""

    def __init__(self, rules: Sequence[Rule], remember: Remember) -> None:
        self._rules = rules
        self._remember: Remember = remember

    def __call__(self, call: Call) -> Iterator[Opinion]:
        if call.kind != "note":
            return
        action = getattr(call.plan.args, "action", "")
        changes = call.tool == "memory" and action in ("remember", "forget")
        risk = "memory" if changes else "read"
        verdict = decide(self._rules, call.tool, action if isinstance(action, str) else "", "allow")
        if verdict.rule is not None:
            says = f"the rule `{verdict.rule}` {verdict.action}s{' it' if verdict.action != 'ask' else ''}"
            yield Opinion(
                call.plan.title, verdict.action, says, str(verdict.rule), risk, subjects=("*",), general=True
            )
        if not changes:
            yield Opinion(call.plan.title, "allow", "", "built-in")
        elif self._remember == "deny":
            reason = "the user's settings let you remember and forget nothing; leave a note instead"
            yield Opinion(call.plan.title, "deny", reason, "setting memory.remember = deny", risk)
        else:
            proposes = "it becomes a proposal to the user" if self._remember == "ask" else ""
            yield Opinion(
                call.plan.title, "allow", proposes, f"setting memory.remember = {self._remember}", risk
            )

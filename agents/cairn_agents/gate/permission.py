"""The gate's judgement on one planned call: mode first, then rules, then what the user granted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.gate.rules import BUILT_IN, Action, Rule, decide
from cairn_agents.modes import MODES
from cairn_agents.tools.base import Arguments, Kind, Plan
from cairn_memory.sessions import SessionFold


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call may run, and why ("" where it needs no reason). `grant` is what an answer "for this session" would allow."""

    action: Action
    reason: str
    rule: str = ""
    grant: str = ""


class Gate:
    """Judges calls. It has no effect and asks nobody: `calls` acts on what it says."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = (*BUILT_IN, *rules)

    def judge(self, tool: str, kind: Kind, plan: Plan[Arguments], fold: SessionFold) -> Decision:
        if not MODES[fold.mode].allows(kind):
            return Decision("deny", f"{fold.mode} mode allows no {tool}", f"mode {fold.mode}")
        action, rule = decide(self._rules, tool, _subjects(plan, Path(fold.root)), shell=kind == "run")
        if action != "ask":
            return Decision(action, f"the rule `{rule}` {action}s it", str(rule))
        grant = _grant(tool, plan, Path(fold.root))
        if grant in fold.grants:
            return Decision("allow", "allowed for this session", f"granted: {grant}")
        if fold.approve_all:
            return Decision("allow", "the run was started with --yes", "--yes")
        reason = "" if rule.origin == BUILT_IN[0].origin else f"the rule `{rule}` asks"
        return Decision("ask", reason, str(rule), grant)


def _subjects(plan: Plan[Arguments], root: Path) -> list[str]:
    if plan.command:
        return [plan.command]
    return [_shown(path, root) for path in plan.paths]


def _shown(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def _grant(tool: str, plan: Plan[Arguments], root: Path) -> str:
    """File tools are granted for the whole workspace, or for one file outside; a command word for word."""
    if plan.command:
        return f"{tool} {plan.command}"
    outside = sorted(shown for shown in _subjects(plan, root) if Path(shown).is_absolute())
    return f"{tool} {' '.join(outside) or 'in the workspace'}"

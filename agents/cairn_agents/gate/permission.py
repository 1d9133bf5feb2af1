"""The gate's judgement on one planned call. Small judges speak, each about one thing; the strictest is heard.

Mode, protected paths, rules, the analysis of commands, and demands beyond the sandbox may each forbid or ask. What
somebody allowed before (a grant, --yes) turns only an "ask" into something else, never a "deny".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from cairn_agents.gate.commands.dangers import WORST, worst
from cairn_agents.gate.covering import covering
from cairn_agents.gate.files import FileJudge
from cairn_agents.gate.mode import judge_mode
from cairn_agents.gate.notes import NoteJudge, Remember
from cairn_agents.gate.opinion import STRICTNESS, Call, Judge, Opinion, is_outside
from cairn_agents.gate.protected import judge_protected
from cairn_agents.gate.rules import Rule
from cairn_agents.gate.shell import ShellJudge, grant_for
from cairn_agents.tools.base import Arguments, Kind, Plan
from cairn_memory.events import Action, Finding, Risk
from cairn_memory.sessions import SessionFold

MOST_FINDINGS = 50
"""Of a longer list the strictest are kept."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call may run, and why ("" where it needs no reason).

    `rule` made it; `grant` is what an answer "from now on" would allow, as grants are written (the tool, a blank,
    a pattern); `risk` is the worst of what the call may do; `findings` are all that was said.
    """

    action: Action
    reason: str
    rule: str = ""
    grant: str = ""
    risk: Risk = "read"
    findings: tuple[Finding, ...] = ()


class Gate:
    """Judges calls. It has no effect and asks nobody: `permit` acts on what it says.

    `own` is the session's private folder, where plan mode may write its plan; `remember` the setting of that name;
    `path` where commands look for programs (the host's own PATH by default).
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        own: Path | None = None,
        remember: Remember = "allow",
        path: str | None = None,
    ) -> None:
        self._own = own
        self._path = path
        self._judges: tuple[Judge, ...] = (
            judge_mode,
            judge_protected,
            FileJudge(rules),
            ShellJudge(rules),
            NoteJudge(rules, remember),
        )

    def call(self, tool: str, kind: Kind, plan: Plan[Arguments], fold: SessionFold) -> Call:
        """The call as the judges see it."""
        return Call(tool, kind, plan, fold, self._own, self._path)

    def opinions(self, call: Call) -> list[Opinion]:
        """What each judge says: at least one opinion."""
        return [opinion for judge in self._judges for opinion in judge(call)]

    def judge(self, tool: str, kind: Kind, plan: Plan[Arguments], fold: SessionFold) -> Decision:
        """The decision on a call that is planned."""
        call = self.call(tool, kind, plan, fold)
        opinions = self.opinions(call)
        risk = worst([opinion.risk for opinion in opinions])
        findings = _findings(opinions)
        decisive = max(opinions, key=_weight)
        if decisive.action != "ask":
            return Decision(decisive.action, decisive.reason, decisive.rule, risk=risk, findings=findings)
        granted = [covering(opinion, tool, fold.grants) for opinion in opinions if opinion.action == "ask"]
        if all(granted):
            reason = "allowed before, by an answer for more than once"
            return Decision("allow", reason, f"granted: {granted[0]}", risk=risk, findings=findings)
        if fold.approve_all:
            return Decision("allow", "the run was started with --yes", "--yes", risk=risk, findings=findings)
        grant = f"{tool} {_grant(call, opinions)}"
        return Decision("ask", decisive.reason, decisive.rule, grant, risk, findings)


def _weight(opinion: Opinion) -> tuple[int, int, bool]:
    """The strictest first; of equals the one about the worst; of those one by a rule, not by nature."""
    return STRICTNESS[opinion.action], WORST.index(opinion.risk), opinion.rule.startswith(("ask ", "deny "))


def _findings(opinions: Sequence[Opinion]) -> tuple[Finding, ...]:
    """What there is to tell: nothing of a call that nobody spoke against."""
    if (
        all(opinion.action == "allow" and opinion.risk == "read" for opinion in opinions)
        and len(opinions) == 1
    ):
        return ()
    kept = sorted(opinions, key=_weight, reverse=True)[:MOST_FINDINGS]
    return tuple(opinion.finding for opinion in opinions if opinion in kept)


def _grant(call: Call, opinions: Sequence[Opinion]) -> str:
    """File tools are offered the whole workspace, or the one file that is outside or special; a command its pattern."""
    if call.kind == "run":
        return grant_for(call, opinions)
    special = [
        o.part
        for o in opinions
        if o.action == "ask" and (is_outside(o.part) or o.risk in ("protected", "secret"))
    ]
    return escape(special[0]) if special else "*"

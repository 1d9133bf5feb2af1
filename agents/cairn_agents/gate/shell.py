"""The judge of shell commands: the analysis of each part, and the rules over it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from glob import escape

from cairn_agents.gate.commands import Part
from cairn_agents.gate.commands.dangers import worst
from cairn_agents.gate.commands.pattern import general_pattern
from cairn_agents.gate.demands import REASONS, RISKS, SUFFIXES, strongest
from cairn_agents.gate.opinion import Call, Opinion
from cairn_agents.gate.rules import Rule, Shell, Verdict, decide, decide_shell
from cairn_agents.tools.base import Demand
from cairn_memory.events import Risk

ANALYSIS = "command analysis"
_UNNAMED = "not known to only read"


class ShellJudge:
    """Composes rules and analysis: rules speak for and against each part, the analysis where they are silent."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules

    def __call__(self, call: Call) -> Iterator[Opinion]:
        if call.kind != "run":
            return
        if not call.plan.command:  # it ends what the session began itself
            yield _by_rule(decide(self._rules, call.tool, "", "allow"), call.plan.title)
            return
        demand = strongest(call.plan.demands)
        suffix = SUFFIXES[demand] if demand else ""
        opinions = list(self._parts(call, suffix))
        if demand is None:
            yield from opinions
            return
        yield from (_with_demand(opinion, demand) for opinion in opinions)
        if all(opinion.rule == ANALYSIS and opinion.action == "allow" for opinion in opinions):
            literal = escape(call.plan.command) + suffix
            yield Opinion(
                call.plan.command,
                "ask",
                REASONS[demand],
                f"demand {demand}",
                RISKS[demand],
                subjects=(literal,),
            )

    def _parts(self, call: Call, suffix: str) -> Iterator[Opinion]:
        """An opinion on each part, and one on the whole where the parts do not say it all."""
        analysis, command = call.analysis, call.plan.command
        clear = not analysis.unclear
        for part in analysis.parts:
            general = clear and part.plain
            shell = Shell(part.text, part.words, command, general, suffix)
            verdict = decide_shell(self._rules, call.tool, shell, "ask" if part.reason else "allow")
            if clear or verdict.rule is not None:  # else the whole is asked about, once
                yield _opinion(part, verdict, command, suffix, general=general)
        if not clear or analysis.whole:
            risk = "destructive" if analysis.whole else analysis.risk
            part = Part(command, (), analysis.reason or analysis.whole, risk, plain=False)
            verdict = decide_shell(self._rules, call.tool, Shell(command, (), command, False, suffix), "ask")
            yield _opinion(part, verdict, command, suffix, general=False)


def _with_demand(opinion: Opinion, demand: Demand) -> Opinion:
    """A part that is asked about, with what the command asks for: who allows it must name that too."""
    if opinion.action != "ask":
        return opinion
    reason = f"{opinion.reason}; {REASONS[demand]}" if opinion.reason else REASONS[demand]
    return replace(opinion, reason=reason, risk=worst((opinion.risk, RISKS[demand])))


def grant_for(call: Call, opinions: Sequence[Opinion]) -> str:
    """The pattern to be offered for "from now on": general where one part asks and may be generalised, else this very command."""
    demand = strongest(call.plan.demands)
    suffix = SUFFIXES[demand] if demand else ""
    literal = escape(call.plan.command) + suffix
    asking = [
        opinion for opinion in opinions if opinion.action == "ask" and opinion.part != call.plan.command
    ]
    if demand == "unsandboxed" or call.analysis.unclear or call.analysis.whole:
        return literal
    parts = {part.text: part for part in call.analysis.parts if part.reason}
    asked = list(dict.fromkeys(opinion.part for opinion in asking)) or list(parts)
    if len(asked) == 1 and (part := parts.get(asked[0])) and part.plain and (found := general_pattern(part)):
        return found + suffix
    return literal


def _opinion(part: Part, verdict: Verdict, command: str, suffix: str, *, general: bool) -> Opinion:
    literal = escape(command) + suffix
    subjects = (literal, part.text + suffix) if general else (literal,)
    if verdict.rule is not None:
        return _by_rule(verdict, part.text, part.risk, subjects, general)
    if verdict.action == "allow":
        return Opinion(part.text, "allow", "it only reads", ANALYSIS)
    return Opinion(part.text, "ask", part.reason or _UNNAMED, ANALYSIS, part.risk, subjects, general)


def _by_rule(
    verdict: Verdict, part: str, risk: Risk = "run", subjects: tuple[str, ...] = (), general: bool = False
) -> Opinion:
    if verdict.rule is None:
        return Opinion(part, verdict.action, "", "built-in", risk if verdict.action != "allow" else "read")
    rule = verdict.rule
    says = f"the rule `{rule}` {rule.action}s{' it' if rule.action != 'ask' else ''}"
    return Opinion(part, rule.action, says, str(rule), risk, subjects, general)

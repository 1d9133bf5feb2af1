"""How a workspace stands, in one line: what waits, the run to speak of, what it has used."""

from cairn_agents.runs import RunInfo, Runs
from cairn_server import words
from cairn_server.protocol.views import Standing
from cairn_server.views.row import LOOKS, cut, lines, short
from cairn_server.views.runs import AT_WORK, current, resumable
from cairn_server.visible import visible

ASKED = 50
"""Approvals that are named; a client asks for one after the other anyway."""
GOAL = 300
NO_RUN = "Cairn: no run yet. Click to give it a task."


def standing(runs: Runs) -> Standing:
    """As things are now. What rests is one record a session: nothing is read for it."""
    waiting, every = runs.approvals(), runs.list()
    info = current(every)
    count = len(waiting)
    waits = f"{words.counted(count, 'approval')} wait{'s' if count == 1 else ''}" if count else ""
    return Standing(
        label=words.joined(waits or (info.state if info else ""), *(_figures(info) if info else ())),
        tooltip=_details(info) if info else NO_RUN,
        icon=LOOKS["waiting"][0] if count else LOOKS[info.state][0] if info else "milestone",
        action="answerApproval" if count else "openRun" if info else "runTask",
        urgent=count > 0,
        approvals=count,
        asked=[request.id for _, request in waiting[:ASKED]],
        badge=f"{words.counted(count, 'approval')} to answer" if count else "",
        active=info is not None and info.state in AT_WORK,
        resumable=any(resumable(each) for each in every),
        runs=len(every),
        updated=info.updated if info else 0,
    )


def _figures(info: RunInfo) -> tuple[str, ...]:
    return f"step {info.steps}", words.percent(info.fill, info.window), words.money(info.cost)


def _details(info: RunInfo) -> str:
    usage = info.usage
    figures = f"{usage.prompt:,} in ({usage.cached:,} from cache), {usage.completion:,} out"
    return lines(
        short(info.goal, GOAL),
        cut(visible(info.reason), GOAL),
        f"Model: {short(info.model, GOAL)}" if info.model else "",
        f"Window: {info.fill:,} of {info.window:,} tokens" if info.window else "",
        f"Tokens: {figures}",
    )

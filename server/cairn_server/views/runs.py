"""The newest sessions. They are held in memory, each as one small record, whatever its log has."""

from cairn_agents.runs import RunInfo
from cairn_server import words
from cairn_server.call import Context
from cairn_server.protocol.views import ViewRow
from cairn_server.views.row import bounded, group, lines, row

SESSIONS = 200
MANY = 20
"""Rows that are better not shown at first."""
AT_WORK = ("running", "waiting")


async def runs(context: Context, session: str) -> list[ViewRow]:
    """Those that work or wait for a person, then those that rest, each the newest first."""
    every = context.runs.list()
    rows = [run_row(info, newest=number == 0) for number, info in enumerate(every[:SESSIONS])]
    active = [each for each in rows if each.state in AT_WORK]
    resting = [each for each in rows if each.state not in AT_WORK]
    earlier = bounded(resting, len(every) - len(rows), "cairn sessions lists all")
    return [*active, *group("earlier", "Earlier", earlier, closed=len(resting) > MANY)]


def current(infos: list[RunInfo]) -> RunInfo | None:
    """The one to speak of: the newest that works or waits, else the newest. `infos` begin with the newest."""
    return next((info for info in infos if info.state in AT_WORK), infos[0] if infos else None)


def run_row(info: RunInfo, newest: bool = False) -> ViewRow:
    """A session as a row."""
    active = info.state in AT_WORK
    kinds = {
        "run": True,
        "active": active,
        "resting": not active,
        "resumable": resumable(info),
        "newest": newest,
    }
    spent = info.usage.prompt + info.usage.completion
    return row(
        info.session,
        info.goal,
        info.state,
        [kind for kind, holds in kinds.items() if holds],
        words.joined(
            info.state,
            f"step {info.steps}",
            words.percent(info.fill, info.window) if active else "",
            words.money(info.cost),
            "" if active else words.since(info.updated),
        ),
        lines(
            info.goal[:500],
            info.reason,
            words.joined(info.mode, info.model),
            words.joined(words.counted(info.steps, "step"), words.used(spent), words.money(info.cost)),
            info.session,
        ),
        action="openRun",
        ref=info.session,
        session=info.session,
    )


def resumable(info: RunInfo) -> bool:
    """Whether it rests and is not done."""
    return info.state not in (*AT_WORK, "done")

"""One session in a list: made from a live session's fold, or from the log's newest events of each kind."""

from dataclasses import dataclass, replace

from cairn_agents.session import Session
from cairn_memory.events import (
    Budget,
    ModelReplied,
    SessionResumed,
    SessionStarted,
    State,
    StateChanged,
    Usage,
)
from cairn_memory.log import EventLog


@dataclass(frozen=True, slots=True)
class RunInfo:
    """`cost` in US dollars, times in Unix milliseconds, `fill` and `window` in tokens, `key` masked."""

    session: str
    goal: str
    root: str
    mode: str
    model: str
    base_url: str
    state: State
    reason: str
    steps: int
    usage: Usage
    cost: float
    window: int
    fill: int
    started: int
    updated: int
    budget: Budget
    key: str = ""

    def resting(self, state: State, reason: str, time: int) -> "RunInfo":
        """The same, come to rest at `time`."""
        return replace(self, state=state, reason=reason, updated=time)


def info_of(session: Session) -> RunInfo:
    """A live session as its fold has it now."""
    fold = session.fold
    return RunInfo(
        session=session.id,
        goal=fold.goal,
        root=fold.root,
        mode=fold.mode,
        model=fold.model,
        base_url=fold.base_url,
        key=fold.key,
        state=fold.state,
        reason=fold.reason,
        steps=fold.steps,
        usage=fold.totals,
        cost=fold.cost,
        window=fold.window,
        fill=session.window.tokens,
        started=fold.started,
        updated=fold.updated,
        budget=fold.budget,
    )


async def infos_from_log(log: EventLog) -> dict[str, RunInfo]:
    """All sessions, without reading them: four look-ups by kind, however long the sessions are."""
    started = await log.newest_of_each(SessionStarted.kind)
    resumed = await log.newest_of_each(SessionResumed.kind)
    states = await log.newest_of_each(StateChanged.kind)
    replies = await log.newest_of_each(ModelReplied.kind)
    found: dict[str, RunInfo] = {}
    for name, event in started.items():
        first = event.payload
        again = resumed[name].payload if name in resumed else None
        state = states[name].payload if name in states else StateChanged(state="running")
        reply = replies[name].payload if name in replies else ModelReplied(step=0)
        if not isinstance(first, SessionStarted) or not isinstance(state, StateChanged):
            continue
        if not isinstance(reply, ModelReplied):
            continue
        now = again if isinstance(again, SessionResumed) else first
        newest = max(each[name].time for each in (started, resumed, states, replies) if name in each)
        found[name] = RunInfo(
            session=name,
            goal=first.goal,
            root=(again.root if isinstance(again, SessionResumed) else "") or first.root,
            mode=first.mode,
            model=now.model,
            base_url=now.base_url,
            key=now.key,
            state=state.state,
            reason=state.reason,
            steps=reply.step,
            usage=reply.totals,
            cost=reply.total_cost,
            window=now.window,
            fill=reply.usage.prompt + reply.usage.completion,
            started=event.time,
            updated=newest,
            budget=now.budget,
        )
    return found

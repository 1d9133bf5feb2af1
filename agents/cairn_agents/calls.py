"""Runs the calls of a reply: plan, gate, log, run, log. Reads go together, effects one after another."""

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.gate.permit import permit
from cairn_agents.model.arguments import BadArguments, parse_arguments
from cairn_agents.prompts import prompt
from cairn_agents.session import Session
from cairn_agents.sources import source_of
from cairn_agents.tools.base import Arguments, Plan, Result, Tool, ToolError
from cairn_agents.tools.masking import first_line
from cairn_memory.bounds import REPLY
from cairn_memory.events import HostMessage, ToolFinished, ToolStarted
from cairn_memory.redact import PLACEHOLDER
from cairn_memory.sessions import PendingCall

logger = logging.getLogger(__name__)

SOON = 0.05
"""Seconds after which a read that still runs is told to those who watch."""

REPEATED = 1_000
"""Characters of a result that is not repeated while it stands in the window."""

SUMMARY = 200
"""Characters."""

STOPPED = Result(
    "The user interrupted this call; it may have had part of its effect.",
    summary="interrupted",
    outcome="interrupted",
)
NOT_RUN = Result(
    "The user interrupted the run before this call; it was not run.", summary="not run", outcome="interrupted"
)


async def drop_calls(session: Session) -> None:
    """Gives every pending call the result that it was not run: the user has new words instead."""
    for pending in list(session.fold.pending.values()):
        await _emit_finished(session, pending, STOPPED if pending.started else NOT_RUN, 0)


@dataclass(frozen=True, slots=True)
class Ready:
    """A call that may run: planned, and let through by the gate's `rule`."""

    pending: PendingCall
    tool: Tool[Arguments]
    plan: Plan[Arguments]
    rule: str


async def run_calls(session: Session) -> None:
    """Gives every pending call a result. The results are emitted; the next request's commit covers them.

    What has an effect runs after the commit that tells of it. Reads do harm to nothing when they
    are lost and run again, so theirs waits for the next one, or until somebody might ask what goes on.
    """
    _expect_changes(session)
    for group in _groups(session):
        prepared = [await _prepare(session, pending) for pending in group]
        ready = [item for item in prepared if isinstance(item, Ready)]
        for item in ready:
            await _record_before(session, item)
        for item in ready:
            _emit_started(session, item)
        if any(item.tool.kind != "read" for item in ready):
            await session.commit()
        results = iter(await _run_all(session, ready))
        for pending, item in zip(group, prepared, strict=True):
            result, ms = next(results) if isinstance(item, Ready) else (item, 0)
            await _emit_finished(session, pending, result, ms, item.plan if isinstance(item, Ready) else None)
            _record_after(session, pending, item)
            if isinstance(item, Ready) and result.background is not None:
                session.emit(
                    session.equipment.processes.watch(session.id, result.background, item.plan.command)
                )
        _tell_instructions(session, ready)


CHANGES = ("write", "run")
"""Kinds of calls that may change files: the state of the work tree is recorded around them."""


def _expect_changes(session: Session) -> None:
    """Begins to record the state before a change while the call is planned and judged."""
    toolbox = session.equipment.toolbox
    if any(toolbox.kind(pending.call.name) in CHANGES for pending in session.fold.pending.values()):
        session.equipment.snapshots.expect()


async def _record_before(session: Session, ready: Ready) -> None:
    if ready.tool.kind in CHANGES:
        effect, call = ready.plan.effect, ready.pending.call.id
        path = Path(effect.path) if effect else None
        existed = effect is not None and bool(effect.before)
        await session.equipment.snapshots.before(
            session.emit, session.fold.steps, call, path, existed=existed
        )


def _record_after(session: Session, pending: PendingCall, item: "Ready | Result") -> None:
    """Of a call that a restart found done only what it wrote itself is known for sure."""
    recovered = isinstance(item, Result) and pending.started is not None and item.effect is not None
    if recovered or (isinstance(item, Ready) and item.tool.kind in CHANGES):
        session.equipment.snapshots.after(
            session.emit, session.fold.steps, pending.call.id, recovered=recovered
        )


def _groups(session: Session) -> Iterator[list[PendingCall]]:
    """Neighbouring reads as one group, any other call alone."""
    reads: list[PendingCall] = []
    for pending in list(session.fold.pending.values()):
        if session.equipment.toolbox.kind(pending.call.name) == "read":
            reads.append(pending)
            continue
        if reads:
            yield reads
            reads = []
        yield [pending]
    if reads:
        yield reads


async def _prepare(session: Session, pending: PendingCall) -> Ready | Result:
    """Parses, recovers, plans and asks the gate: a call ready to run, or its result when it will not."""
    scope, toolbox = session.equipment.scope, session.equipment.toolbox
    key = f"{session.fold.steps}.{pending.index}"
    try:
        args = toolbox.parse(pending.call.name, _arguments(session, pending))
        tool = toolbox.tool(pending.call.name)
        if started := pending.started:
            kept = Plan(key, args, started.title, effect=started.effect, result=started.result)
            if (result := await tool.recover(kept, scope)) is not None:
                return result
        plan = await tool.plan(key, args, scope)
        permitted = await permit(session, pending, tool, plan)
    except (ToolError, BadArguments) as error:
        lost = pending.started is not None
        return Result(
            str(error),
            outcome="interrupted" if lost else "error",
            summary=first_line(str(error), SUMMARY, scope.mask),
        )
    if isinstance(permitted, Result):
        return permitted
    return Ready(pending, tool, plan, permitted)


def _arguments(session: Session, pending: PendingCall) -> dict[str, object]:
    raw = session.raw_arguments.get(pending.call.id)
    if raw is None:
        raw = pending.call.arguments
        if PLACEHOLDER in raw:
            raise BadArguments(
                "the call was not run: its arguments held a secret, which is not kept across a restart; call again"
            )
    if len(raw) > REPLY:
        raise BadArguments(
            f"the call was not run: its arguments are {len(raw):,} characters, at most {REPLY:,} are taken; "
            "split it into several calls"
        )
    return parse_arguments(raw)


def _emit_started(session: Session, ready: Ready) -> None:
    before = ready.pending.started
    session.emit(
        ToolStarted(
            step=session.fold.steps,
            call=ready.pending.call.id,
            name=ready.tool.name,
            title=ready.plan.title,
            attempt=before.attempt + 1 if before else 1,
            rule=ready.rule,
            effect=ready.plan.effect,
            result=ready.plan.result,
        )
    )


async def _run_all(session: Session, ready: list[Ready]) -> list[tuple[Result, int]]:
    """Results with their milliseconds. When the user interrupts, each running call gets a result that says so."""
    tasks = [asyncio.create_task(_run(session, item)) for item in ready]
    watched = asyncio.get_running_loop().call_later(SOON, session.begin_commit)
    try:
        return list(await asyncio.gather(*tasks))
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for item in ready:
            await _emit_finished(session, item.pending, STOPPED, 0, item.plan)
        raise
    finally:
        watched.cancel()


async def _run(session: Session, ready: Ready) -> tuple[Result, int]:
    start, scope = time.perf_counter(), session.equipment.scope
    try:
        result = await ready.tool.run(ready.plan, scope)
    except ToolError as error:
        result = Result(str(error), outcome="error", summary=first_line(str(error), SUMMARY, scope.mask))
    except Exception as error:
        logger.exception("tool %s failed", ready.tool.name)
        result = Result(
            f"{ready.tool.name} failed inside Cairn: {error!r}", outcome="error", summary="internal error"
        )
    return result, round((time.perf_counter() - start) * 1000)


async def _emit_finished(
    session: Session, pending: PendingCall, result: Result, ms: int, plan: Plan[Arguments] | None = None
) -> None:
    whole = None
    if result.whole is not None:
        whole = await asyncio.to_thread(session.equipment.keep_whole, result.whole)
    pointer = f"\n[the whole output: {session.equipment.shown_blob(whole)}]" if whole else ""
    finished = ToolFinished(
        step=session.fold.steps,
        call=pending.call.id,
        name=pending.call.name,
        title=pending.started.title if pending.started else "",
        outcome=result.outcome,
        text=result.text + pointer,
        summary=result.summary,
        whole=whole,
        effect=result.effect,
        exit_code=result.exit_code,
        ms=ms,
        source=_source(session, pending, plan),
    )
    session.emit(_unless_it_stands(session, finished), *result.events)


def _source(session: Session, pending: PendingCall, plan: Plan[Arguments] | None) -> str:
    """After a restart the plan is gone; what was started says it then."""
    if plan is not None:
        return source_of(pending.call.name, plan.paths, session.equipment.scope.root)
    effect = pending.started.effect if pending.started else None
    paths = (Path(effect.path),) if effect else ()
    return source_of(pending.call.name, paths, session.equipment.scope.root) if pending.started else ""


def _unless_it_stands(session: Session, finished: ToolFinished) -> ToolFinished:
    """What was read once is not read again into the same window: a word says that it is unchanged."""
    reads = session.equipment.toolbox.kind(finished.name) == "read"
    if not reads or len(finished.text) < REPEATED or not session.fold.stands(finished):
        return finished
    words = prompt("unchanged").format(size=len(finished.text))
    return finished.model_copy(update={"text": words, "summary": f"{finished.summary}, unchanged"})


def _tell_instructions(session: Session, ready: list[Ready]) -> None:
    """Instructions of a subfolder reach the model when it first touches a file there."""
    for item in ready:
        for path in item.plan.paths:
            for found in session.equipment.instructions.nearby(path):
                if str(found.path) not in session.fold.told:
                    session.emit(HostMessage(text=found.text, about=str(found.path)))

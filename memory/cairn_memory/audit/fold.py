"""The fold behind the audit: calls are followed from what asked for them to how they ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cairn_memory.audit.changed_lines import changed_lines
from cairn_memory.audit.installs import installs
from cairn_memory.audit.row import Row
from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    Event,
    FileVersioned,
    ModelReplied,
    ProcessEnded,
    ProcessStarted,
    StateChanged,
    TaskChanged,
    ToolCall,
    ToolFinished,
    ToolStarted,
)
from cairn_memory.recall.trace import Trace, trace
from cairn_memory.tasks.fold import TaskFold

KINDS = tuple(
    payload.kind
    for payload in (
        ModelReplied, ToolStarted, ToolFinished, ApprovalRequested, ApprovalAnswered, ProcessStarted, ProcessEnded,
        FileVersioned, TaskChanged, StateChanged,
    )
)  # fmt: skip
"""The events that rows are made of."""

OPEN = 500
"""Calls and background commands without an end that are remembered; of older ones only the end is told."""
WHAT = 2_000
"""Characters of a command."""
_DIGITS = 12
"""Of a hash."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call without a result so far, by the event that asked for it."""

    event: Event
    call: ToolCall
    trace: Trace
    started: ToolStarted | None = None
    began: int = 0
    allowed: str = ""
    diff: str = ""
    approval: str = ""
    events: tuple[int, ...] = ()
    cut_off: bool = False


class Audit:
    """The fold. Takes the events of a workspace or of one session in order; bounded however many they are."""

    def __init__(self) -> None:
        self._tasks = TaskFold()
        self._open: dict[tuple[str, str], Call] = {}
        self._background: dict[tuple[str, str], tuple[Event, ProcessStarted]] = {}

    def apply(self, event: Event) -> list[Row]:
        """The rows that are complete with `event`."""
        match event.payload:
            case ModelReplied(calls=calls):
                self._asked(event, calls)
            case ToolStarted() as started:
                self._change(event, started.call, started=started, began=event.time, allowed=started.rule)
            case ApprovalRequested() as asked:
                diff = asked.detail if asked.detail.startswith("--- ") else ""
                self._change(event, asked.call, diff=diff, approval=asked.id)
            case ApprovalAnswered() as answer:
                self._answered(event, answer)
            case ToolFinished() as finished:
                return self._finished(event, finished)
            case ProcessStarted() as process:
                self._background[event.session, process.id] = event, process
                _bound(self._background)
            case ProcessEnded() as process:
                return self._ended(event, process)
            case FileVersioned() as version if version.by in ("agent", "user"):
                return [self._versioned(event, version)]
            case StateChanged(state="interrupted" | "failed"):
                return self._cut_off(event)
            case TaskChanged() as task:
                self._tasks.apply(task, event.session, event.time)
            case _:
                pass
        return []

    def unfinished(self) -> list[Row]:
        """Calls that began and have no result yet, though their session works."""
        at_work = (call for call in self._open.values() if call.started is not None and not call.cut_off)
        return [row for call in at_work for row in self._without_end(call, "unfinished", call.events)]

    def _cut_off(self, event: Event) -> list[Row]:
        """A kill came before the result. When the session is taken up the call gets one, and a row of its own."""
        rows: list[Row] = []
        for key, call in self._open.items():
            if key[0] == event.session and call.started is not None and not call.cut_off:
                rows += self._without_end(call, "cut off", (*call.events, event.seq))
                self._open[key] = replace(call, cut_off=True)
        return rows

    def _without_end(self, call: Call, outcome: str, events: tuple[int, ...]) -> list[Row]:
        none = ToolFinished(step=0, call=call.call.id, name=call.call.name)
        return self._rows(call, replace(call.event, time=call.began), none, outcome, events)

    def _asked(self, event: Event, calls: Sequence[ToolCall]) -> None:
        for call in calls:
            touched = trace(call.name, call.arguments)
            if touched.verb in ("run", "change") or call.name in ("bash", "edit", "write"):
                self._open[event.session, call.id] = Call(event, call, touched, events=(event.seq,))
        _bound(self._open)

    def _change(self, event: Event, call: str, **more: object) -> None:
        known = self._open.get((event.session, call))
        if known is not None:
            events = (*known.events, event.seq)
            if known.allowed.startswith("approved by ") and more.get("allowed") == "approved":
                more["allowed"] = known.allowed
            self._open[event.session, call] = replace(known, events=events, **more)  # pyright: ignore[reportArgumentType]

    def _answered(self, event: Event, answer: ApprovalAnswered) -> None:
        for key, call in self._open.items():
            if key[0] == event.session and call.approval == answer.id:
                by = answer.by or "the user"
                said = {"allow": f"approved by {by}", "session": f"approved by {by} for the session"}
                self._change(event, key[1], allowed=said.get(answer.decision, f"denied by {by}"))
                return

    def _finished(self, event: Event, finished: ToolFinished) -> list[Row]:
        call = self._open.pop((event.session, finished.call), None)
        effect = finished.effect
        if call is None:
            if effect is None or effect.before == effect.after:
                return []
            call = Call(event, ToolCall(id=finished.call, name=finished.name, arguments=""), Trace())
        ran = call.started is not None or finished.origin is not None or finished.title != ""
        if not ran and finished.outcome == "error":
            return []  # it was never begun: its arguments or its plan were wrong
        outcome = finished.outcome if ran or finished.outcome != "interrupted" else "not run"
        return self._rows(call, event, finished, outcome, (*call.events, event.seq))

    def _rows(
        self, call: Call, event: Event, finished: ToolFinished, outcome: str, events: tuple[int, ...]
    ) -> list[Row]:
        origin = finished.origin
        row = Row(
            time=(origin.time if origin else 0) or event.time,
            session=event.session,
            agent=event.agent,
            task=self._task(event.session),
            kind="command",
            what=call.trace.command[:WHAT] or finished.title,
            outcome=outcome,
            allowed=_refused(finished) if outcome == "denied" and not call.allowed else call.allowed,
            events=tuple(sorted(set(events))),
            exit_code=finished.exit_code,
            ms=finished.ms or (max(event.time - call.began, 0) if call.began else 0),
        )
        if call.trace.verb == "run":
            found = installs(call.trace.command)
            return [row, *(replace(row, kind="install", what=each[:WHAT]) for each in found)]
        return self._files(row, call, finished)

    def _files(self, row: Row, call: Call, finished: ToolFinished) -> list[Row]:
        effect = finished.effect or (call.started.effect if call.started else None)
        if effect is None:
            return [replace(row, kind="file", what=path) for path in call.trace.paths]
        if effect.before == effect.after and row.outcome == "ok":
            return []
        added, removed = changed_lines(call.call.arguments, call.diff, effect.before == "")
        return [
            replace(
                row,
                kind="file",
                what=effect.path,
                before=effect.before[:_DIGITS],
                after=effect.after[:_DIGITS],
                added=added,
                removed=removed,
            )
        ]

    def _ended(self, event: Event, process: ProcessEnded) -> list[Row]:
        began, started = self._background.pop((event.session, process.id), (None, None))
        if began is None or started is None:
            return []
        return [
            Row(
                time=event.time,
                session=event.session,
                agent=event.agent,
                task=self._task(event.session),
                kind="command",
                what=started.command[:WHAT],
                outcome="ok" if process.exit_code == 0 else "error" if process.exit_code else "unfinished",
                allowed="the end of a background command",
                events=(began.seq, event.seq),
                exit_code=process.exit_code,
                ms=max(event.time - began.time, 0),
            )
        ]

    def _versioned(self, event: Event, version: FileVersioned) -> Row:
        return Row(
            time=event.time,
            session=event.session,
            agent="user" if version.by == "user" else event.agent,
            task=self._task(event.session),
            kind="file",
            what=version.file,
            outcome="ok",
            allowed=version.reason,
            events=(event.seq,),
            before=version.before[:_DIGITS],
            after=version.content.digest[:_DIGITS],
        )

    def _task(self, session: str) -> str:
        task = self._tasks.current(session)
        return task.id if task else ""


def _refused(finished: ToolFinished) -> str:
    """Why a rule or the mode let a call not run, out of what the model was told."""
    said = finished.text.removeprefix("Denied: ").partition(". Find another way")[0]
    return said[:200] if finished.text.startswith("Denied: ") else "denied"


def _bound(kept: "dict[tuple[str, str], Call] | dict[tuple[str, str], tuple[Event, ProcessStarted]]") -> None:
    while len(kept) > OPEN:
        del kept[next(iter(kept))]

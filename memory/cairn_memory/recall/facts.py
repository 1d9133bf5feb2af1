"""What an agent at work must not lose of its session, folded from the events by code alone.

Cheap an event and bounded however long the session is. Real runs say how a call went (exit code,
effect with hashes); sessions from elsewhere have calls and results only, and serve as well.
"""

from collections import deque
from dataclasses import dataclass, replace

from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    Event,
    HostMessage,
    ModelReplied,
    NoteAdded,
    NoteRemoved,
    Payload,
    ProcessEnded,
    ProcessStarted,
    SessionResumed,
    SessionStarted,
    SideCallReplied,
    StateChanged,
    ToolCall,
    ToolFinished,
    ToolStarted,
    Usage,
    UserMessage,
)
from cairn_memory.recall.names import Names, names_in
from cairn_memory.recall.said import UserWords
from cairn_memory.recall.trace import Trace, trace
from cairn_memory.recall.work import Work

LOOKED_AT = 20_000
"""Characters at each end of an output that are looked at."""
KEPT = 4_000
"""Characters of a result or of the agent's words that are kept for the tail."""
TAIL = 120
"""Moves (words, calls, results) that are kept for the tail."""
SNIPPET = 500
"""Characters of a change's old and new text that are kept after their names were taken."""
OPEN_CALLS = 500
PROCESSES = 50
NOTES = 200

# How much a name gains by being met. Changed counts more than read, read more than searched,
# and all that the agent itself named more than what an output merely showed.
CHANGED, WRITTEN, READ, SEARCHED, RUN = 3.0, 2.0, 1.5, 3.0, 2.0
FOUND, SHOWN, FAILED = 1.0, 0.3, 1.0
BY_USER, BY_AGENT = 3.0, 1.0


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that happened: words of user or agent, or a call with its result ("" while it runs)."""

    event: int
    who: str
    text: str
    call: str = ""
    trace: Trace | None = None
    result: str = ""
    result_event: int = 0
    failed: bool | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    id: str
    command: str
    event: int


class Facts:
    """The fold. `last` is the newest event taken in, `calls` how many tool calls there were.

    `state` is the newest resting place since the user's newest words ("" when there is none), `nudged` the
    event at which the host spoke last.
    """

    def __init__(self) -> None:
        self.goal = ""
        self.root = ""
        self.first = self.last = self.time = 0
        self.state, self.reason = "", ""
        self.nudged = 0
        self.words = UserWords()
        self.names = Names()
        self.work = Work()
        self.moves: deque[Move] = deque(maxlen=TAIL)
        self.plan: tuple[str, ...] = ()
        self.plan_event = 0
        self.notes: deque[tuple[int, str]] = deque(maxlen=NOTES)
        self.processes: dict[str, Process] = {}
        self.approvals: dict[str, tuple[int, str]] = {}
        self.usage = Usage()
        self.cost = 0.0
        self._open: dict[str, Move] = {}
        self._replied = 0

    def apply(self, event: Event) -> None:
        """Take the next event of the session in."""
        self.take(event.seq, event.payload, event.time)

    def take(self, seq: int, payload: Payload, time: int = 0) -> None:
        """The same for a payload that is event `seq`, at `time` (Unix milliseconds)."""
        self.first = self.first or seq
        self.last, self.time = max(self.last, seq), max(self.time, time)
        match payload:
            case UserMessage():
                self._user(seq, payload, time)
            case ModelReplied():
                self._reply(seq, payload)
            case ToolStarted():
                self._started(seq, payload)
            case ToolFinished():
                self._finished(seq, payload, time)
            case _:
                self._other(seq, payload)

    @property
    def calls(self) -> int:
        return self.names.step

    @property
    def running_calls(self) -> list[Move]:
        """Calls of the newest reply that have no result so far; older ones are lost."""
        return [move for move in self._open.values() if move.event == self._replied]

    def _user(self, seq: int, said: UserMessage, time: int) -> None:
        self.words.add(seq, time, said.text)
        self.state, self.reason = "", ""
        self.moves.append(Move(seq, "user", said.text[:KEPT]))
        self._names_of(ends(said.text), BY_USER, seq)

    def _reply(self, seq: int, reply: ModelReplied) -> None:
        self._spent(reply.usage, reply.cost)
        self._replied = seq
        if reply.text.strip():
            self.moves.append(Move(seq, "agent", short(reply.text, KEPT)))
            self._names_of(ends(reply.text), BY_AGENT, seq)
        for call in reply.calls:
            self._call(seq, call)

    def _spent(self, usage: Usage, cost: float) -> None:
        if usage.total:
            self.usage = self.usage + usage
        self.cost += cost

    def _call(self, seq: int, call: ToolCall) -> None:
        seen = trace(call.name, call.arguments)
        self.names.step += 1
        home = seen.paths[0] if seen.paths and seen.verb != "run" else ""
        self._names_of(seen.old, CHANGED, seq, home, used=True)
        self._names_of(seen.new, WRITTEN, seq, home)
        self._names_of(seen.pattern, SEARCHED, seq, seen.where, used=True)
        self._names_of(seen.command, RUN, seq, used=True)
        if seen.where:
            self._names_of(seen.where, SEARCHED, seq, used=True)
        if seen.verb in ("read", "change"):
            self.names.meet(seen.paths, CHANGED if seen.verb == "change" else READ, seq, used=True)
        if seen.plan:
            self.plan, self.plan_event = seen.plan, seq
        if len(seen.old) > SNIPPET or len(seen.new) > SNIPPET:
            seen = replace(seen, old=seen.old[:SNIPPET], new=seen.new[:SNIPPET])
        self._open[call.id] = Move(seq, "call", "", call.name, seen)
        if len(self._open) > OPEN_CALLS:
            del self._open[next(iter(self._open))]

    def _started(self, seq: int, started: ToolStarted) -> None:
        if (move := self._open.get(started.call)) is not None:
            self._open[started.call] = replace(move, text=started.title)

    def _finished(self, seq: int, done: ToolFinished, time: int) -> None:
        move = self._open.pop(done.call, None) or Move(seq, "call", "", done.name, Trace())
        seen = move.trace or Trace()
        failed = True if done.outcome != "ok" or done.exit_code else None
        if done.exit_code == 0 or (seen.verb != "run" and done.outcome == "ok"):
            failed = False
        text = ends(done.text)
        self._worked(seq, seen, done, time, failed, text)
        self._shown(seq, seen, text, bool(failed))
        title, kept = done.title or move.text, short(done.text, KEPT)
        self.moves.append(Move(move.event, "call", title, move.call, seen, kept, seq, failed, done.summary))

    def _worked(
        self, seq: int, seen: Trace, done: ToolFinished, time: int, failed: bool | None, text: str
    ) -> None:
        if done.effect is not None:
            self.work.changed(done.effect.path, seq, time, done.effect.after)
        elif not failed:
            for path in seen.paths:
                (self.work.read if seen.verb == "read" else self.work.changed)(path, seq, time)
        if seen.command:
            self.work.ran(seen.command, seq, failed, done.exit_code, text)
        elif failed:
            self.work.went(seen.paths[0] if seen.paths else done.name, seq, True, text[:2_000])
        elif seen.paths:
            self.work.went(seen.paths[0], seq, False, "")

    def _shown(self, seq: int, seen: Trace, text: str, failed: bool) -> None:
        """Names that a result showed: in a search they were looked for, in a file that was read they are at hand."""
        weight = FAILED if failed else FOUND if seen.verb == "search" else SHOWN
        self._names_of(text, weight, seq, seen.paths[0] if seen.paths and seen.verb != "run" else "")

    def _names_of(self, text: str, weight: float, seq: int, home: str = "", used: bool = False) -> None:
        if not text:
            return
        files, symbols = names_in(text)
        self.names.meet(files, weight, seq, used=used)
        self.names.meet(symbols, weight, seq, home or (files[0] if len(files) == 1 else ""), used)

    def _other(self, seq: int, payload: Payload) -> None:
        match payload:
            case SessionStarted():
                self.goal, self.root = payload.goal, payload.root
            case SessionResumed():
                if payload.root and payload.root != self.root:
                    self.work.move(self.root, payload.root)
                    self.root = payload.root
            case StateChanged():
                self.state, self.reason = payload.state, payload.reason
            case SideCallReplied():
                self._spent(payload.usage, payload.cost)
            case NoteAdded():
                self.notes.append((seq, payload.text))
            case NoteRemoved():
                left = [note for note in self.notes if note[0] != payload.note]
                self.notes = deque(left, maxlen=NOTES)
            case HostMessage():
                self.nudged = seq
            case _:
                self._going_on(seq, payload)

    def _going_on(self, seq: int, payload: Payload) -> None:
        """What begins and ends: approvals and background processes."""
        match payload:
            case ApprovalRequested():
                self.approvals[payload.id] = (seq, payload.title)
            case ApprovalAnswered():
                self.approvals.pop(payload.id, None)
            case ProcessStarted():
                self.processes[payload.id] = Process(payload.id, payload.command[:SNIPPET], seq)
                if len(self.processes) > PROCESSES:
                    del self.processes[next(iter(self.processes))]
            case ProcessEnded():
                self.processes.pop(payload.id, None)
            case _:
                pass


def ends(text: str) -> str:
    """The first and the last LOOKED_AT characters of `text`."""
    if len(text) <= 2 * LOOKED_AT:
        return text
    return text[:LOOKED_AT] + "\n" + text[-LOOKED_AT:]


def short(text: str, limit: int) -> str:
    """`text` within about `limit` characters, cut between lines, most of it from its head."""
    if len(text) <= limit:
        return text
    head, tail = text[: limit * 2 // 3], text[-(limit // 3) :]
    head = head[: head.rfind("\n")] if "\n" in head[limit // 4 :] else head
    tail = tail[tail.find("\n") + 1 :] if "\n" in tail[: limit // 6] else tail
    return f"{head}\n[… {len(text) - len(head) - len(tail):,} characters …]\n{tail}"

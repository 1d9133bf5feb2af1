"""What of a session's log says which changes of files are the agent's: each a pair of states around a call."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from cairn_memory.events import (
    Event,
    Payload,
    ProposalAnswered,
    SessionResumed,
    SessionRewound,
    SessionStarted,
    SnapshotTaken,
    ToolFinished,
    ToolStarted,
)
from cairn_memory.log import EventLog

PAGE = 2_000
KINDS = tuple(
    kind.kind
    for kind in (
        *(SessionStarted, SessionResumed, SessionRewound, SnapshotTaken, ToolStarted, ToolFinished),
        ProposalAnswered,
    )
)


@dataclass(frozen=True, slots=True)
class Span:
    """A change of the agent: from state `before` to `after` (commits), by call `call` of `step`, at event `seq`.

    With `path` (relative) only that file is the agent's doing. Step 0 is a rewind.
    """

    seq: int
    step: int
    call: str
    title: str
    before: str
    after: str
    path: str = ""


@dataclass
class Timeline:
    """The spans of a session in order. `unknown` says of which calls it cannot be told what they changed."""

    spans: list[Span] = field(default_factory=list[Span])
    unknown: list[str] = field(default_factory=list[str])
    root: str = ""
    _open: dict[tuple[int, str], Span] = field(default_factory=dict[tuple[int, str], Span])

    def since(self, event: int) -> list[Span]:
        """Those after event number `event`."""
        return [span for span in self.spans if span.seq > event]

    def state_at(self, event: int) -> str:
        """The state that the agent's work up to event number `event` left (a commit); "" where none is known."""
        earlier = [span.after for span in self.spans if span.seq <= event]
        return earlier[-1] if earlier else next((span.before for span in self.spans), "")

    def take(self, seq: int, payload: Payload) -> None:
        """Takes the next event of the session in."""
        match payload:
            case SessionStarted() | SessionResumed():
                self.root = payload.root or self.root
            case SessionRewound():
                if payload.files and payload.safety and payload.result:
                    self.spans.append(Span(seq, 0, "", "rewind", payload.safety, payload.result))
            case ProposalAnswered():
                if payload.safety and payload.result:
                    title = f"accepted {payload.path}"
                    states = (payload.safety, payload.result)
                    self.spans.append(Span(seq, payload.step, "", title, *states, payload.path))
            case SnapshotTaken():
                self._state(seq, payload)
            case ToolStarted():
                self._named(payload.step, payload.call, title=payload.title or payload.name)
            case ToolFinished():
                if payload.effect is not None:
                    self._named(payload.step, payload.call, path=self._relative(payload.effect.path))
            case _:
                pass

    def end(self) -> "Timeline":
        """Nothing more comes: calls without a state after them stay unknown."""
        self.unknown += [
            f"e{span.seq} {span.title}: it was cut off, so it is not known what it changed"
            for span in self._open.values()
        ]
        self._open.clear()
        return self

    def only(self, commits: Collection[str]) -> "Timeline":
        """The same without spans whose states are kept no more (by age, by size, or as they come from elsewhere)."""
        for span in self.spans:
            if span.before not in commits or span.after not in commits:
                self.unknown.append(f"e{span.seq} {span.title}: what it changed is not kept any more")
        self.spans = [span for span in self.spans if span.before in commits and span.after in commits]
        return self

    def _state(self, seq: int, taken: SnapshotTaken) -> None:
        if taken.after and (span := self._open.pop((taken.step, taken.after), None)):
            if taken.commit:
                self.spans.append(replace(span, after=taken.commit))
            else:
                self.unknown.append(f"e{span.seq} {span.title}: the state after it was not recorded")
        if taken.before:
            if taken.commit:
                self._open[taken.step, taken.before] = Span(
                    seq, taken.step, taken.before, "", taken.commit, ""
                )
            else:
                self.unknown.append(f"e{seq} step {taken.step}: the state before it was not recorded")

    def _named(self, step: int, call: str, *, title: str = "", path: str = "") -> None:
        """What a call is about is told before its end or just after it."""
        if span := self._open.get((step, call)):
            self._open[step, call] = replace(span, title=title or span.title, path=path or span.path)
        elif path and self.spans and (self.spans[-1].step, self.spans[-1].call) == (step, call):
            self.spans[-1] = replace(self.spans[-1], path=path)

    def _relative(self, path: str) -> str:
        try:
            return Path(path).relative_to(self.root).as_posix()
        except ValueError:
            return ""


def timeline(events: Iterable[Event]) -> Timeline:
    """The spans of these events, which are all of one session."""
    made = Timeline()
    for event in events:
        made.take(event.seq, event.payload)
    return made.end()


async def read_timeline(log: EventLog, session: str) -> Timeline:
    """The spans of a session. Raises StoreError."""
    made, since = Timeline(), 0
    while page := await log.read(since, session=session, kinds=KINDS, limit=PAGE):
        for event in page:
            made.take(event.seq, event.payload)
        since = page[-1].seq
    return made.end()

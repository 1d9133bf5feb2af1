"""What happened in the demo, told by the log and by the project itself, and what of it was promised."""

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from cairn_agents.recording import Recording
from cairn_memory.events import Event, ModelReplied, Payload, ToolCall, ToolFinished, ToolStarted, Usage
from cairn_memory.verify import Problem
from cairn_server.demo.watch import Kill
from cairn_server.demo.workspace import SuiteRun

P = TypeVar("P", bound=Payload)

MANY = 60
"""A run worth the name has more steps than this."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing the demo says it shows, and whether it did."""

    text: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the closing table tells. `events` are the session's, from the log; `seconds` all of it took.

    `exported` is the session as Cairn writes it for `cairn replay`; `damage` what was wrong with the log, after the kill and at the end.
    """

    recording: Recording
    exported: Recording
    events: tuple[Event, ...]
    kill: Kill
    next_host: int
    before: SuiteRun
    after: SuiteRun
    changed: tuple[str, ...]
    damage: tuple[Problem, ...]
    seconds: float

    @property
    def replies(self) -> list[ModelReplied]:
        return self._all(ModelReplied)

    @property
    def usage(self) -> Usage:
        """Tokens of all replayed turns together."""
        return sum((reply.usage for reply in self.replies), Usage())

    @property
    def tools(self) -> Counter[str]:
        """How often each tool was called."""
        return Counter(call.name for call in self._calls())

    @property
    def survivor(self) -> ToolFinished | None:
        """The result of the call that ran when the host died."""
        results = (result for result in self._all(ToolFinished) if result.call == self.kill.call)
        return next(results, None)

    @property
    def after_kill(self) -> int:
        """Events that the second host wrote into the session."""
        return sum(event.seq > self.kill.last_seq for event in self.events)

    @property
    def lost(self) -> int:
        """Events a client had been shown before the kill that the log does not hold as they were."""
        kept = {event.seq: event for event in self.events}
        return sum(kept.get(event.seq) != event for event in self.kill.seen)

    @property
    def run_twice(self) -> list[str]:
        """Calls with an effect that were started more than once."""
        started = Counter(
            call.call for call in self._all(ToolStarted) if call.name in ("bash", "edit", "write")
        )
        return [call for call, times in started.items() if times > 1]

    def promises(self) -> list[Promise]:
        """All of them; the demo has failed when one was not kept."""
        said, recorded, exported = (
            [(turn.text, turn.calls) for turn in turns]
            for turns in (self.replies, self.recording.turns, self.exported.turns)
        )
        results = Counter(result.call for result in self._all(ToolFinished))
        half = len(self.recording.turns) / 2
        return [
            Promise("the tests failed before and pass now", not self.before.green and self.after.green),
            Promise(f"the run has more than {MANY} steps", len(said) > MANY),
            Promise("every recorded turn was played once, in order", said == recorded),
            Promise("the host was killed in the middle and another went on", self._killed_near(half)),
            Promise("nothing a client had seen before the kill was lost", not self.lost),
            Promise("the command that ran during the kill has its result", self._survived()),
            Promise("no call with an effect ran twice", not self.run_twice),
            Promise(
                "every call has exactly one result", results == Counter(call.id for call in self._calls())
            ),
            Promise("the session, exported, is the same recording again", exported == recorded),
            Promise("the log is whole, right after the kill and at the end", not self.damage),
        ]

    def _killed_near(self, half: float) -> bool:
        return half * 0.5 < self.kill.step < half * 1.5 and self.kill.host != self.next_host

    def _survived(self) -> bool:
        return self.survivor is not None and self.survivor.outcome == "ok"

    def _calls(self) -> list[ToolCall]:
        return [call for reply in self.replies for call in reply.calls]

    def _all(self, kind: type[P]) -> list[P]:
        return [event.payload for event in self.events if isinstance(event.payload, kind)]

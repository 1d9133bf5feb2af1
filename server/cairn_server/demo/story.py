"""What happened in the demo, told by the log and by the project itself, and what of it was promised."""

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from cairn_agents.recording import Recording
from cairn_agents.roles.writer import ROLE
from cairn_memory.events import (
    CheckpointWritten,
    Event,
    ModelReplied,
    Payload,
    SideCallReplied,
    ToolCall,
    ToolFinished,
    ToolStarted,
    Usage,
)
from cairn_memory.verify import Problem
from cairn_server.demo.meter import Request
from cairn_server.demo.watch import Kill
from cairn_server.demo.windows import Rebuild, rebuilds
from cairn_server.demo.workspace import SuiteRun

P = TypeVar("P", bound=Payload)

MANY = 200
"""A run worth the name has more steps than this."""
WINDOW = 16_384
"""Tokens that the model's window has in the demo: the smallest that one would work with today."""
RULE = "Never touch anything under legacy/"
"""A part of the user's first words, which stand in the recording."""
PROTECTED = "legacy/"
OFTEN = 8
"""So many rebuilds, and checkpoints with a judgement in them, show that it is no accident."""
SPARED = 3
"""So many times the tokens the run would have sent without memory."""


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
    requests: tuple[Request, ...]
    without_memory: int
    seconds: float

    @property
    def rebuilds(self) -> list[Rebuild]:
        return rebuilds(self.events)

    @property
    def checkpoints(self) -> list[CheckpointWritten]:
        return self._all(CheckpointWritten)

    @property
    def judged(self) -> int:
        """Judgements that the writer gave for checkpoints."""
        return sum(reply.role == ROLE and not reply.error for reply in self._all(SideCallReplied))

    @property
    def left_out(self) -> int:
        """Lines of the writer that no checkpoint took, after a look at the log."""
        return sum(len(checkpoint.dropped) for checkpoint in self.checkpoints)

    @property
    def with_rule(self) -> int:
        """Requests in which the rule stood, word for word; those beside the run count, too."""
        return sum(request.rule for request in self.requests)

    @property
    def sent(self) -> int:
        """Tokens of all requests together, those beside the run included; estimated from their bytes."""
        return sum(request.tokens for request in self.requests)

    @property
    def again(self) -> float:
        """The share of all bytes sent that began the request before, too: what a provider's cache can spare."""
        size = sum(request.size for request in self.requests)
        return sum(request.shared for request in self.requests) / size if size else 0.0

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
                "the rule stood word for word in every request",
                bool(self.requests) and self.with_rule == len(self.requests),
            ),
            Promise(
                f"nothing under {PROTECTED} was touched",
                not any(name.startswith(PROTECTED) for name in self.changed),
            ),
            Promise(
                f"more than {OFTEN} rebuilds, each with the user's words whole, before the kill and after it",
                self._rebuilt(),
            ),
            Promise(
                f"no request was larger than the window of {WINDOW:,} tokens",
                all(request.tokens <= WINDOW for request in self.requests),
            ),
            Promise(f"the writer gave more than {OFTEN} judgements for checkpoints", self.judged > OFTEN),
            Promise(
                f"the same run without memory would have sent more than {SPARED} times as much",
                self.without_memory > SPARED * self.sent,
            ),
            Promise(
                "every call has exactly one result", results == Counter(call.id for call in self._calls())
            ),
            Promise("the session, exported, is the same recording again", exported == recorded),
            Promise("the log is whole, right after the kill and at the end", not self.damage),
        ]

    def _rebuilt(self) -> bool:
        found = self.rebuilds
        whole = all(
            (words := each.part("words")).kept and not words.cut and not words.dropped for each in found
        )
        around = any(each.step < self.kill.step for each in found) and any(
            each.step > self.kill.step for each in found
        )
        return len(found) > OFTEN and whole and around

    def _killed_near(self, half: float) -> bool:
        return half * 0.5 < self.kill.step < half * 1.5 and self.kill.host != self.next_host

    def _survived(self) -> bool:
        return self.survivor is not None and self.survivor.outcome == "ok"

    def _calls(self) -> list[ToolCall]:
        return [call for reply in self.replies for call in reply.calls]

    def _all(self, kind: type[P]) -> list[P]:
        return [event.payload for event in self.events if isinstance(event.payload, kind)]

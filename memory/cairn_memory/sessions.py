"""The fold of a session: where it stands, worked out from its events and nothing else.

Each event costs the same however many came before it, so a session of a thousand
steps is as quick as one of ten.
"""

from collections import deque
from dataclasses import dataclass, field
from functools import singledispatchmethod
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    Budget,
    CheckpointStarted,
    CheckpointWritten,
    ContractSet,
    GuardActed,
    HostMessage,
    ModelFailed,
    ModelReplied,
    ModelRequested,
    Payload,
    PermissionGranted,
    PermissionRevoked,
    ProposalAnswered,
    SessionForked,
    SessionResumed,
    SessionRewound,
    SessionStarted,
    SideCallReplied,
    State,
    StateChanged,
    ToolCall,
    ToolFinished,
    ToolStarted,
    Usage,
    UserMessage,
    WindowStarted,
    WorkTreeSeen,
)
from cairn_memory.places import moved

TRAIL = 64
"""How many finished calls are remembered for the guards that look for loops."""

KILLED = "the host stopped in mid-run"
"""Why a session rests that was at work when its host died."""

WINDOW_FULL = "WindowFull"
"""What `model.failed` says when a request was longer than the model's window."""

BACK_OFF = 0.8
"""A request that was refused as too long: the next may be this much of it."""

Turn = Literal["model", "tools", "rest"]
"""Whose turn it is: the model is asked, calls wait to be run, or nothing is left to do."""


@dataclass(slots=True)
class PendingCall:
    """A call of the last reply that has no result yet, `index`th in its reply; `started` when the gate had let it run."""

    call: ToolCall
    index: int
    started: ToolStarted | None = None


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a finished call left for the guards: equal footprints mean the same call with the same result."""

    name: str
    key: bytes
    changed: bool
    """Whether a file is other than before."""


@dataclass(slots=True)
class SessionFold:
    """Where one session stands. `apply` is its only mutator."""

    session: str
    goal: str = ""
    root: str = ""
    mode: Literal["build", "plan", "propose"] = "build"
    model: str = ""
    base_url: str = ""
    key: str = ""
    window: int = 0
    budget: Budget = field(default_factory=Budget)
    approve_all: bool = False
    state: State = "running"
    reason: str = ""
    cause: str = ""
    steps: int = 0
    totals: Usage = field(default_factory=Usage)
    cost: float = 0.0
    started: int = 0
    updated: int = 0
    windows: int = 0
    barren: int = 0
    """Windows begun since the last reply: a rebuild that is followed by another freed nothing."""
    ceiling: int = 0
    """Tokens of the largest request that may still fit, learned from a provider that refused one; 0 when none did."""
    refused: bool = False
    """Whether the provider refused the window as it is."""
    rewound: bool = False
    """Whether the conversation was taken back, or put back, and the next window is to be made without what does not count."""
    forked: SessionForked | None = None
    """Where this session came from."""
    work_tree: WorkTreeSeen | None = None
    marks: int = 0
    """How many marks of the window had been passed when a checkpoint was last begun in it."""
    checkpoint: CheckpointWritten | None = None
    last_usage: Usage = field(default_factory=Usage)
    pending: dict[str, PendingCall] = field(default_factory=dict[str, PendingCall])
    approvals: dict[str, ApprovalRequested] = field(default_factory=dict[str, ApprovalRequested])
    denied: dict[str, str] = field(default_factory=dict[str, str])
    allowed: set[str] = field(default_factory=set[str])
    grants: set[str] = field(default_factory=set[str])
    """What the user allowed for more than once, each as the tool's name, a blank and a pattern."""
    granted: dict[str, PermissionGranted] = field(default_factory=dict[str, PermissionGranted])
    """The events of those grants, as far as they have one."""
    contract: ContractSet | None = None
    """What is answered while nobody is asked, and when to stop."""
    failures: int = 0
    """How many calls failed in a row, up to now."""
    failed: list[ToolCall] = field(default_factory=list[ToolCall])
    """The calls of the newest reply that failed."""
    seen: dict[str, str] = field(default_factory=dict[str, str])
    told: set[str] = field(default_factory=set[str])
    shown: set[bytes] = field(default_factory=set[bytes])
    """Keys of the footprints whose results stand in the window."""
    trail: deque[Footprint] = field(default_factory=lambda: deque(maxlen=TRAIL))
    guard: GuardActed | None = None
    acted: dict[str, GuardActed] = field(default_factory=dict[str, GuardActed])
    """What each guard did last, since the user's last words."""
    worked_ms: int = 0
    last_text: str = ""
    _awaits_model: bool = False
    _asking: bool = False
    _heard: bool = False
    """Whether words came after the request that is under way: its reply does not answer them."""
    _asked: int = 0
    _running_since: int | None = None

    @property
    def turn(self) -> Turn:
        """What comes next. After a kill this alone says where to go on."""
        if self.pending:
            return "tools"
        return "model" if self._awaits_model else "rest"

    def seconds_worked(self, now: int) -> float:
        """Seconds this session was running, up to `now` (Unix milliseconds)."""
        running = max(now - self._running_since, 0) if self._running_since is not None else 0
        return (self.worked_ms + running) / 1000

    def stands(self, result: ToolFinished) -> bool:
        """Whether the same pending call had this very result before, and it stands in the window still."""
        pending = self.pending.get(result.call)
        return pending is not None and _footprint(pending.call, result).key in self.shown

    def apply(self, payload: Payload, time: int) -> None:
        """Takes one event in. Kinds without a meaning for the fold only move `updated`."""
        self.updated = max(self.updated, time)
        self._take(payload, time)

    @singledispatchmethod
    def _take(self, event: Payload, time: int) -> None:
        """Everything else: requests and failures change nothing, the same request simply goes out again."""

    @_take.register
    def _(self, event: SessionStarted, time: int) -> None:
        self.goal, self.root, self.mode = event.goal, event.root, event.mode
        self.model, self.base_url, self.key = event.model, event.base_url, event.key
        self.window, self.budget, self.approve_all = event.window, event.budget, event.approve_all
        self.started = time

    @_take.register
    def _(self, event: SessionResumed, time: int) -> None:
        if (event.model, event.base_url, event.window) != (self.model, self.base_url, self.window):
            self.ceiling = 0
        if event.root and event.root != self.root:
            self._move(event.root)
        self.model, self.base_url, self.key = event.model, event.base_url, event.key
        self.window, self.budget, self.approve_all = event.window, event.budget, event.approve_all
        self.guard = None
        self.failures = 0
        self.failed = []

    @_take.register
    def _(self, event: StateChanged, time: int) -> None:
        if self._running_since is not None:
            self.worked_ms += max(time - self._running_since, 0)
        self._running_since = time if event.state == "running" else None
        self.state, self.reason, self.cause = event.state, event.reason, event.cause

    @_take.register
    def _(self, event: UserMessage | HostMessage, time: int) -> None:
        self._awaits_model = True
        self._heard = self._asking
        if isinstance(event, HostMessage) and event.about:
            self.told.add(event.about)
        if isinstance(event, UserMessage):
            self.trail.clear()
            self.guard = None
            self.acted = {}

    @_take.register
    def _(self, event: WindowStarted, time: int) -> None:
        self.windows = event.number
        self.barren += 1
        self.marks = 0
        self.refused = False
        self.shown.clear()
        if event.covers:
            self.told.clear()  # instructions of folders are told again in the new window
            self.rewound = False
        self.last_usage = Usage()

    @_take.register
    def _(self, event: SessionForked, time: int) -> None:
        self.forked = event

    @_take.register
    def _(self, event: SessionRewound, time: int) -> None:
        """What was about to be done is not done any more; the steps are counted on. Files that were put back are not known."""
        for path in event.files:
            self.seen.pop(str(Path(self.root, path)), None)
        if not event.conversation:
            return
        self.rewound = self._awaits_model = True
        self._asking = self._heard = False
        self.pending, self.approvals, self.denied, self.allowed = {}, {}, {}, set()
        self.trail.clear()
        self.guard, self.acted = None, {}

    @_take.register
    def _(self, event: ModelRequested, time: int) -> None:
        self._asked = event.tokens
        self._asking, self._heard = True, False

    @_take.register
    def _(self, event: ModelFailed, time: int) -> None:
        if event.error == WINDOW_FULL and self._asked:
            self.ceiling = int(min(self._asked, self.ceiling or self._asked) * BACK_OFF)
            self.refused = True

    @_take.register
    def _(self, event: CheckpointStarted, time: int) -> None:
        self.marks = max(self.marks, event.marks)

    @_take.register
    def _(self, event: CheckpointWritten, time: int) -> None:
        self.checkpoint = event

    @_take.register
    def _(self, event: SideCallReplied, time: int) -> None:
        self._spend(event.usage, event.cost)

    @_take.register
    def _(self, event: ModelReplied, time: int) -> None:
        self.steps = event.step
        self.barren = 0
        self.totals, self.cost, self.last_usage = event.totals, event.total_cost, event.usage
        self.last_text = event.text or self.last_text
        self.pending = {call.id: PendingCall(call, index) for index, call in enumerate(event.calls)}
        self.denied, self.allowed, self.failed = {}, set(), []
        self._awaits_model = self._heard
        self._asking = self._heard = False

    @_take.register
    def _(self, event: ToolStarted, time: int) -> None:
        if pending := self.pending.get(event.call):
            pending.started = event

    @_take.register
    def _(self, event: ToolFinished, time: int) -> None:
        pending = self.pending.pop(event.call, None)
        if pending is not None:
            footprint = _footprint(pending.call, event)
            self.trail.append(footprint)
            self.shown.add(footprint.key)
            if event.outcome == "error":
                self.failed.append(pending.call)
        self.failures = self.failures + 1 if event.outcome == "error" else 0
        for approval in [key for key, request in self.approvals.items() if request.call == event.call]:
            del self.approvals[approval]
        if event.effect is not None:
            if event.effect.after:
                self.seen[event.effect.path] = event.effect.after
            else:
                self.seen.pop(event.effect.path, None)
        self._awaits_model = True

    @_take.register
    def _(self, event: WorkTreeSeen, time: int) -> None:
        self.work_tree = event

    @_take.register
    def _(self, event: ApprovalRequested, time: int) -> None:
        self.approvals[event.id] = event

    @_take.register
    def _(self, event: ApprovalAnswered, time: int) -> None:
        request = self.approvals.pop(event.id, None)
        if request is None:
            return
        if event.decision == "deny":
            self.denied[request.call] = event.words
            return
        self.allowed.add(request.call)
        if event.decision in ("session", "always"):
            grant = f"{request.name} {event.pattern}" if event.pattern else request.grant
            self.grants |= {grant} if grant else set()

    @_take.register
    def _(self, event: PermissionGranted, time: int) -> None:
        grant = f"{event.tool} {event.pattern}"
        self.grants.add(grant)
        self.granted[grant] = event

    @_take.register
    def _(self, event: PermissionRevoked, time: int) -> None:
        if (event.tool, event.pattern) == ("*", "*"):
            self._revoke_all()
        grant = f"{event.tool} {event.pattern}"
        self.grants.discard(grant)
        self.granted.pop(grant, None)

    @_take.register
    def _(self, event: ProposalAnswered, time: int) -> None:
        """Neither the file nor what is proposed for it is as the agent knows it."""
        for path in (event.proposed, str(Path(self.root, event.path))):
            self.seen.pop(path, None)

    @_take.register
    def _(self, event: ContractSet, time: int) -> None:
        self.contract = event if event.goal or event.answers else None

    @_take.register
    def _(self, event: GuardActed, time: int) -> None:
        self.guard = self.acted[event.guard] = event
        if event.action == "retry":
            self._awaits_model = True

    def _move(self, root: str) -> None:
        """The work tree lies elsewhere now, and with it what was seen there."""
        seen = {moved(path, self.root, root): digest for path, digest in self.seen.items()}
        self.seen.clear()  # others hold this very mapping
        self.seen.update(seen)
        self.root = root

    def _revoke_all(self) -> None:
        """Nothing counts as allowed any more, not even a call that was about to run."""
        self.grants, self.granted, self.allowed, self.contract = set(), {}, set(), None
        self.approve_all = False
        for pending in self.pending.values():
            pending.started = None

    def _spend(self, usage: Usage, cost: float) -> None:
        """Counts a request beside the loop."""
        self.totals, self.cost = self.totals + usage, self.cost + cost


def _footprint(call: ToolCall, result: ToolFinished) -> Footprint:
    digest = blake2b(digest_size=12)
    for part in (call.name, call.arguments, result.outcome, result.text):
        digest.update(part.encode("utf-8", "replace") + b"\0")
    effect = result.effect
    return Footprint(call.name, digest.digest(), effect is not None and effect.before != effect.after)

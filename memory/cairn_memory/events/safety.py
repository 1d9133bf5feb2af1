"""Events of what may happen and of what is taken back: the gate's decisions, trust, contracts, snapshots, rewinds."""

from typing import ClassVar, Literal

from cairn_memory.bounds import Line, Lines, Text
from cairn_memory.events.base import Part, Payload
from cairn_memory.events.conversation import Budget

Action = Literal["allow", "ask", "deny"]
"""What the gate says of a call: it runs, a person is asked, the model is told no."""

Risk = Literal["read", "write", "run", "network", "outside", "secret", "protected", "destructive", "memory"]
"""The class of what a call may do, by which approvals are answered: the worst of its parts."""


class Finding(Part):
    """What one judge of the gate said of one part of a call: a command of a pipeline, a path, the mode."""

    part: Line
    action: Action
    reason: Line = ""
    rule: Line = ""


class GateDecided(Payload):
    """The gate judged a call before anything happened. `rule` made the decision, `findings` are all that were heard.

    A read that nothing spoke against has none: its `tool.started` names the rule.
    """

    kind: ClassVar[str] = "gate.decided"
    step: int
    call: Line
    name: Line
    action: Action
    risk: Risk
    reason: Line = ""
    rule: Line = ""
    subject: Text = ""
    findings: tuple[Finding, ...] = ()


class PermissionGranted(Payload):
    """From now on calls of `tool` that match `pattern` run unasked: in this session, or in this workspace for good."""

    kind: ClassVar[str] = "permission.granted"
    tool: Line
    pattern: Line
    scope: Literal["session", "workspace"]
    approval: Line = ""
    by: Line = ""


class PermissionRevoked(Payload):
    """A grant is taken back."""

    kind: ClassVar[str] = "permission.revoked"
    tool: Line
    pattern: Line
    by: Line = ""


class TrustChanged(Payload):
    """The user trusts the project's settings with exactly this content (SHA-256), or does so no more."""

    kind: ClassVar[str] = "trust.changed"
    root: Line
    digest: Line
    trusted: bool
    by: Line = ""


class StandingAnswer(Part):
    """What is answered, while nobody is asked, to calls of one class."""

    risk: Risk
    action: Action


class StopRules(Part):
    """When an unattended run comes to rest by itself; 0 and empty stand for never.

    `failures` calls in a row failed; a command that one of the `tests` patterns matches failed; a call of one of
    the classes in `asks` would be asked about; the time `at` is there (Unix milliseconds).
    """

    failures: int = 0
    tests: Lines = ()
    asks: tuple[Risk, ...] = ()
    at: int = 0


class ContractSet(Payload):
    """What a run may do unattended: its goal, when it must stop, what it may use up, and the answers given for the user.

    It holds for the session until another is set; one without goal and answers takes it away. `stop` says in words
    what `stopping` says to code, `file` is where it was read from.
    """

    kind: ClassVar[str] = "contract.set"
    goal: Text
    stop: Lines = ()
    budget: Budget = Budget()
    answers: tuple[StandingAnswer, ...] = ()
    by: Line = ""
    stopping: StopRules = StopRules()
    file: Line = ""

    def answer(self, risk: str) -> Action:
        """What is answered to a question of this class; "ask" leaves it to a person."""
        for each in self.answers:
            if each.risk == risk:
                return each.action
        return "ask"


class SnapshotTaken(Payload):
    """The state of the work tree, kept in a repository of our own. `tree` is its hash, `commit` what holds it there.

    `before` says of which call of `step` it is the state before, `after` of which one after it ("" for none); `left_out`
    names what is not in it, and why. Without a `commit` it could not be recorded, and `left_out` says why.
    """

    kind: ClassVar[str] = "snapshot.taken"
    commit: Line
    tree: Line
    reason: Line = ""
    step: int = 0
    before: Line = ""
    changed: int = 0
    left_out: Lines = ()
    ms: int = 0
    after: Line = ""


class SessionRewound(Payload):
    """Work was taken back to the state of event `to`, or put back: then `undoes` is the event of the rewind.

    `files` were changed for it; `kept` holds later work of the user in the same files. `safety` is the snapshot
    (commit) made just before, `result` the one just after. With `conversation` the next window tells of nothing after `to`; the log keeps all.
    """

    kind: ClassVar[str] = "session.rewound"
    to: int
    files: Lines = ()
    kept: Lines = ()
    safety: Line = ""
    conversation: bool = False
    undoes: int = 0
    by: Line = ""
    result: Line = ""


class SessionForked(Payload):
    """This session begins from `checkpoint` of another, at its event `event`."""

    kind: ClassVar[str] = "session.forked"
    source: Line
    event: int
    checkpoint: int = 0


class Replaced(Part):
    """Lines `start` to `end` of a proposed text became lines `first` to `last` of the next one, counted from 0."""

    start: int
    end: int
    first: int
    last: int


class ProposalMade(Payload):
    """The agent proposed a text for the file `path` (relative to the work tree) instead of writing it.

    `base` and `text` are SHA-256 of the file as it was and as proposed ("" for no file); `reason` is what the model
    said before; `added` and `removed` count the lines of this call's change, `ranges` are where it lies.
    """

    kind: ClassVar[str] = "proposal.made"
    path: Line
    base: Line
    text: Line
    reason: Text = ""
    call: Line = ""
    added: int = 0
    removed: int = 0
    ranges: tuple[Replaced, ...] = ()


class ProposalAnswered(Payload):
    """Somebody accepted or rejected parts of what was proposed for `path`, or edited the proposed text.

    `hunks` are the ids of the parts, `diff` shows them, `words` is the reason given. Of what was accepted `before`
    and `after` are SHA-256 of the file's text as it was and is, `safety` and `result` commits of the two states
    ("" where states are not recorded). `unsaved`: it stands in an open editor, not yet in the file. `proposed` is
    where the proposed text lies, `step` the newest one of the session then, `left` how many parts of the file are still open.
    `ranges` are where a rejection or an edit changed the proposed text.
    """

    kind: ClassVar[str] = "proposal.answered"
    path: Line
    answer: Literal["accepted", "rejected", "edited"]
    hunks: Lines = ()
    diff: Text = ""
    words: Text = ""
    by: Line = ""
    before: Line = ""
    after: Line = ""
    safety: Line = ""
    result: Line = ""
    unsaved: bool = False
    proposed: Line = ""
    left: int = 0
    step: int = 0
    ranges: tuple[Replaced, ...] = ()

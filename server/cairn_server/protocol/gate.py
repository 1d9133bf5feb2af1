"""The gate on the wire: why something was decided, what is allowed for good, contracts, trust, reports."""

from typing import Annotated, Literal

from pydantic import Field

from cairn_agents.gate.drafting import InAdvance
from cairn_memory.events import Action, Budget, Finding, Risk, State, Usage
from cairn_server.protocol.base import Id, Name, Wire

Number = Annotated[int, Field(ge=0, le=2**53)]
Pattern = Annotated[str, Field(min_length=1, max_length=2_000)]


class AskWhy(Wire):
    """`cairn/gate/why`: the decision behind an event, or behind a call of a session (`3.0`, step and place; or its id).

    Without `session` a call is of the newest one.
    """

    event: Number = 0
    call: Annotated[str, Field(max_length=200)] = ""
    session: Id | None = None


class DecisionAnswer(Wire):
    """Who answered the question, and how. `pattern` is what was allowed for more than once, if it was changed."""

    event: int
    decision: str
    by: str
    words: str
    pattern: str


class Decision(Wire):
    """What was decided of one call, and why. `where` says where the rule stands; numbers are 0 where there is no event.

    `change` says, a line each, what would have another outcome. `outcome` is "" for a call without a result.
    """

    session: str
    event: int
    call: str
    name: str
    subject: str
    action: Action
    risk: Risk
    reason: str
    rule: str
    where: str
    findings: list[Finding]
    asked: int
    answer: DecisionAnswer | None
    finished: int
    outcome: str
    change: list[str]


class GrantInfo(Wire):
    """What runs unasked since somebody answered so. `session` is "" for good. Times are Unix milliseconds, 0 for never."""

    tool: str
    pattern: str
    session: str
    since: int
    by: str
    used: int
    last_used: int


class GrantList(Wire):
    """`cairn/gate/grants`: what holds. `cairn/gate/revoke`: what was taken back."""

    grants: list[GrantInfo]
    file: str


class Revoke(Wire):
    """`cairn/gate/revoke`: every grant of this pattern, or of this tool and pattern, also of sessions at work."""

    pattern: Pattern


class AskPast(Wire):
    """`cairn/gate/past`: past calls, of all sessions, that a pattern would have let run unasked.

    With `approval`, an open question, also whether an answer to it may allow that pattern for good.
    """

    tool: Id
    pattern: Pattern
    approval: Id | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 20


class PastCallInfo(Wire):
    """One call, told once however often it was made. `outcome` is that of the newest time."""

    what: str
    session: str
    event: int
    time: int
    times: int
    outcome: str


class PastCalls(Wire):
    """Newest first. `matched` of the `looked` different calls would have run; `refused` says why the pattern may not be.

    `told` says it in one line for a person, with the newest few.
    """

    calls: list[PastCallInfo]
    matched: int
    looked: int
    refused: str
    told: str


class ContractFile(Wire):
    """A contract as its file has it. `file` names it for messages. An empty `text` takes a session's contract away."""

    file: Name = "contract"
    text: Annotated[str, Field(max_length=200_000)]


class ContractShown(Wire):
    """`cairn/gate/contract`: what the contract says, checked, before a run begins with it. Nothing is kept."""

    goal: str
    lines: list[str]


class TermClass(Wire):
    """A class of calls that may be allowed in advance; `picked` when most people do."""

    risk: InAdvance
    label: str
    picked: bool


class TermAnswer(Wire):
    """What may be answered to all that is not allowed in advance."""

    answer: Literal["ask", "deny"]
    label: str


class ContractTerms(Wire):
    """`cairn/gate/terms`: what a contract can be made of (`cairn/gate/draft`), and what is usual."""

    classes: list[TermClass]
    otherwise: list[TermAnswer]
    hours: float
    usd: float


class DraftContract(Wire):
    """`cairn/gate/draft`: a contract of a few answers. `allowed` classes are answered with yes, the others `otherwise`.

    `hours` of work and US dollars (`usd`) at most; 0 leaves that to the settings. Nothing is kept.
    """

    goal: Annotated[str, Field(min_length=1, max_length=64_000)]
    allowed: list[InAdvance] = Field(max_length=20)
    otherwise: Literal["ask", "deny"] = "deny"
    hours: float = Field(default=0, ge=0, le=1_000_000)
    usd: float = Field(default=0, ge=0, le=1_000_000)


class ContractDraft(Wire):
    """The contract to begin a run with, and what it means, a line each."""

    contract: ContractFile
    lines: list[str]


class BeyondInfo(Wire):
    """One thing that a project's settings want beyond tightening; with `trustable` trust makes it hold."""

    key: str
    line: str
    trustable: bool


class TrustShown(Wire):
    """`cairn/trust/show`: the project's settings file. `digest` is "" where there is none.

    `changed`: it was trusted, and says something else now. `since` is Unix milliseconds.
    """

    file: str
    digest: str
    trusted: bool
    changed: bool
    since: int
    beyond: list[BeyondInfo]
    problems: list[str]


class SetTrust(Wire):
    """`cairn/trust/set`: trusts the file while its content hashes to `digest`, as shown; "" trusts it no more."""

    digest: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


class AskReport(Wire):
    """`cairn/gate/report`: of a session; of the newest one by default."""

    session: Id | None = None


class ReportedAnswer(Wire):
    """A question that nobody was asked, or that was denied: what, and why it went so."""

    event: int
    time: int
    name: str
    what: str
    risk: str
    action: str
    why: str


class ReportedTask(Wire):
    """A task with what this session spent on it and all below it; `id` is "" for what belonged to none."""

    id: str
    title: str
    state: str
    note: str
    tokens: int
    cost: float


class ReportedThing(Wire):
    """A file that was changed, or a command that did not end well; how often, and the newest event of it."""

    what: str
    outcome: str
    times: int
    event: int


class ReportedChoice(Wire):
    """Something that waits for the user: an approval, a proposal, a task. `how` is the command that decides it."""

    kind: str
    id: str
    what: str
    how: str


class SessionReport(Wire):
    """One run, for whoever was away. Times are Unix milliseconds, `worked` seconds, costs US dollars.

    `contract` says a line each what was agreed. `more` counts what was left out of a long list.
    """

    session: str
    goal: str
    state: State
    reason: str
    started: int
    ended: int
    worked: float
    steps: int
    usage: Usage
    cost: float
    budget: Budget
    rebuilds: int
    contract: list[str]
    automatic: list[ReportedAnswer]
    denied: list[ReportedAnswer]
    tasks: list[ReportedTask]
    left: list[ReportedChoice]
    files: list[ReportedThing]
    failed: list[ReportedThing]
    more: dict[str, int]

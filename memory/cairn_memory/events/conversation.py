"""Events of a conversation: the user, the model, the calls, and how a session stands."""

from typing import ClassVar, Literal

from cairn_memory.bounds import Line, Lines, Reply, Text
from cairn_memory.events.base import BlobRef, Origin, Part, Payload

State = Literal["running", "waiting", "done", "failed", "budget", "interrupted"]
"""Where a session stands. All but `running` are resting places that can be resumed."""

Outcome = Literal["ok", "error", "denied", "interrupted"]


class Budget(Part):
    """When a run must stop by itself; 0 means no limit. Seconds count only while running."""

    max_steps: int = 0
    max_tokens: int = 0
    max_cost: float = 0.0
    max_seconds: float = 0.0


class Usage(Part):
    """Tokens of one reply. `prompt` includes `cached`, as providers report it: never add the two."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt=self.prompt + other.prompt,
            cached=self.cached + other.cached,
            completion=self.completion + other.completion,
            reasoning=self.reasoning + other.reasoning,
            estimated=self.estimated or other.estimated,
        )

    @property
    def total(self) -> int:
        """Prompt and completion tokens; cached and reasoning tokens are part of those."""
        return self.prompt + self.completion


class ToolCall(Part):
    """One call as the model asked for it. `arguments` is the raw JSON text, never parsed here."""

    id: Line
    name: Line
    arguments: Reply


class FileEffect(Part):
    """What a call does to one file. A hash is SHA-256 of the bytes; "" means there is no file."""

    path: Line
    before: Line
    after: Line


class SessionStarted(Payload):
    """A conversation begins. `root` is the work tree it works in (an absolute path), `key` its masked API key."""

    kind: ClassVar[str] = "session.started"
    goal: Text
    root: Line
    mode: Literal["build", "plan", "propose"] = "build"
    model: Line = ""
    base_url: Line = ""
    key: Line = ""
    window: int = 0
    budget: Budget = Budget()
    approve_all: bool = False
    version: Line = ""


class SessionResumed(Payload):
    """Somebody took the session up again, perhaps with other settings than before.

    `root` is where its work tree lies now, "" for where it was.
    """

    kind: ClassVar[str] = "session.resumed"
    model: Line = ""
    base_url: Line = ""
    key: Line = ""
    window: int = 0
    budget: Budget = Budget()
    root: Line = ""
    approve_all: bool = False


class StateChanged(Payload):
    """The session came to rest or set out again. `reason` is one line for a person."""

    kind: ClassVar[str] = "session.state"
    state: State
    reason: Line = ""
    cause: Line = ""


class UserMessage(Payload):
    """The user's own words."""

    kind: ClassVar[str] = "message.user"
    text: Text
    whole: BlobRef | None = None
    origin: Origin | None = None


class HostMessage(Payload):
    """Words of the harness to the model: a guard's nudge, instructions found in a folder."""

    kind: ClassVar[str] = "message.host"
    text: Text
    whole: BlobRef | None = None
    about: Line = ""
    origin: Origin | None = None


class WindowStarted(Payload):
    """A new physical context. `head` is the blob with its tools and system prompt, kept byte for byte.

    `sources` names the files whose text went in (AGENTS.md, ...); `tokens` is an estimate of the head.
    With `covers` it is a rebuild: the head tells what mattered of the session up to that event, and nothing
    before it is sent any more. `checkpoint` is the one it was made from, `reason` why (limit, exceeded, command).
    """

    kind: ClassVar[str] = "window.started"
    number: int
    head: BlobRef
    tokens: int = 0
    send_reasoning: bool = False
    sources: Lines = ()
    covers: int = 0
    checkpoint: int = 0
    reason: Line = ""


class ModelRequested(Payload):
    """A request goes out. `bytes` is the length of its body."""

    kind: ClassVar[str] = "model.requested"
    step: int
    attempt: int = 1
    model: Line = ""
    bytes: int = 0
    tokens: int = 0


class ModelReplied(Payload):
    """A whole reply; `whole` holds a text too long for the event. `totals` and `total_cost` (US dollars) count the session up to here."""

    kind: ClassVar[str] = "model.replied"
    step: int
    text: Reply = ""
    whole: BlobRef | None = None
    reasoning: Reply = ""
    calls: tuple[ToolCall, ...] = ()
    finish: Line = ""
    model: Line = ""
    usage: Usage = Usage()
    cost: float = 0.0
    totals: Usage = Usage()
    total_cost: float = 0.0
    ms: int = 0
    first_token_ms: int = 0
    origin: Origin | None = None


class ModelFailed(Payload):
    """A request came to nothing. With `retry_in` (seconds) it is tried again, without it is not."""

    kind: ClassVar[str] = "model.failed"
    step: int
    attempt: int = 1
    error: Line = ""
    message: Line = ""
    retry_in: float | None = None


class ToolStarted(Payload):
    """A call is about to run: the gate let it. `effect` and `result` let a restart tell whether it did."""

    kind: ClassVar[str] = "tool.started"
    step: int
    call: Line
    name: Line
    title: Line = ""
    attempt: int = 1
    rule: Line = ""
    effect: FileEffect | None = None
    result: Text = ""


class ToolFinished(Payload):
    """A call's result as the model will see it; `whole` holds what did not fit. `title` is "" for one that never ran.

    `source` says where the text comes from ("file src/a.py", "command", "search"): it is data, nobody's order.
    """

    kind: ClassVar[str] = "tool.finished"
    step: int
    call: Line
    name: Line = ""
    title: Line = ""
    outcome: Outcome = "ok"
    text: Text = ""
    summary: Line = ""
    whole: BlobRef | None = None
    effect: FileEffect | None = None
    exit_code: int | None = None
    ms: int = 0
    source: Line = ""
    origin: Origin | None = None


class ApprovalRequested(Payload):
    """A call waits for a person. `detail` shows what will really happen (a diff, the whole command).

    `grant` is what an answer for more than once would allow from then on: the tool's name, a blank, a pattern.
    `paths` are the resolved paths it touches, `demands` what it wants beyond the sandbox.
    """

    kind: ClassVar[str] = "approval.requested"
    id: Line
    call: Line
    name: Line
    title: Line
    detail: Text = ""
    reason: Line = ""
    grant: Line = ""
    risk: Line = ""
    rule: Line = ""
    paths: Lines = ()
    demands: Lines = ()


class ApprovalAnswered(Payload):
    """The answer: once, for this session, always, or no. `by` names the client, the policy or the contract.

    `pattern` is what an answer for more than once allows from then on of the same tool, when the person changed
    what was offered.
    """

    kind: ClassVar[str] = "approval.answered"
    id: Line
    decision: Literal["allow", "session", "always", "deny"]
    words: Text = ""
    by: Line = ""
    pattern: Line = ""


class GuardActed(Payload):
    """A guard saw something wrong in `step` and acted, for the `count`th time in a row. `left` is what it found left to do."""

    kind: ClassVar[str] = "guard.acted"
    guard: Line
    action: Literal["retry", "nudge", "stop"]
    reason: Line
    step: int = 0
    count: int = 1
    left: int = 0


class NoteAdded(Payload):
    """A note for later. `by` is who left it."""

    kind: ClassVar[str] = "note.added"
    text: Text
    by: Literal["agent", "user"] = "agent"


class NoteRemoved(Payload):
    """The user took the note of event `note` out of notes.md."""

    kind: ClassVar[str] = "note.removed"
    note: int


class ProcessStarted(Payload):
    """A command goes on in the background; its output grows in the file `output`."""

    kind: ClassVar[str] = "process.started"
    id: Line
    command: Text
    pid: int
    output: Line


class ProcessEnded(Payload):
    """A background command is over."""

    kind: ClassVar[str] = "process.ended"
    id: Line
    exit_code: int | None = None


class HostStarted(Payload):
    """A host took the workspace. `problems` is what it found damaged, one line each."""

    kind: ClassVar[str] = "host.started"
    pid: int
    version: Line = ""
    problems: Lines = ()

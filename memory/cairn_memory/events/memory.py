"""Events of what is remembered: tasks, checkpoints, rebuilds, claims, and the versions of their files."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from cairn_memory.bounds import Line, Lines, Numbers, Text, bounded
from cairn_memory.events.base import BlobRef, Part, Payload
from cairn_memory.events.conversation import Usage

TaskState = Literal["open", "in progress", "blocked", "done", "abandoned"]
ClaimKind = Literal["rule", "fact", "decision", "preference", "pitfall"]
ClaimScope = Literal["project", "user"]
By = Literal["user", "agent", "code", "writer"]
"""Who it comes from: a person, the agent at work, the harness, the checkpoint writer."""

RECEIPT_ITEMS = 40
REFS = 100
REF = 200
"""Characters."""


Refs = Annotated[
    tuple[Annotated[str, AfterValidator(lambda text: bounded(text, REF))], ...],
    AfterValidator(lambda refs: refs[:REFS]),
]


class TaskChanged(Payload):
    """A task as it is from now on, whole. `task` is its number (T1.2), which also says its parent.

    `needs` are tasks that must be done before it, `evidence` event numbers that show it is done.
    """

    kind: ClassVar[str] = "task.changed"
    task: Line
    title: Line
    state: TaskState = "open"
    needs: Lines = ()
    criteria: Lines = ()
    evidence: Numbers = ()
    note: Line = ""
    by: By = "agent"


class SideCallReplied(Payload):
    """A reply to a request beside the loop, made for `role`. Its cost counts; the conversation does not have it."""

    kind: ClassVar[str] = "side.replied"
    role: Line
    text: Text = ""
    whole: BlobRef | None = None
    finish: Line = ""
    model: Line = ""
    usage: Usage = Usage()
    cost: float = 0.0
    ms: int = 0
    error: Line = ""


class CheckpointStarted(Payload):
    """A checkpoint is being made of everything up to event `covers`. `marks` of the window's marks were passed then."""

    kind: ClassVar[str] = "checkpoint.started"
    covers: int
    reason: Line = ""
    marks: int = 0


class CheckpointWritten(Payload):
    """A checkpoint stands. `data` is the blob with all of it; with this event it counts, before it there is none.

    `notes` are the events of the notes it took in, `dropped` says what of the judgement was left out and why (untrue, or
    there already), `problem` why there is none in it when the writer failed. `expired` is one whose blob went by age or size.
    """

    kind: ClassVar[str] = "checkpoint.written"
    number: int
    covers: int
    data: BlobRef
    judged: bool = False
    notes: Numbers = ()
    dropped: Lines = ()
    problem: Line = ""
    expired: bool = False
    usage: Usage = Usage()
    cost: float = 0.0
    ms: int = 0


class ReceiptItem(Part):
    """One kind of content in a new window. Counts are of things (messages, claims, results), tokens are estimates."""

    section: Line
    kept: int = 0
    cut: int = 0
    dropped: int = 0
    tokens: int = 0
    budget: int = 0
    refs: Refs = ()
    """What was kept, as a reader can look it up: e123, T1.2, c3fa9, a path."""
    left_out: Refs = ()


class ReceiptWritten(Payload):
    """What went into window `window`, what did not fit, and why. `tokens` of `budget` were used."""

    kind: ClassVar[str] = "window.receipt"
    window: int
    budget: int
    tokens: int
    items: Annotated[tuple[ReceiptItem, ...], AfterValidator(lambda items: items[:RECEIPT_ITEMS])] = ()
    standing: Line = ""


class ClaimRemembered(Payload):
    """A line of MEMORY.md came to be. `claim` is named by its text; `sources` are the events it came from.

    `replaces` names claims that it supersedes.
    """

    kind: ClassVar[str] = "claim.remembered"
    claim: Line
    text: Line
    about: ClaimKind
    scope: ClaimScope = "project"
    sources: Numbers = ()
    replaces: Lines = ()
    by: By = "agent"


class ClaimProposed(Payload):
    """Somebody would have a claim remembered (or forgotten, with `forget`), and the user is to say."""

    kind: ClassVar[str] = "claim.proposed"
    claim: Line
    text: Line
    about: ClaimKind
    scope: ClaimScope = "project"
    sources: Numbers = ()
    replaces: Lines = ()
    forget: bool = False
    reason: Line = ""
    by: By = "agent"


class ClaimAnswered(Payload):
    """The user's answer to a proposal."""

    kind: ClassVar[str] = "claim.answered"
    claim: Line
    accepted: bool
    by: Line = ""


class ClaimKept(Payload):
    """The user looked at a claim and it stays: what was found odd about it is not said again while it is as it is."""

    kind: ClassVar[str] = "claim.kept"
    claim: Line
    scope: ClaimScope = "project"
    by: By = "user"


class ClaimForgotten(Payload):
    """A line left MEMORY.md. `replaced_by` names the claim that supersedes it."""

    kind: ClassVar[str] = "claim.forgotten"
    claim: Line
    text: Line = ""
    scope: ClaimScope = "project"
    reason: Line = ""
    replaced_by: Line = ""
    by: By = "agent"


class FileVersioned(Payload):
    """A memory file has a new version. `file` is its name among the memory files, `content` its bytes from now on.

    `before` is the digest of what was there ("" when there was no file). A version by `user` was found on
    disk, edited by hand, or the user asked for it: `reason` says which.
    """

    kind: ClassVar[str] = "file.versioned"
    file: Line
    number: int
    content: BlobRef
    before: Line = ""
    reason: Line = ""
    by: By = "agent"


class WorkTreeSeen(Payload):
    """How the work tree stood, as git has it. `head` is the commit, `branch` "" when none is checked out; all "" without git.

    `dirty` are files with changes that are in no commit, `files` how many of them there are. `others` are files that
    the session knew and that were other by then (the first digits of their SHA-256, or "gone", then the path),
    `count` how many of those there are: nobody else need have changed them, a command of its own may have.
    """

    kind: ClassVar[str] = "worktree.seen"
    branch: Line = ""
    head: Line = ""
    dirty: Lines = ()
    files: int = 0
    others: Lines = ()
    count: int = 0


class DriftFound(Payload):
    """What changed while the session rested, since checkpoint or event `since`; one line each."""

    kind: ClassVar[str] = "drift.found"
    since: int
    lines: Lines = ()


class SessionImported(Payload):
    """This session comes from a file of another program. `messages` were read, `problems` were left out."""

    kind: ClassVar[str] = "session.imported"
    path: Line
    format: Line
    digest: Line
    messages: int = 0
    problems: Lines = ()


class LogRewritten(Payload):
    """Events before this one were erased or masked on purpose, so many of each, for `reason`."""

    kind: ClassVar[str] = "log.rewritten"
    reason: Line
    erased: int = 0
    changed: int = 0

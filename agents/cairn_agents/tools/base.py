"""What a tool is: it plans without effect, then runs, and after a kill can tell whether it ran.

Two phases, because the gate, the log and a restart all need to know what a call
*will* do before it does it: `plan` reads and checks, the gate judges the plan, the
log keeps it, `run` carries it out, and `recover` compares the plan with the world.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from cairn_agents.editors import NO_EDITORS, Editors
from cairn_memory.blobs import BlobStore
from cairn_memory.events import FileEffect, Outcome, Payload

if TYPE_CHECKING:  # the settings need this module, and the terminal the settings: it must load quickly
    from cairn_agents.sandbox.base import Sandbox
    from cairn_memory.memory import Memory
    from cairn_memory.tasks import Evidence, TaskTree

Kind = Literal["read", "write", "run", "note"]
"""The class of an effect: reads nothing but files, writes files, runs commands, leaves a note."""

Demand = Literal["network", "unsandboxed"]
"""What a command wants beyond the sandbox."""


class ToolError(Exception):
    """The model is told, and may try again: what was tried, what was found, what to do."""


class Arguments(BaseModel):
    """A tool's arguments, flat, as published to the model: the docstring and fields make its schema."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a call may use. `root` is the work tree, `folder` the session's private folder."""

    session: str
    root: Path
    folder: Path
    blobs: BlobStore
    seen: Mapping[str, str] = field(default_factory=dict[str, str])
    """Absolute path -> SHA-256 of the content the agent last read or wrote there."""
    withheld: frozenset[str] = frozenset()
    """Names of the host's environment variables that no command gets, besides those of every model key."""
    output: int = 1_000_000
    """Characters of a command's output that may go into a result: a small window is not to be filled by one."""
    show: Callable[[str], None] = lambda text: None
    """Shows output as it comes (bash); never stored."""
    mask: Callable[[str], str] = lambda text: text
    """Masks secrets. What is stored is masked in any case; a tool does it before it cuts a text, since half
    a secret, or a value without its name, is not known for one any more."""
    tasks: "TaskTree | None" = None
    """The workspace's tasks, shared by its sessions. A tool only asks; what it leaves as `Result.events` changes them."""
    evidence: "Evidence | None" = None
    """What the log can show for a task."""
    memory: "Memory | None" = None
    """What the workspace remembers; None when the user switched that off."""
    remember: Literal["allow", "ask", "deny"] = "allow"
    """What happens when the agent would have something remembered or forgotten."""
    sandbox: "Sandbox | None" = None
    """Where shell commands run; None where they run as the user."""
    editors: Editors = NO_EDITORS
    """What people have open, unsaved work included."""
    proposal: Path | None = None
    """Where changes of files are kept as a proposal; None where they are made."""
    said: Callable[[], str] = lambda: ""
    """The model's newest words: why it makes the call."""
    stop: "Callable[[str], Awaitable[int | None]] | None" = None
    """Ends a background command of the session by its call id and gives its exit code. Raises KeyError."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[A]):
    """What a call will do, worked out without any effect.

    `title` is one line for a person ("edit src/a.py"). `paths` are the absolute,
    resolved paths it touches, for the gate. `command` is the whole shell command.
    `preview` shows a person what will happen (a unified diff). `effect` and `result`
    go into the log before the call runs, so that a restart can tell whether it did.
    """

    call: str
    args: A
    title: str
    paths: tuple[Path, ...] = ()
    command: str = ""
    preview: str = ""
    effect: FileEffect | None = None
    result: str = ""
    data: bytes = field(default=b"", repr=False)
    demands: tuple[Demand, ...] = ()
    basis: str = ""
    """SHA-256 of the content that a change was worked out from, "" for no file."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave: `text` for the model, `summary` one short line for a person.

    `whole` is the full output when `text` is only head and tail of it. `events` are what the call leaves
    in the log besides; they are durable together with the result, or neither is.
    """

    text: str
    summary: str = ""
    outcome: Outcome = "ok"
    effect: FileEffect | None = None
    exit_code: int | None = None
    whole: bytes | Path | None = None
    background: "Background | None" = None
    events: tuple[Payload, ...] = ()


@dataclass(frozen=True, slots=True)
class Background:
    """A command that goes on after its call returned."""

    id: str
    pid: int
    output: Path
    wait: Callable[[], Awaitable[int | None]]
    end: Callable[[], Awaitable[None]]
    """Ends it: asked first, forced after a moment."""


class Tool(Protocol[A]):
    """One tool. Stateless: what a call needs comes in its plan and the scope."""

    name: ClassVar[str]
    kind: ClassVar[Kind]
    Args: type[A]

    async def plan(self, call: str, args: A, scope: Scope) -> Plan[A]:
        """Works out what the call will do. No effect. Raises ToolError."""
        ...

    async def run(self, plan: Plan[A], scope: Scope) -> Result:
        """Carries the plan out. Raises ToolError; cancelling it stops what it started."""
        ...

    async def recover(self, plan: Plan[A], scope: Scope) -> Result | None:
        """After a kill between start and result: the result if the call ran, None if it surely did not.

        Raises ToolError when it cannot be known; the model is then told, and nothing runs again.
        `plan` holds what the log kept: call, args, effect and result.
        """
        ...

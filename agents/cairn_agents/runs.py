"""All sessions of one workspace: what the host asks of the agents, in one object."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cairn_memory.events import ApprovalRequested, Budget, Event, State, Usage
from cairn_memory.log import EventLog
from cairn_memory.places import UserFolders, Workspace

StreamSource = Literal["text", "reasoning", "tool", "output"]
Stream = Callable[[str, int, StreamSource, str], None]
"""session, step, source, text: called as text arrives; must return at once."""


class RunError(Exception):
    """The caller is told: one line with what was asked, what was found, what to do."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a client chose for a run; None leaves it to the configuration (or to the session so far)."""

    model: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    window: int | None = None
    max_steps: int | None = None
    approve_all: bool = False


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One session for a list. `cost` in US dollars, times in Unix milliseconds, `fill` in tokens."""

    session: str
    goal: str
    root: str
    mode: str
    model: str
    state: State
    reason: str
    steps: int
    usage: Usage
    cost: float
    window: int
    fill: int
    started: int
    updated: int
    budget: Budget


class Runs:
    """Starts, resumes, interrupts and lists sessions. One event loop, one instance a workspace."""

    def __init__(self, workspace: Workspace, user: UserFolders, log: EventLog, stream: Stream) -> None: ...

    attended: Callable[[str], bool]
    """Set by the host: whether a client that can answer follows the session. Default: nobody does."""

    async def open(self) -> None:
        """Reads which sessions there are; those that were running when a host died become interrupted."""

    async def start(
        self, prompt: str, root: Path, mode: Literal["build", "plan"] | None, settings: RunSettings
    ) -> tuple[str, int]:
        """A new session works on `prompt`. Returns its id and the event number before its first event.

        The user's words are durable when this returns; the run goes on by itself. Raises RunError.
        """
        ...

    async def resume(self, session: str | None, prompt: str | None, settings: RunSettings) -> tuple[str, int]:
        """A session at rest goes on; to a running one `prompt` is said. Raises RunError."""
        ...

    async def interrupt(self, session: str, cause: str) -> bool:
        """Stops what the session does now and lets it rest as interrupted; False when it rested already."""
        ...

    def find(self, prefix: str) -> str:
        """The one session whose id begins with `prefix`. Raises RunError when there is none or several."""
        ...

    def list(self) -> list[RunInfo]:
        """All sessions, newest first."""
        ...

    def info(self, session: str) -> RunInfo: ...

    def running(self) -> list[RunInfo]:
        """Sessions that work now or wait for a person in mid-step."""
        ...

    def approvals(self) -> list[tuple[Event, ApprovalRequested]]:
        """What waits for a person, oldest first."""
        ...

    async def answer(
        self, approval: str, decision: Literal["allow", "session", "deny"], words: str, by: str
    ) -> bool:
        """Answers an approval; False when it was answered before. Raises RunError for an unknown id."""
        ...

    async def replay_file(self, session: str) -> str:
        """The session as the text of a file that `cairn replay` plays."""
        ...

    def effective_config(self) -> tuple[dict[str, object], list[str], list[str]]:
        """The settings in force (keys masked), the files they came from, and what is wrong with them."""
        ...

    async def close(self) -> None:
        """Interrupts what runs, stops background commands, lets go of the model connections."""

"""What comes over the wire, as far as the terminal looks at it: `protocol.py` without pydantic."""

from typing import Any, Literal, TypedDict

Payload = dict[str, Any]
"""The object that `cairn_memory.events` declares for the event's kind. Fields may be missing."""

Decision = Literal["allow", "session", "always", "deny"]


class Event(TypedDict):
    """One durable event."""

    seq: int
    session: str
    agent: str
    kind: str
    time: int
    payload: Payload


class Chunk(TypedDict):
    """Streamed text: "text", "reasoning", "tool" (a call's name) or "output" of a command."""

    session: str
    step: int
    source: str
    text: str


class Usage(TypedDict):
    prompt: int
    cached: int
    completion: int


class SessionInfo(TypedDict):
    """One session in a list. `cost` is in US dollars, times are Unix milliseconds."""

    session: str
    goal: str
    root: str
    mode: str
    model: str
    state: str
    reason: str
    steps: int
    usage: Usage
    cost: float
    window: int
    fill: int
    started: int
    updated: int
    budget: Payload


class Approval(TypedDict):
    """A call that waits for a person. The payload of `approval.requested` has these fields too."""

    id: str
    call: str
    name: str
    title: str
    detail: str
    reason: str
    grant: str


class HostStatus(TypedDict):
    version: str
    pid: int
    workspace: str
    address: str
    uptime: float
    clients: int
    memory_mb: float
    running: list[SessionInfo]
    background: list[str]
    approvals: int
    model: str
    base_url: str
    sandbox: str
    problems: list[str]

"""The second client of the demo: it follows the run and kills the host at the chosen moment."""

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cairn_agents.recording import Recording
from cairn_memory.events import Event, ToolStarted
from cairn_memory.places import Workspace
from cairn_server.launch import LOOK_AGAIN, find
from cairn_server.terminal.connection import Connection, Lost

HOST_SECONDS = 30.0
"""Until a host must have been started."""


class NotKilled(Exception):
    """The moment for the kill did not come."""


@dataclass(frozen=True, slots=True)
class Kill:
    """The moment the host died: which process it was, what ran, and what a client had been shown."""

    host: int
    session: str
    step: int
    call: str
    title: str
    seen: tuple[Event, ...]

    @property
    def last_seq(self) -> int:
        """The number of the last event that was shown before the kill."""
        return self.seen[-1].seq if self.seen else 0


def step_to_kill(recording: Recording) -> int:
    """The first step after the middle that runs a command: something that a kill can interrupt."""
    middle = len(recording.turns) // 2
    for step, turn in enumerate(recording.turns[middle:], start=middle + 1):
        if any(call.name == "bash" for call in turn.calls):
            return step
    raise NotKilled("the recording runs no command after its middle")


def kill_in_step(workspace: Workspace, step: int) -> Kill:
    """Follows the run of `workspace` and ends its host, with no warning, when a call of `step` runs.

    Blocks until the host is gone. Raises NotKilled when it went by itself, or none came.
    """
    host, connection = _attach(workspace)
    seen: list[Event] = []
    started: tuple[str, ToolStarted] | None = None
    for event in _events(connection):
        seen.append(event)
        payload = event.payload
        if started is None and isinstance(payload, ToolStarted) and payload.step == step:
            started = event.session, payload
            end_process(host)
    connection.close()
    if started is None:
        raise NotKilled(f"the host ended by itself, before step {step}")
    session, call = started
    mine = tuple(event for event in seen if event.session == session)
    return Kill(host, session, step, call.call, call.title, mine)


def event_of(wire: dict[str, Any]) -> Event:
    """An event as clients get it, as the log's own."""
    text = json.dumps(wire["payload"])
    return Event(wire["seq"], wire["session"], wire["agent"], wire["kind"], wire["time"], text)


def end_process(pid: int) -> None:
    """Ends a process so that it can do nothing about it. Windows has one such way, and no name for it."""
    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _attach(workspace: Workspace) -> tuple[int, Connection]:
    """A connection to the host that somebody else is just starting, and its process number."""
    deadline = time.monotonic() + HOST_SECONDS
    while (channel := find(workspace, "rpc", "demo")) is None:
        if time.monotonic() > deadline:
            raise NotKilled(f"no host was there within {HOST_SECONDS:g} seconds")
        time.sleep(LOOK_AGAIN)
    connection = Connection(channel.socket, channel.reader)
    connection.post("cairn/events/subscribe", {"since": 0, "stream": False})
    return channel.pid, connection


def _events(connection: Connection) -> Iterator[Event]:
    """Every event the host shows, until it is gone. What was on its way when it died still comes."""
    while not isinstance(said := connection.inbox.get(), Lost):
        if said.method == "cairn/event":
            yield event_of(said.params["event"])

"""The second client of the demo: it follows the run and kills the host at the chosen moment."""

import json
import os
import signal
import time
from dataclasses import dataclass
from typing import Any

from cairn_agents.recording import Recording
from cairn_memory.events import Event, ToolStarted
from cairn_memory.places import Workspace
from cairn_memory.verify import Problem, verify
from cairn_server.launch import LOOK_AGAIN, find
from cairn_server.terminal.connection import Connection, Lost, Notice


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
    damage: tuple[Problem, ...]
    """What was wrong with the log as the dead host left it."""

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


class Watcher:
    """Follows the run of a workspace and ends its host, with no warning, while a command of `step` prints.

    The first output is the sign that the command really runs; its start is in the log before that.
    """

    def __init__(self, workspace: Workspace, step: int) -> None:
        self._workspace = workspace
        self._step = step
        self._connection: Connection | None = None
        self._given_up = False

    def kill(self) -> Kill:
        """Blocks until the host is gone. Raises NotKilled when it went by itself, or after `give_up`."""
        host, connection = self._attach()
        seen: list[Event] = []
        session = ""
        while not isinstance(said := connection.inbox.get(), Lost):
            if said.method == "cairn/event":
                seen.append(event_of(said.params["event"]))
            elif not session and self._prints(said):
                session = said.params["session"]
                end_process(host)
        damage = tuple(verify(self._workspace.local))  # before a new host may have mended anything
        connection.close()
        mine = tuple(event for event in seen if event.session == session)
        calls = [event.payload for event in mine if isinstance(event.payload, ToolStarted)]
        if not calls:
            raise NotKilled(f"its host was never killed: step {self._step} did not come")
        return Kill(host, session, self._step, calls[-1].call, calls[-1].title, mine, damage)

    def _prints(self, said: Notice) -> bool:
        return said.method == "cairn/stream" and (said.params["step"], said.params["source"]) == (
            self._step,
            "output",
        )

    def give_up(self) -> None:
        """Nothing more will happen: `kill` shall return. May be called from another thread."""
        self._given_up = True
        if self._connection is not None:
            self._connection.close()

    def _attach(self) -> tuple[int, Connection]:
        """A connection to the host that somebody else is just starting, and its process number."""
        while (channel := find(self._workspace, "rpc", "demo")) is None:
            if self._given_up:
                raise NotKilled("no host was there to be killed")
            time.sleep(LOOK_AGAIN)
        self._connection = Connection(channel.socket, channel.reader)
        self._connection.post("cairn/events/subscribe", {"since": 0, "stream": True})
        return channel.pid, self._connection


def event_of(wire: dict[str, Any]) -> Event:
    """An event as clients get it, as the log's own."""
    text = json.dumps(wire["payload"])
    return Event(wire["seq"], wire["session"], wire["agent"], wire["kind"], wire["time"], text)


def end_process(pid: int) -> None:
    """Ends a process so that it can do nothing about it. Windows has one such way, and no name for it."""
    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

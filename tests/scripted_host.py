"""A host that does what a test tells it to, over a real socket: the other end of the terminal client."""

import contextlib
import json
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cairn_memory.places import Workspace
from cairn_server import __version__
from cairn_server.hostfile import HostFile

TOKEN = "token-of-the-test"
SESSION = "261121-abc123"
Params = dict[str, Any]
NO_DRIFT: Params = {"lines": [], "commits": [], "moved": "", "rested": 1_000}


class Refusal(Exception):
    """The host refuses a request, as it would an unknown session."""


class ScriptedHost:
    """Listens from `start` on. Answers come from `answers`; `emit` makes an event, for whoever subscribed."""

    def __init__(self, workspace: Workspace, version: str = __version__) -> None:
        self.workspace = workspace
        self.version = version
        self.events: list[Params] = []
        self.calls: list[tuple[str, Params]] = []
        self.clients: list[Params] = []
        self.answers: dict[str, Callable[[Params], Any]] = {
            "cairn/run/start": lambda params: {"session": SESSION, "since": self.last_seq},
            "cairn/run/resume": lambda params: {"session": SESSION, "since": self.last_seq},
            "cairn/run/interrupt": lambda params: {"interrupted": True},
            "cairn/session/list": lambda params: {"sessions": self.sessions},
            "cairn/session/show": self._show,
            "cairn/session/drift": lambda params: NO_DRIFT | {"session": params["session"]},
            "cairn/approval/list": lambda params: {"approvals": []},
            "cairn/approval/answer": lambda params: {"accepted": True},
            "cairn/host/status": lambda params: self.status(),
            "cairn/host/stop": lambda params: {"stopped": True, "running": [], "background": []},
        }
        self.sessions: list[Params] = []
        self.status_of: Params = {}
        """Replaces parts of what `cairn/host/status` says."""
        self.after: dict[str, Callable[[Params], None]] = {}
        """Called after a method was answered: what it sets in motion."""
        self._called: SimpleQueue[tuple[str, Params]] = SimpleQueue()
        self._folder = Path(tempfile.mkdtemp(prefix="cairn-"))
        self._socket = socket.socket(socket.AF_UNIX)
        self._following: list[socket.socket] = []
        self._open: list[socket.socket] = []
        self._lock = threading.RLock()

    @property
    def last_seq(self) -> int:
        return len(self.events)

    def start(self) -> None:
        self.workspace.create()
        self._socket.bind(str(self._folder / "s"))
        (self._folder / "s").chmod(0o600)
        self._socket.listen()
        HostFile(f"unix:{self._folder / 's'}", os.getpid(), TOKEN, self.version).write(self.workspace.local)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Goes away as a killed host does: sockets close, `host.json` stays."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.cut()
        shutil.rmtree(self._folder, ignore_errors=True)

    def cut(self) -> None:
        """Cuts all clients, as a host does with those that take nothing of what they are sent."""
        there, self._open = self._open, []  # whoever comes meanwhile stays
        for each in there:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def emit(self, kind: str, session: str = SESSION, time: int = 1_000, **payload: Any) -> None:
        """One more event, sent to those who follow."""
        with self._lock:
            event = {
                "seq": self.last_seq + 1,
                "session": session,
                "agent": "",
                "kind": kind,
                "time": time,
                "payload": payload,
            }
            self.events.append(event)
            self._notify("cairn/event", {"event": event})

    def stream(self, source: str, text: str, step: int = 1) -> None:
        with self._lock:
            self._notify("cairn/stream", {"session": SESSION, "step": step, "source": source, "text": text})

    def called(self, method: str, seconds: float = 20.0) -> Params:
        """The params of the next call of `method`; waits for it."""
        while True:
            name, params = self._called.get(timeout=seconds)
            if name == method:
                return params

    def status(self) -> Params:
        return {
            "version": self.version,
            "protocol": 1,
            "pid": os.getpid(),
            "workspace": str(self.workspace.home),
            "address": "unix:somewhere",
            "uptime": 61.0,
            "clients": 1,
            "last_seq": self.last_seq,
            "memory_mb": 61.4,
            "running": [each for each in self.sessions if each["state"] in ("running", "waiting")],
            "background": [],
            "approvals": 0,
            "model": "m1",
            "base_url": "http://localhost:1/v1",
            "sandbox": "none",
            "problems": [],
        } | self.status_of

    def _show(self, params: Params) -> Params:
        events = [
            each
            for each in self.events
            if each["session"] == params["session"] and each["seq"] > params["since"]
        ]
        return {"events": events[: params["limit"]], "more": len(events) > params["limit"]}

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                channel, _ = self._socket.accept()
                self._open.append(channel)
                threading.Thread(target=self._serve, args=(channel,), daemon=True).start()

    def _serve(self, channel: socket.socket) -> None:
        with channel, channel.makefile("rb") as reader, contextlib.suppress(OSError, ValueError):
            hello = json.loads(reader.readline())
            self.clients.append(hello)
            if hello["token"] != TOKEN:
                _send(channel, {"error": "the token is not this host's"})
                return
            _send(channel, {"cairn": 1, "version": self.version, "pid": os.getpid()})
            if hello["face"] == "lsp":
                while data := reader.read1(65_536):
                    channel.sendall(data.upper())
                return
            for line in reader:
                self._answer(channel, json.loads(line))

    def _answer(self, channel: socket.socket, message: Params) -> None:
        method, params = message["method"], message["params"]
        reply: Params = {"jsonrpc": "2.0", "id": message["id"]}
        with self._lock:
            self.calls.append((method, params))
            try:
                if method == "cairn/events/subscribe":
                    self._following.append(channel)
                    result = {"last_seq": self.last_seq}
                else:
                    result = self.answers[method](params)
                _send(channel, reply | {"result": result})
            except Refusal as refusal:
                _send(channel, reply | {"error": {"code": -32001, "message": str(refusal)}})
            if method == "cairn/events/subscribe":
                for event in self.events[params["since"] :]:
                    _send(channel, {"jsonrpc": "2.0", "method": "cairn/event", "params": {"event": event}})
            self._called.put((method, params))
            self.after.get(method, lambda params: None)(params)

    def _notify(self, method: str, params: Params) -> None:
        for channel in self._following:
            with contextlib.suppress(OSError):
                _send(channel, {"jsonrpc": "2.0", "method": method, "params": params})


def _send(channel: socket.socket, message: Params) -> None:
    channel.sendall(json.dumps(message).encode("utf-8") + b"\n")


@contextlib.contextmanager
def scripted_host(workspace: Workspace, version: str = __version__) -> Generator[ScriptedHost]:
    """A host that listens within the block."""
    host = ScriptedHost(workspace, version)
    host.start()
    try:
        yield host
    finally:
        host.stop()


def session_info(session: str = SESSION, state: str = "running", **other: Any) -> Params:
    """What the host says of one session in a list."""
    return {
        "session": session,
        "goal": "make it green",
        "root": "/w",
        "mode": "build",
        "model": "m1",
        "state": state,
        "reason": "",
        "steps": 3,
        "usage": {"prompt": 1_200, "cached": 0, "completion": 34},
        "cost": 0.0123,
        "window": 10_000,
        "fill": 1_234,
        "started": 1_000,
        "updated": 2_000,
        "budget": {"max_steps": 0},
    } | other

"""The client's end of the plain face: JSON-RPC 2.0, one message a line, over a blocking socket."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from io import BufferedReader
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from cairn_server.terminal.exits import FAILED, USAGE, CommandFailed

LONGEST_LINE = 64_000_000
"""Bytes of one message; the longest a host sends is a page of events of 4 MB."""
PATIENCE = 30.0
"""Seconds to wait for the answer to a request."""
REFUSED = (-32001, -32602)
"""Error codes that mean: not as you asked for it. Anything else is the host's own trouble."""


class Notice(NamedTuple):
    """The host tells something by itself."""

    method: str
    params: dict[str, Any]


class Lost(NamedTuple):
    """The connection ended, for `reason`. Comes once, last."""

    connection: "Connection"
    reason: str


Inbox = SimpleQueue[Any]
"""Where notices go, and whatever else its reader waits for."""

Dial = Callable[[bool], "Connection | None"]
"""Reaches the workspace's host. `dial(True)` starts one where none runs, `dial(False)` gives None then."""


class HostLost(CommandFailed):
    """The connection ended in the middle of a request; whoever follows a run connects again."""


class Connection:
    """Requests from any thread; what the host says by itself goes to `inbox`, from a thread of its own."""

    def __init__(self, channel: socket.socket, reader: BufferedReader) -> None:
        self.inbox: Inbox = SimpleQueue()
        self._socket = channel
        self._reader = reader
        self._sending = threading.Lock()
        self._replies: dict[int, SimpleQueue[dict[str, Any] | None]] = {}
        self._last_id = 0
        self._lost = ""
        threading.Thread(target=self._read, name="host", daemon=True).start()

    def request(self, method: str, params: dict[str, Any] | None = None, seconds: float = PATIENCE) -> Any:
        """The result of a method. Raises CommandFailed with the host's own words, HostLost when it is gone."""
        answer: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        number = self._send(method, params, answer)
        try:
            reply = answer.get(timeout=seconds)
        except Empty:
            raise CommandFailed(f"the host did not answer {method} within {seconds:g} seconds") from None
        finally:
            self._replies.pop(number, None)
        if reply is None:
            raise HostLost(f"the host went away ({self._lost})")
        if error := reply.get("error"):
            code = USAGE if error.get("code") in REFUSED else FAILED
            raise CommandFailed(str(error.get("message", error)), code)
        return reply.get("result")

    def post(self, method: str, params: dict[str, Any]) -> None:
        """Sends a request and does not wait for its answer. A lost connection is told by `Lost`."""
        with contextlib.suppress(HostLost):
            self._send(method, params, None)

    def pass_notices_to(self, inbox: Inbox) -> None:
        """From now on notices go to `inbox`. Call it before the first subscription."""
        self.inbox = inbox

    def close(self) -> None:
        """Leaves; what runs in the host goes on."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send(
        self, method: str, params: dict[str, Any] | None, answer: SimpleQueue[dict[str, Any] | None] | None
    ) -> int:
        with self._sending:
            self._last_id += 1
            number = self._last_id
            if answer is not None:
                self._replies[number] = answer
            message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
            if self._lost:
                raise HostLost(f"the host went away ({self._lost})")
            try:
                self._socket.sendall(json.dumps(message).encode("utf-8") + b"\n")
            except OSError as error:
                raise HostLost(f"the host went away ({error})") from error
        return number

    def _read(self) -> None:
        reason = "it closed the connection"
        try:
            while line := self._reader.readline(LONGEST_LINE):
                if not line.endswith(b"\n"):
                    long = len(line) >= LONGEST_LINE
                    reason = (
                        f"a message is longer than {LONGEST_LINE} bytes" if long else "half a message came"
                    )
                    break
                self._take(json.loads(line))
        except OSError as error:
            reason = str(error)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            reason = f"it talks nonsense: {error}"
        with self._sending:
            self._lost = reason
            waiting = list(self._replies.values())
        for answer in waiting:
            answer.put(None)
        self._reader.close()
        self.inbox.put(Lost(self, reason))

    def _take(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self.inbox.put(Notice(message["method"], message.get("params") or {}))
        elif answer := self._replies.get(message.get("id", 0)):
            answer.put(message)

"""The client's end of the wire, against hosts that do not behave."""

import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from cairn_server.terminal import connection as wire
from cairn_server.terminal.connection import Connection, HostLost, Lost, Notice
from cairn_server.terminal.exits import FAILED, USAGE, CommandFailed

Answering = Callable[[bytes], Connection]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A connection whose host answers the first request with these bytes, and then leaves."""
    threads: list[threading.Thread] = []
    connections: list[Connection] = []

    def connect(answer: bytes) -> Connection:
        ours, theirs = socket.socketpair()

        def host() -> None:
            with theirs, theirs.makefile("rb") as reader:
                reader.readline()
                theirs.sendall(answer)

        threads.append(threading.Thread(target=host))
        threads[-1].start()
        connections.append(Connection(ours, ours.makefile("rb")))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()
    for thread in threads:
        thread.join(10)


def message(**fields: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **fields}).encode("utf-8") + b"\n"


NOTICE = message(method="cairn/event", params={"event": 1})


def test_an_answer_finds_its_question_among_notices_and_other_answers(answering: Answering) -> None:
    connection = answering(
        NOTICE + message(id=7, result="of nobody") + message(id=1, result={"x": 1}) + NOTICE
    )
    assert connection.request("a/method") == {"x": 1}
    assert [connection.inbox.get(timeout=10) for _ in range(2)] == [Notice("cairn/event", {"event": 1})] * 2
    assert isinstance(connection.inbox.get(timeout=10), Lost)


@pytest.mark.parametrize(
    ("code", "exit_code"), [(-32001, USAGE), (-32602, USAGE), (-32603, FAILED), (-32601, FAILED)]
)
def test_an_error_is_told_in_the_hosts_words(answering: Answering, code: int, exit_code: int) -> None:
    connection = answering(message(id=1, error={"code": code, "message": "no such thing"}))
    with pytest.raises(CommandFailed, match=r"^no such thing$") as raised:
        connection.request("a/method")
    assert raised.value.code == exit_code


@pytest.mark.parametrize(
    "answer", [b"", b'{"half": ', b"no json\n", b"[]\n", b'{"id": []}\n', b"[" * 100_000 + b"\n"]
)
def test_a_host_that_goes_or_talks_nonsense_ends_the_connection(answering: Answering, answer: bytes) -> None:
    connection = answering(answer)
    with pytest.raises(HostLost):
        connection.request("a/method")
    assert isinstance(connection.inbox.get(timeout=10), Lost)
    with pytest.raises(HostLost):
        connection.request("another/method")
    connection.post("a/third", {})


def test_a_line_has_a_bound(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LONGEST_LINE", 1_000)
    connection = answering(message(id=1, result="x" * 1_000))
    with pytest.raises(HostLost, match="longer than 1000 bytes"):
        connection.request("a/method")


def test_a_host_that_says_nothing_is_not_waited_for_forever() -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, ours.makefile("rb"))
    with theirs, pytest.raises(CommandFailed, match=r"did not answer a/method within 0\.01 seconds"):
        connection.request("a/method", seconds=0.01)
    connection.close()

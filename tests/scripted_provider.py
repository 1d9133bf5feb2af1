"""A model endpoint that says what a test scripted, well or badly: real HTTP on loopback, no model.

    async with ScriptedProvider([call("read", path="a.py"), say("done")]) as provider:
        ... provider.url, provider.requests

A turn is `say(...)`, `call(...)` or `calls(...)`, an HTTP status, the name of a fault
in `FAULTS`, or a function of the number of the request. Requests beside the loop (those
with a tool_choice or a response_format) are kept apart, in `side_requests`, and get the
turns of `side`, which may also be `judgement(...)` and `Refusal(...)`. As a process of its own:
`python scripted_provider.py TURNS.json`, which prints its URL on the first line.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

Piece = bytes | None | float
"""Bytes to send; None breaks the connection; a number waits so many seconds."""


@dataclass(frozen=True)
class Turn:
    """One reply, as the pieces of its stream."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Refusal:
    """An HTTP status with what the provider says of it."""

    status: int
    message: str


Script = Turn | Refusal | int | str
Choose = Callable[[int], Script]
ChooseSide = Callable[["Request"], "Script | Awaitable[Script]"]


def event(value: object) -> bytes:
    """One server-sent event."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return b"data: " + data + b"\n\n"


def chunk(finish: str | None = None, **delta: Any) -> bytes:
    """One chunk of a streamed completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "c", "object": "chat.completion.chunk", "model": "scripted", "choices": [choice]})


def usage(prompt: int, completion: int, cached: int = 0) -> bytes:
    counted = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return event(
        {"id": "c", "object": "chat.completion.chunk", "model": "scripted", "choices": [], "usage": counted}
    )


DONE = event(b"[DONE]")


def say(text: str, finish: str = "stop") -> Turn:
    """A reply of text, in two pieces."""
    half = len(text) // 2
    pieces = [chunk(role="assistant", content=text[:half]), chunk(content=text[half:])]
    return Turn((*pieces, chunk(finish), usage(100, 10), DONE))


def judgement(*deltas: dict[str, Any]) -> Turn:
    """The checkpoint writer's answer, with these deltas."""
    return say(json.dumps({"deltas": deltas}))


def delta(section: str, text: str, *events: int, **more: Any) -> dict[str, Any]:
    """One delta of a judgement."""
    standard = {
        "section": section,
        "action": "add",
        "text": text,
        "events": events,
        "quote": "",
        "target": "",
    }
    return {**standard, **more}


def call(name: str, /, **arguments: Any) -> Turn:
    """A reply that calls one tool."""
    return calls((name, arguments))


def calls(*wanted: tuple[str, dict[str, Any]], text: str = "") -> Turn:
    """A reply that calls several tools, the arguments in pieces as providers stream them."""
    pieces: list[Piece] = [chunk(role="assistant", content=text)] if text else []
    for index, (name, arguments) in enumerate(wanted):
        raw = json.dumps(arguments)
        pieces.append(_call_piece(index, raw[:7], id=f"c{index}", type="function", name=name))
        pieces.append(_call_piece(index, raw[7:]))
    return Turn((*pieces, chunk("tool_calls"), usage(100, 10), DONE))


def _call_piece(index: int, arguments: str, name: str = "", **more: Any) -> bytes:
    function: dict[str, Any] = {"arguments": arguments} | ({"name": name} if name else {})
    return chunk(tool_calls=[{"index": index, "function": function, **more}])


def _in_one(pieces: Sequence[Piece]) -> bytes:
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


_HELLO = (chunk(role="assistant", content=""), chunk(content="hel"), chunk(content="lo"))
_OK: tuple[Piece, ...] = (*_HELLO, chunk("stop"), DONE)
_CALL_HEAD = _call_piece(0, "", id="t1", type="function", name="read")
_CALL_END = chunk("tool_calls")
_UMLAUT = event('{"choices":[{"index":0,"delta":{"content":"é€"}}]}'.encode())

FAULTS: dict[str, tuple[Piece, ...]] = {
    "ok": _OK,
    "one_byte_pieces": tuple(bytes([byte]) for byte in _in_one(_OK)),
    "crlf": (_in_one(_OK).replace(b"\n", b"\r\n"),),
    "comments": (b": keep-alive\n\n", *_OK),
    "no_space": (_in_one(_OK).replace(b"data: ", b"data:"),),
    "trickle": tuple(piece for each in _OK for piece in (each, 0.01)),
    "no_done": (*_HELLO, chunk("stop")),
    "tool": (_CALL_HEAD, _call_piece(0, '{"path":'), _call_piece(0, '"a.txt"}'), _CALL_END, DONE),
    "drop_mid_stream": (*_HELLO[:2], None),
    "drop_before_done": (*_HELLO, None),
    "half_event": (*_HELLO[:2], b'data: {"choices":[{"del', None),
    "half_tool_drop": (_CALL_HEAD, _call_piece(0, '{"path":'), None),
    "half_tool_json": (_CALL_HEAD, _call_piece(0, '{"path":'), _CALL_END, DONE),
    "tool_args_not_object": (_CALL_HEAD, _call_piece(0, "[1,2]"), _CALL_END, DONE),
    "two_tools_same_id": (
        _CALL_HEAD,
        _call_piece(0, '{"path":"a.txt"}'),
        _call_piece(1, "{}", id="t1", name="read"),
        _CALL_END,
        DONE,
    ),
    "unknown_tool": (_call_piece(0, "{}", id="t9", name="no_such_tool"), _CALL_END, DONE),
    "empty_choices": (event({"id": "c", "choices": []}), usage(3, 0), DONE),
    "null_delta": (event({"id": "c", "choices": [{"index": 0, "delta": None}]}), chunk("stop"), DONE),
    "not_json": (event(b"<html>502</html>"), DONE),
    "error_in_stream": (*_HELLO[:2], event({"error": {"message": "overloaded", "code": 529}})),
    "bad_utf8": (b'data: {"choices":[{"index":0,"delta":{"content":"\xff\xfe"}}]}\n\n', DONE),
    "split_utf8": (
        _UMLAUT[: _UMLAUT.index(b"\xc3") + 1],
        _UMLAUT[_UMLAUT.index(b"\xc3") + 1 :],
        chunk("stop"),
        DONE,
    ),
    "huge_line": (chunk(content="A" * (4 << 20)), chunk("stop"), DONE),
    "huge_output": (*[chunk(content="B" * 4096)] * 2560, chunk("stop"), DONE),
    "endless": (*[chunk(content="C" * 65536)] * 400, chunk("stop"), DONE),
    "length": (chunk(content="hel"), chunk("length"), DONE),
    "length_in_call": (_CALL_HEAD, _call_piece(0, '{"path": "a'), chunk("length"), DONE),
    "stall": (*_HELLO[:2], 60.0, *_HELLO[2:]),
    "silent": (60.0,),
    "think_tags": (chunk(content="<thi"), chunk(content="nk>why</think>\nhello"), chunk("stop"), DONE),
    "reasoning": (chunk(reasoning_content="why"), chunk(content="hello"), chunk("stop"), DONE),
}

STATUSES: dict[int, tuple[str, object]] = {
    400: (
        "Bad Request",
        {"error": {"code": "context_length_exceeded", "message": "maximum context length is 8192"}},
    ),
    401: ("Unauthorized", {"error": {"message": "Incorrect API key provided: sk-abcdefghij"}}),
    402: ("Payment Required", {"error": {"message": "Insufficient Balance"}}),
    404: ("Not Found", {"error": {"message": "no such model"}}),
    413: ("Too Large", {}),
    429: ("Too Many Requests", {"error": {"code": "rate_limit_exceeded", "message": "slow down"}}),
    500: ("Internal Server Error", {"error": {}}),
    502: ("Bad Gateway", None),
    503: ("Unavailable", {}),
    529: ("Overloaded", {}),
}


@dataclass
class Request:
    """One request as it came: `body` are its bytes, `at` when it was whole (monotonic seconds)."""

    head: str
    body: bytes
    at: float
    replied: float = 0.0

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """The value of a header, "" when it was not sent."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name:
                return value.strip()
        return ""


@dataclass
class ScriptedProvider:
    """Serves `turns` in order, then `default` for ever."""

    turns: Sequence[Script] | Choose = ()
    default: Script = "ok"
    retry_after: str = "0"
    side: Sequence[Script] | ChooseSide = ()
    """For requests beside the loop, in order; a function, async or not, is asked what each gets. When they are over: status 404."""
    requests: list[Request] = field(default_factory=list[Request])
    side_requests: list[Request] = field(default_factory=list[Request])
    keep_bodies: bool = True
    by_conversation: bool = False
    """Choose the turn by how many replies the conversation holds: the same after a kill or a retry."""
    window: int = 0
    """Tokens that a request may have, 0 for any number. With it tokens are counted truly, also those in the cache."""
    url: str = ""
    _handlers: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 26)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._handlers):
            task.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    def _choose(self, number: int) -> Script:
        if callable(self.turns):
            return self.turns(number)
        return self.turns[number] if number < len(self.turns) else self.default

    async def _choose_side(self, request: Request, body: bytes) -> Script:
        number = len(self.side_requests) - 1
        if callable(self.side):
            chosen = self.side(Request(request.head, body, request.at))
            return await chosen if isinstance(chosen, Awaitable) else chosen
        return self.side[number] if number < len(self.side) else 404

    def _counted(self, body: bytes) -> bytes:
        recent = [*self.requests[-3:], *self.side_requests[-2:]]
        known = [common_prefix(each.body, body) for each in recent if each.body is not body]
        return usage(tokens_of(body), 10, cached=max(known, default=0) // 4)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._handlers.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lengths = [
            line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")
        ]
        body = await reader.readexactly(int(lengths[0])) if lengths else b""
        if head.startswith("GET"):
            _send(writer, 200, "OK", {"object": "list", "data": [{"id": "scripted", "object": "model"}]})
            await writer.drain()
            return True
        request = Request(head, body if self.keep_bodies else b"", time.monotonic())
        if b'"tool_choice":' in body or b'"response_format":' in body:  # within a text the quotes are escaped
            self.side_requests.append(request)
            turn = await self._choose_side(request, body)
        else:
            self.requests.append(request)
            replies = body.count(b'"role":"assistant"')
            turn = self._choose(replies if self.by_conversation else len(self.requests) - 1)
        if turn == "refuse":
            writer.transport.abort()
            return False
        if isinstance(turn, Refusal):
            _send(writer, turn.status, "No", {"error": {"message": turn.message}})
            await writer.drain()
            return True
        if self.window and tokens_of(body) > self.window:
            turn = 400
        if isinstance(turn, int):
            why, answer = STATUSES[turn]
            _send(
                writer,
                turn,
                why,
                answer,
                {"retry-after": self.retry_after} if turn in (429, 503, 529) else {},
            )
            await writer.drain()
            return True
        pieces = turn.pieces if isinstance(turn, Turn) else FAULTS[turn]
        if self.window:
            pieces = [self._counted(body) if piece == usage(100, 10) else piece for piece in pieces]
        whole = await _stream(reader, writer, pieces)
        request.replied = time.monotonic()
        return whole


def common_prefix(one: bytes, other: bytes) -> int:
    """How many bytes they begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def tokens_of(body: bytes) -> int:
    """Tokens as this provider counts them."""
    return len(body) // 4


async def _stream(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pieces: Sequence[Piece]
) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for piece in pieces:
        if piece is None:
            await writer.drain()
            writer.transport.abort()
            return False
        if isinstance(piece, (int, float)):
            await writer.drain()
            await asyncio.wait_for(_closed(reader), piece) if piece > 1 else await _pause(piece)
            continue
        writer.write(b"%x\r\n" % len(piece) + bytes(piece) + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


async def _closed(reader: asyncio.StreamReader) -> None:
    """Waits until the other side has gone: how a silent provider behaves, without counting seconds."""
    await reader.read()
    raise ConnectionResetError


async def _pause(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    loop.call_later(seconds, over.set_result, None)
    await over


def _send(
    writer: asyncio.StreamWriter, status: int, why: str, answer: object, headers: dict[str, str] | None = None
) -> None:
    body = b"<html>" if answer is None else json.dumps(answer).encode()
    kind = "text/html" if answer is None else "application/json"
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"HTTP/1.1 {status} {why}\r\ncontent-type: {kind}\r\n{more}content-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


def _from_file(turns: list[Any]) -> list[Script]:
    """Turns as JSON: a text, a list of [tool, arguments] with a text before them or none, a status, or {"fault": name}."""
    made: list[Script] = []
    for turn in turns:
        if isinstance(turn, str):
            made.append(say(turn))
        elif isinstance(turn, int):
            made.append(turn)
        elif isinstance(turn, dict):
            made.append(str(turn["fault"]))  # pyright: ignore[reportUnknownArgumentType]
        else:
            text = turn[0] if isinstance(turn[0], str) else ""
            made.append(calls(*((name, arguments) for name, arguments in turn[bool(text) :]), text=text))
    return made


async def _main(path: str) -> None:
    turns = _from_file(json.loads(Path(path).read_text(encoding="utf-8")))
    async with ScriptedProvider(turns, default=say("The script is over.")) as provider:
        print(provider.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))

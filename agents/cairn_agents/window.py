"""The window: the bytes of the next request, only ever appended to.

Serialising a conversation anew for every request is what makes agents slow (a
factor of 180 at a thousand steps), and any changed byte throws away the provider's
prompt cache. So each message becomes bytes once, and the request is those bytes.
The window is derived from events alone, so after a restart it is the same again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import singledispatchmethod

from cairn_agents.envelope import enveloped
from cairn_agents.model.arguments import BadArguments, parse_arguments
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.usage import estimate_tokens
from cairn_memory.events import (
    BlobRef,
    HostMessage,
    ModelReplied,
    ModelRequested,
    Payload,
    ToolCall,
    ToolFinished,
    UserMessage,
    WindowStarted,
)


def encode(value: object) -> bytes:
    """JSON as compact UTF-8; the same value always gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Window:
    """What one session's model sees. `apply` takes events in; `request` gives the body to send.

    Words that arrive while the model speaks or calls are open wait in `_held`, since
    no provider takes a user message between a call and its result; they go in when
    the next request does.
    """

    def __init__(self) -> None:
        self._fields: dict[str, object] = {}
        self._settings = b""
        self._head = b""
        self._messages = bytearray()
        self._open_calls: set[str] = set()
        self._settled = 0
        self._held: list[bytes] = []
        self._send_reasoning = False
        self._counted = 0
        self._counted_size = 0

    def open(self, head: bytes, endpoint: Endpoint) -> None:
        """Starts empty from `head` (see `make_head`), asked of `endpoint`."""
        self._head = head
        self._messages = bytearray()
        self._open_calls.clear()
        self._settled = self._counted = self._counted_size = 0
        self.aim(endpoint)

    def aim(self, endpoint: Endpoint) -> None:
        """Asks this endpoint from now on. The same endpoint gives the same bytes."""
        settings: dict[str, object] = {
            "model": endpoint.model,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if endpoint.max_output:
            settings["max_tokens"] = endpoint.max_output
        settings |= endpoint.extra
        self._fields = settings
        self._settings = encode(settings)[:-1] + b","

    def request(self) -> bytes:
        """The whole body. It begins with the bytes of the one before, but for that one's closing `]}`."""
        return b"".join((self._settings, self._head, self._messages, b"]}"))

    def aside(self, words: str, more: Mapping[str, object] | None = None) -> bytes:
        """The body of a request beside the conversation, see `Prefix.body`."""
        return self.prefix().body(words, more)

    def prefix(self) -> "Prefix":
        """What the window holds now, held words included, for requests beside the conversation.

        While calls are open it ends before the reply that made them: no provider takes a user message
        between a call and its result.
        """
        held = b"".join(b"," + message for message in self._held)
        return Prefix(self._fields, self._head, bytes(self._messages[: self._settled]) + held, self.tokens)

    @property
    def messages(self) -> bytes:
        """The messages behind the head, each behind a comma; without words that are still held."""
        return bytes(self._messages)

    @property
    def size(self) -> int:
        """Bytes of the next request, held words included."""
        held = sum(len(message) + 1 for message in self._held)
        return len(self._settings) + len(self._head) + len(self._messages) + held + 2

    @property
    def head_tokens(self) -> int:
        """Tokens that it began with, roughly."""
        return estimate_tokens(len(self._head))

    @property
    def tokens(self) -> int:
        """Tokens of the next request: as the provider last counted, plus an estimate of what came since."""
        return self._counted + estimate_tokens(self.size - self._counted_size)

    def apply(self, payload: Payload) -> None:
        """Takes one event in. Most kinds say nothing to the model."""
        self._take(payload)

    @singledispatchmethod
    def _take(self, event: Payload) -> None:
        """Not part of the conversation."""

    @_take.register
    def _(self, event: WindowStarted) -> None:
        self._send_reasoning = event.send_reasoning
        if event.covers:  # the head tells of all that was said before
            self._held.clear()

    @_take.register
    def _(self, event: UserMessage) -> None:
        self._held.append(encode({"role": "user", "content": event.text}))

    @_take.register
    def _(self, event: HostMessage) -> None:
        self._held.append(encode({"role": "user", "content": enveloped(event.text)}))

    @_take.register
    def _(self, event: ModelRequested) -> None:
        for message in self._held:
            self._add(message)
        self._held.clear()

    @_take.register
    def _(self, event: ModelReplied) -> None:
        if event.usage.prompt and not event.usage.estimated:
            self._counted, self._counted_size = event.usage.prompt, self.size
        if not event.text and not event.calls:
            return  # providers refuse an empty assistant message
        message: dict[str, object] = {"role": "assistant", "content": event.text or None}
        if self._send_reasoning and event.reasoning:
            message["reasoning_content"] = event.reasoning
        if event.calls:
            message["tool_calls"] = [_call(call) for call in event.calls]
        self._open_calls = {call.id for call in event.calls}
        self._add(encode(message))

    @_take.register
    def _(self, event: ToolFinished) -> None:
        self._open_calls.discard(event.call)
        self._add(encode({"role": "tool", "tool_call_id": event.call, "content": event.text}))

    def _add(self, message: bytes) -> None:
        self._messages += b"," + message
        if not self._open_calls:
            self._settled = len(self._messages)


@dataclass(frozen=True, slots=True)
class Prefix:
    """What a window held at one moment, to ask something beside the conversation.

    Such a request begins with the window's own bytes, so the provider's prompt cache holds for it.
    `tokens` are those of the window's next request.
    """

    fields: Mapping[str, object]
    head: bytes
    messages: bytes
    tokens: int

    def tokens_with(self, words: str) -> int:
        """Tokens of a request that asks `words`, roughly."""
        return self.tokens + estimate_tokens(len(words.encode("utf-8", "replace")) + 40)

    def body(
        self, words: str, more: Mapping[str, object] | None = None, tool: Mapping[str, object] | None = None
    ) -> bytes:
        """The window's bytes and one more user message; further fields of the request, `more`, stand behind.

        `tool` is offered behind the others. Then the bytes differ from there on and the provider reads all
        messages anew: for endpoints that have no other way.
        """
        fields = {name: value for name, value in self.fields.items() if name not in (more or {})}
        head = self.head if tool is None else _with_tool(self.head, tool)
        ending = b"]," + encode(more)[1:] if more else b"]}"
        message = encode({"role": "user", "content": words})
        return b"".join((encode(fields)[:-1], b",", head, self.messages, b",", message, ending))


def messages_of(payloads: Iterable[Payload], send_reasoning: bool) -> bytes:
    """The messages that these events say, each behind a comma, as a window would hold them."""
    window = Window()
    window.apply(WindowStarted(number=0, head=BlobRef(digest="", size=0), send_reasoning=send_reasoning))
    for payload in payloads:
        window.apply(payload)
    window.apply(ModelRequested(step=0))  # takes in the words that were held
    return window.messages


def make_head(tools: list[dict[str, object]], system: str) -> bytes:
    """The part of the body before the conversation: kept in a blob, so that it never changes by a byte."""
    return b'"tools":%b,"messages":[%b' % (encode(tools), encode({"role": "system", "content": system}))


def _with_tool(head: bytes, tool: Mapping[str, object]) -> bytes:
    """`head` with one more tool at the end of its list."""
    text = head.decode("utf-8")
    start = len('"tools":')
    tools, end = json.JSONDecoder().raw_decode(text, start)
    return b"%b%b%b" % (text[:start].encode(), encode([*tools, tool]), text[end:].encode())


def _call(call: ToolCall) -> dict[str, object]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": _arguments(call.arguments)},
    }


def _arguments(raw: str) -> str:
    """The text as it came when it is a JSON object; else repaired or empty, as some providers refuse the rest."""
    try:
        if isinstance(json.loads(raw), dict):
            return raw
    except ValueError:
        pass
    try:
        return json.dumps(parse_arguments(raw), ensure_ascii=False)
    except BadArguments:
        return "{}"

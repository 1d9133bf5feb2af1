"""Chat Completions on the wire: what a request asks for, and how a turn is told as JSON.

The shapes are those of https://platform.openai.com/docs/api-reference/chat, with
`reasoning_content` as most compatible servers send it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from cairn_agents.recording import Turn
from cairn_memory.events import ToolCall, Usage
from cairn_server.replay.trail import Said

PIECE = 24
"""Characters of text in one streamed piece: about what providers send at a time."""

_CONDENSED = re.compile(r"\A<from-cairn>[^{}]*?\(events e\d+ to e\d+, (\d{1,9}) tool calls\)")
"""What a rebuilt window begins with."""

Json = dict[str, Any]


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StreamOptions(_Asked):
    include_usage: bool = False


class Function(_Asked):
    name: str = ""


class Call(_Asked):
    id: str = ""
    function: Function = Function()


class Message(_Asked):
    role: str
    content: object = None
    tool_calls: tuple[Call, ...] | None = None

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else ""

    @property
    def said(self) -> Said:
        return self.text, tuple((call.id, call.function.name) for call in self.tool_calls or ())


class ChatRequest(_Asked):
    """The part of a request that a replay looks at."""

    messages: tuple[Message, ...]
    stream: bool = False
    stream_options: StreamOptions | None = None
    tool_choice: object = None
    response_format: object = None

    @property
    def is_side(self) -> bool:
        """Whether it was made beside the loop: it may call no tool, or must call one, or is to answer in a given shape.

        The loop lets the model choose, and asks for no shape.
        """
        shape: object = self.response_format
        shaped = isinstance(shape, dict) and "json_schema" in shape
        return shaped or self.tool_choice == "none" or isinstance(self.tool_choice, dict)

    @property
    def said(self) -> list[Said]:
        """The replies of the model that the conversation holds so far."""
        return [message.said for message in self.messages if message.role == "assistant"]

    @property
    def condensed_calls(self) -> int | None:
        """How many calls a rebuilt window says it was made of; None for a window from the beginning."""
        told = (_CONDENSED.search(message.text) for message in self.messages[:2] if message.role == "user")
        return next((int(found[1]) for found in told if found), None)

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn as the answer to one request. `created` is in Unix seconds."""

    turn: Turn
    number: int
    model: str
    created: int

    def whole(self) -> Json:
        """The answer to a request that does not stream."""
        turn = self.turn
        message: Json = {"role": "assistant", "content": turn.text or None}
        if turn.reasoning:
            message["reasoning_content"] = turn.reasoning
        if turn.calls:
            message["tool_calls"] = [_call(call) for call in turn.calls]
        choice: Json = {"index": 0, "message": message, "finish_reason": turn.finish or None}
        answer = self._envelope("chat.completion", [choice])
        return answer if turn.usage.estimated else {**answer, "usage": _usage(turn.usage)}

    def chunks(self, wants_usage: bool) -> Iterator[Json]:
        """The answer in pieces, as a provider streams it."""
        for delta in _deltas(self.turn):
            yield self._chunk(delta, None)
        if self.turn.finish:
            yield self._chunk({}, self.turn.finish)
        if wants_usage and not self.turn.usage.estimated:
            yield {**self._envelope("chat.completion.chunk", []), "usage": _usage(self.turn.usage)}

    def _chunk(self, delta: Json, finish: str | None) -> Json:
        choice: Json = {"index": 0, "delta": delta, "finish_reason": finish}
        return self._envelope("chat.completion.chunk", [choice])

    def _envelope(self, kind: str, choices: list[Json]) -> Json:
        return {
            "id": f"chatcmpl-replay-{self.number + 1}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def failure(message: str, code: str) -> Json:
    """An error as providers tell it."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def models(model: str, created: int) -> Json:
    """The answer to `GET /v1/models`."""
    return {
        "object": "list",
        "data": [{"id": model, "object": "model", "created": created, "owned_by": "cairn-replay"}],
    }


def _deltas(turn: Turn) -> Iterator[Json]:
    yield {"role": "assistant", "content": ""}
    for piece in _pieces(turn.reasoning):
        yield {"reasoning_content": piece}
    for piece in _pieces(turn.text):
        yield {"content": piece}
    for index, call in enumerate(turn.calls):
        yield {"tool_calls": [{"index": index, **_call(call, arguments="")}]}
        for piece in _pieces(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE]


def _call(call: ToolCall, arguments: str | None = None) -> Json:
    function = {"name": call.name, "arguments": call.arguments if arguments is None else arguments}
    return {"id": call.id, "type": "function", "function": function}


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }

"""Chat Completions on the wire: what a request asks for, and how a turn is told as JSON.

The shapes are those of https://platform.openai.com/docs/api-reference/chat, with
`reasoning_content` as most compatible servers send it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from cairn_agents.recording import Turn
from cairn_memory.events import ToolCall, Usage

PIECE = 24
"""Characters of text in one streamed piece: about what providers send at a time."""

Json = dict[str, Any]


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StreamOptions(_Asked):
    include_usage: bool = False


class Message(_Asked):
    role: str


class ChatRequest(_Asked):
    """The part of a request that a replay looks at."""

    messages: tuple[Message, ...]
    stream: bool = False
    stream_options: StreamOptions | None = None

    @property
    def replies(self) -> int:
        """How many replies of the model the conversation holds so far."""
        return sum(message.role == "assistant" for message in self.messages)

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

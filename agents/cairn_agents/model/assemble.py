"""Puts a reply together from the pieces of a stream, as many providers send them.

Pieces are read leniently (fields absent, null, or of another type), since the SDK
hands them on unchecked. What makes a reply whole is strict: see `whole`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cairn_agents.model.arguments import BadArguments, parse_arguments
from cairn_agents.model.errors import ReplyTooLarge
from cairn_agents.model.reply import Delta
from cairn_memory.events import ToolCall, Usage

LARGEST_REPLY = 16_000_000
"""Characters of text, reasoning and arguments together."""
_THINK, _THINK_END = "<think>", "</think>"


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list[str])


class Assembly:
    """One reply in the making."""

    def __init__(self, show: Callable[[Delta], None], call_prefix: str) -> None:
        self._show = show
        self._prefix = call_prefix
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, _Call] = {}
        self._size = 0
        self._thinking: bool | None = None
        self._held: str = ""
        self.finish = ""
        self.model = ""
        self.usage: Usage | None = None
        self.started = False
        self._counted_last = False

    def add(self, chunk: Any) -> None:
        """Takes one piece in. Raises ReplyTooLarge."""
        self.model = str(getattr(chunk, "model", None) or self.model)
        usage = getattr(chunk, "usage", None) or getattr(getattr(chunk, "x_groq", None), "usage", None)
        if usage is not None:
            self._counted_last = True
            self.usage = _usage(usage)  # the last one counts: some providers repeat a running total
        for choice in getattr(chunk, "choices", None) or ():
            if delta := _get(choice, "delta") or _get(choice, "message"):
                self._delta(delta)
            self.finish = str(_get(choice, "finish_reason") or self.finish)

    @property
    def whole(self) -> bool:
        """Whether the reply came to its end: a finish reason, or the count of tokens behind all text."""
        return bool(self.finish) or (self._counted_last and self.started)

    def text(self) -> str:
        if self._held:  # a text that only looked like the beginning of a <think> tag
            self._say(self._held)
            self._held = ""
        return "".join(self._text)

    def reasoning(self) -> str:
        return "".join(self._reasoning)

    def calls(self) -> tuple[ToolCall, ...]:
        """The calls with ids of their own. Of a reply cut off at its limit only those that are whole."""
        found: list[ToolCall] = []
        taken: set[str] = set()
        for index, call in sorted(self._calls.items()):
            arguments = "".join(call.pieces)
            if self.finish in ("length", "") and not _is_whole(arguments):
                continue
            wanted = name = call.id or f"{self._prefix}-{index}"
            number = 2
            while name in taken:
                name, number = f"{wanted}-{number}", number + 1
            taken.add(name)
            found.append(ToolCall(id=name, name=call.name, arguments=arguments))
        return tuple(found)

    def _delta(self, delta: Any) -> None:
        for key in ("reasoning_content", "reasoning"):
            if isinstance(thought := _get(delta, key), str) and thought:
                self._think(thought)
                break
        if isinstance(content := _get(delta, "content"), str) and content:
            self._content(content)
        for position, call in enumerate(_get(delta, "tool_calls") or ()):
            self._call(call, position)

    def _call(self, piece: Any, position: int) -> None:
        index = _get(piece, "index")
        if not isinstance(index, int):  # whole calls without an index: each is one of its own
            index = len(self._calls) if _get(piece, "id") or not self._calls else max(self._calls)
        call = self._calls.setdefault(index, _Call())
        call.id = call.id or str(_get(piece, "id") or "")
        function = _get(piece, "function")
        name = _get(function, "name")
        if name and not call.name:
            call.name = str(name)
            self._show(Delta(tool=call.name))
        arguments: Any = _get(function, "arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        if arguments:
            self._grow(arguments)
            call.pieces.append(arguments)

    def _content(self, text: str) -> None:
        """Text; what stands in <think> tags at its beginning is reasoning."""
        if self._thinking is None:
            self._held += text
            start = self._held.lstrip()
            if start.startswith(_THINK):
                self._thinking, self._held = True, ""
                text = start[len(_THINK) :]
            elif _THINK.startswith(start):
                return  # cannot be told yet
            else:
                self._thinking, text = False, self._held
                self._held = ""
        if self._thinking:
            self._held += text
            before, end, after = self._held.partition(_THINK_END)
            if not end:
                safe = max(len(self._held) - len(_THINK_END), 0)
                self._think(self._held[:safe])
                self._held = self._held[safe:]
                return
            self._think(before)
            self._thinking, self._held = False, ""
            text = after.lstrip("\n")
        if text:
            self._say(text)

    def _say(self, text: str) -> None:
        self._grow(text)
        self._text.append(text)
        self._show(Delta(text=text))

    def _think(self, text: str) -> None:
        if text:
            self._grow(text)
            self._reasoning.append(text)
            self._show(Delta(reasoning=text))

    def _grow(self, text: str) -> None:
        self.started = True
        self._counted_last = False
        self._size += len(text)
        if self._size > LARGEST_REPLY:
            raise ReplyTooLarge(f"the reply grew beyond {LARGEST_REPLY:,} characters and was broken off")


def _get(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return getattr(value, key, None)


def _is_whole(arguments: str) -> bool:
    try:
        parse_arguments(arguments)
    except BadArguments:
        return False
    return bool(arguments.strip())


def _usage(usage: Any) -> Usage:
    """Tokens as counted by the provider. `cached` is part of `prompt`, whatever the field is called."""
    details = _get(usage, "prompt_tokens_details")
    cached = (
        _get(details, "cached_tokens")
        or _get(usage, "prompt_cache_hit_tokens")
        or _get(usage, "cached_tokens")
    )
    prompt = _number(_get(usage, "prompt_tokens"))
    return Usage(
        prompt=prompt,
        cached=min(_number(cached), prompt),
        completion=_number(_get(usage, "completion_tokens")),
        reasoning=_number(_get(_get(usage, "completion_tokens_details"), "reasoning_tokens")),
    )


def _number(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) and value > 0 else 0

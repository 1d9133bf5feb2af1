"""Messages from elsewhere as events of ours: bounded, masked where they are cut, each call with one result."""

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

from cairn_memory.bounds import LINE, REPLY, TEXT, cut
from cairn_memory.events import (
    BlobRef,
    HostMessage,
    ModelReplied,
    Origin,
    Payload,
    ToolCall,
    ToolFinished,
    UserMessage,
)
from cairn_memory.imports.message import Call, Message
from cairn_memory.imports.pairing import Asked, Pairing
from cairn_memory.redact import Masker

SUMMARY = "compact summary"
"""What a host message is `about` that stands for older messages."""
NO_RESULT = "There is no result of this call in the file: it was interrupted, or its result was not kept."
_SHORT = 200
"""Characters of a summary or of a title."""
_MANY = 4_000
_TELLING = ("command", "cmd", "file_path", "filePath", "path", "pattern", "query", "url", "description")
"""Arguments that say best what a call is about, of the tools of other programs."""
_SOURCES = (
    ("command", "command"), ("cmd", "command"), ("url", "web"), ("pattern", "search"), ("query", "search"),
    ("file_path", "file"), ("filePath", "file"), ("path", "file"),
)  # fmt: skip
"""Which of them says what its result is made of."""
_NAMED = ("file", "web")


class Converter:
    """Takes a session's messages in order. `put` stores a text that is too long for its event (blocking).

    `unanswered` are the numbers of the calls that no result comes for, so that theirs stands right behind them.
    """

    def __init__(self, masker: Masker, put: Callable[[bytes], BlobRef], unanswered: frozenset[int]) -> None:
        self._masker = masker
        self._put = put
        self._unanswered = unanswered
        self._pairing = Pairing()
        self._titles: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self._step = 0
        self._reply = ""

    def convert(self, message: Message) -> Iterator[Payload]:
        """The events of one message. Raises StoreError when a blob cannot be stored."""
        origin = Origin(line=message.line, time=message.time)
        match message.role:
            case "user":
                text, whole = self._fit(message.text, TEXT)
                yield UserMessage(text=text, whole=whole, origin=origin)
            case "assistant":
                yield from self._replied(message, origin)
            case "tool":
                yield self._finished(message, origin)
            case "summary":
                yield self._host(message.text, SUMMARY, origin)
            case "host":
                yield self._host(message.text, message.about, origin)

    def _replied(self, message: Message, origin: Origin) -> Iterator[Payload]:
        if not message.reply or message.reply != self._reply:
            self._step += 1
        self._reply = message.reply
        asked = self._pairing.ask(message.calls, self._step)
        text, whole = self._fit(message.text, REPLY)
        pairs = zip(asked, message.calls, strict=True)
        yield ModelReplied(
            step=self._step,
            text=text,
            whole=whole,
            reasoning=self._cut(message.reasoning, REPLY),
            calls=tuple(self._call(each, call) for each, call in pairs),
            model=self._cut(message.model, _SHORT),
            origin=origin,
        )
        for each in asked:
            if each.number in self._unanswered:
                yield ToolFinished(
                    step=each.step,
                    call=each.id,
                    name=each.name,
                    outcome="interrupted",
                    text=NO_RESULT,
                    summary="no result",
                    origin=origin,
                )

    def _call(self, asked: Asked, call: Call) -> ToolCall:
        arguments = call.arguments
        if len(arguments) > REPLY:
            arguments = self._shorter(arguments)
        if asked.number not in self._unanswered:
            self._titles[asked.id] = self._cut(f"{asked.name} {_about(arguments)}".strip(), _SHORT)
            self._sources[asked.id] = self._cut(_source(arguments), _SHORT)
        return ToolCall(id=asked.id, name=self._cut(call.name, LINE), arguments=arguments)

    def _finished(self, message: Message, origin: Origin) -> Payload:
        asked = self._pairing.answer(message.call)
        if asked is None:
            about = "result of an unknown call"
            return self._host(f"Result of a call that is not in the file:\n{message.text}", about, origin)
        text, whole = self._fit(message.text, TEXT)
        first = message.text.lstrip().partition("\n")[0]
        return ToolFinished(
            step=asked.step,
            call=asked.id,
            name=self._cut(asked.name, LINE),
            title=self._titles.pop(asked.id, ""),
            source=self._sources.pop(asked.id, ""),
            outcome=message.outcome,
            text=text,
            whole=whole,
            summary=self._cut(first[:_MANY], _SHORT),
            exit_code=message.exit_code,
            origin=origin,
        )

    def _host(self, text: str, about: str, origin: Origin) -> Payload:
        kept, whole = self._fit(text, TEXT)
        return HostMessage(text=kept, whole=whole, about=about, origin=origin)

    def _fit(self, text: str, limit: int) -> tuple[str, BlobRef | None]:
        """The text, and when it is too long for its event all of it in a blob. Masked before anything is cut."""
        if len(text) <= limit:
            return text, None
        safe = self._masker.mask(text)
        return safe, self._put(safe.encode("utf-8", "replace")) if len(safe) > limit else None

    def _cut(self, text: str, limit: int) -> str:
        return text if len(text) <= limit else cut(self._masker.mask(text), limit)

    def _shorter(self, arguments: str) -> str:
        """Arguments within their bound that are still JSON where they were: their longest texts are cut."""
        try:
            found: object = json.loads(arguments)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            return self._cut(arguments, REPLY)
        told = cast("dict[str, Any]", found)
        for limit in (REPLY // 4, REPLY // 32, _SHORT):
            short = {
                name: self._cut(value, limit) if isinstance(value, str) else value
                for name, value in told.items()
            }
            if len(text := json.dumps(short, ensure_ascii=False)) <= REPLY:
                return text
        return self._cut(arguments, REPLY)


def _told(arguments: str) -> dict[str, Any]:
    try:
        found: object = json.loads(arguments)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _source(arguments: str) -> str:
    """Where the result of such a call comes from, in the words of our own events."""
    told = _told(arguments)
    for name, source in _SOURCES:
        if isinstance(value := told.get(name), str) and value.strip():
            return f"{source} {value.strip()[:_MANY]}" if source in _NAMED else source
        if value:
            return source
    return "tool"


def _about(arguments: str) -> str:
    """What a call is about, in one line."""
    told = _told(arguments)
    for value in map(told.get, _TELLING):
        if isinstance(value, list):
            value = " ".join(map(str, cast("list[object]", value)))
        if isinstance(value, str) and value.strip():
            return value.strip().partition("\n")[0][:_MANY]
    return ""

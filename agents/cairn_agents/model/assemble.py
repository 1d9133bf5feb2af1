"""Puts a reply together from the pieces of a stream, as many providers send them.

Pieces are read leniently; what makes a reply whole is strict, see `take`.
"""

from collections.abc import Callable, Mapping

from cairn_agents.model.errors import Overloaded, ReplyTooLarge, Unreachable
from cairn_agents.model.reply import Delta, Reply
from cairn_agents.model.thinking import ThinkSplitter
from cairn_agents.model.toolcalls import CallPieces
from cairn_agents.model.usage import estimated, usage_in
from cairn_agents.model.wire import encodable, items, mapping, text
from cairn_memory.events import Usage

LARGEST_REPLY = 16_000_000
"""Characters of text, reasoning and arguments together."""
MOST_CALLS = 200
"""Calls in one reply. People's models make up to a few dozen; more is a model that goes in circles."""

_FINISH = {
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "end_turn": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "safety": "content_filter",
    "sensitive": "content_filter",
}
"""Other providers' words for OpenAI's: Anthropic and Gemini through gateways, Mistral, Together, Zhipu."""

_FAILED = frozenset({"error", "abort", "network_error", "insufficient_system_resource"})
"""Reasons that are none: OpenRouter and Mistral, vLLM, Zhipu, DeepSeek."""


class Assembly:
    """One reply in the making.

    `show` gets each piece as it comes, `prefix` names calls that have no id, `place` the provider in errors.
    `largest` bounds text, reasoning and arguments together, in characters.
    """

    def __init__(
        self, show: Callable[[Delta], None], prefix: str, place: str, largest: int | None = None
    ) -> None:
        self._show = show
        self._prefix = prefix
        self._place = place
        self._largest = LARGEST_REPLY if largest is None else largest
        self._splitter = ThinkSplitter()
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls = CallPieces()
        self._usage: Usage | None = None
        self._finish = ""
        self._model = ""
        self._size = 0

    @property
    def started(self) -> bool:
        """Whether anything of the reply itself has come."""
        return self._size > 0 or bool(self._calls)

    def add(self, chunk: Mapping[str, object]) -> None:
        """Takes one piece in. Raises ReplyTooLarge."""
        self._model = text(chunk.get("model")) or self._model
        self._usage = usage_in(chunk) or self._usage  # the last counts: some repeat a running total
        for entry in items(chunk.get("choices"))[:1]:
            choice = mapping(entry)
            # A provider that does not stream sends one piece with a whole `message`.
            self._delta(mapping(choice.get("delta")) or mapping(choice.get("message")))
            if reason := text(choice.get("finish_reason")).lower():
                self._finish = _FINISH.get(reason, reason)

    def take(self, *, ended: bool, sent: int) -> Reply:
        """The whole reply. Raises Unreachable when it is not whole, Overloaded when the provider gave it up.

        `ended` says that the stream was closed in order (`[DONE]`). A reply is whole with a finish
        reason, or when it ended in order, holds something, and no call in it is half. Of a reply
        that was cut off (at its length, by a filter) only whole calls are kept. `sent` is the size of
        the request in bytes, to estimate what a provider did not count.
        """
        reasoning, words = self._splitter.rest()
        self._think(reasoning)
        self._say(words)
        if self._finish in _FAILED:
            raise Overloaded(f"{self._place} gave the reply up ({self._finish})")
        cut_off = self._finish not in ("stop", "tool_calls")
        calls, left_out = self._calls.take(self._prefix, cut_off=cut_off)
        if not self._finish and (left_out or not ended or not self.started):
            raise Unreachable(f"{self._place} ended the stream before the reply was whole")
        return Reply(
            text=encodable("".join(self._text)),
            reasoning=encodable("".join(self._reasoning)),
            calls=calls,
            finish=self._finish,
            usage=self._usage or estimated(sent, self._size),
            model=self._model,
        )

    def _delta(self, delta: Mapping[str, object]) -> None:
        # Some send the same thought under both names.
        self._think(text(delta.get("reasoning_content")) or text(delta.get("reasoning")))
        content = delta.get("content")
        if isinstance(content, str):
            self._content(content)
        for part in map(mapping, items(content)):  # Mistral's reasoning models send a list of parts
            self._think(
                "".join(text(mapping(thought).get("text")) for thought in items(part.get("thinking")))
            )
            self._content(text(part.get("text")))
        self._say(text(delta.get("refusal")))
        for piece in items(delta.get("tool_calls")):
            self._call(mapping(piece))

    def _call(self, piece: Mapping[str, object]) -> None:
        began, arguments = self._calls.add(piece)
        if len(self._calls) > MOST_CALLS:
            raise self._too_large(f"called more than {MOST_CALLS} tools at once")
        self._grow(arguments)
        if began:
            self._show(Delta(tool=began))

    def _content(self, piece: str) -> None:
        reasoning, words = self._splitter.feed(piece) if piece else ("", "")
        self._think(reasoning)
        self._say(words)

    def _say(self, words: str) -> None:
        if words:
            self._grow(words)
            self._text.append(words)
            self._show(Delta(text=encodable(words)))

    def _think(self, words: str) -> None:
        if words:
            self._grow(words)
            self._reasoning.append(words)
            self._show(Delta(reasoning=encodable(words)))

    def _grow(self, words: str) -> None:
        self._size += len(words)
        if self._size > self._largest:
            raise self._too_large(f"grew beyond {self._largest:,} characters")

    def _too_large(self, why: str) -> ReplyTooLarge:
        return ReplyTooLarge(f"the reply of {self._place} {why} and was broken off; give a smaller task")

"""Reasoning that a model writes into its text: `<think>...</think>` at the beginning, told apart as it streams.

Servers without a reasoning parser send it so (DeepSeek-R1, Qwen and others on plain
vLLM, llama.cpp and Ollama).
"""

from enum import Enum, auto

_OPEN, _CLOSE = "<think>", "</think>"


class _Place(Enum):
    START = auto()
    INSIDE = auto()
    BEHIND = auto()
    TEXT = auto()


class ThinkSplitter:
    """Splits a text that comes in pieces. Only a tag at the very beginning counts."""

    def __init__(self) -> None:
        self._place = _Place.START
        self._held = ""

    def feed(self, piece: str) -> tuple[str, str]:
        """What `piece` adds: reasoning, text. What may be half a tag is held back until it is known."""
        reasoning = ""
        if self._place is _Place.START:
            piece = self._begin(piece)
        if self._place is _Place.INSIDE:
            reasoning, piece = self._think(piece)
        if self._place is _Place.BEHIND:
            piece = piece.lstrip("\r\n")
            if piece:
                self._place = _Place.TEXT
        return (reasoning, piece) if self._place is _Place.TEXT else (reasoning, "")

    def rest(self) -> tuple[str, str]:
        """What was held back when the stream ended."""
        held, self._held = self._held, ""
        return (held, "") if self._place is _Place.INSIDE else ("", held)

    def _begin(self, piece: str) -> str:
        whole = self._held + piece
        start = whole.lstrip()
        self._held = ""
        if start.startswith(_OPEN):
            self._place = _Place.INSIDE
            return start[len(_OPEN) :]
        if _OPEN.startswith(start):
            self._held = whole
            return ""
        self._place = _Place.TEXT
        return whole

    def _think(self, piece: str) -> tuple[str, str]:
        inside, closed, behind = (self._held + piece).partition(_CLOSE)
        self._held = ""
        if closed:
            self._place = _Place.BEHIND
            return inside, behind
        half = next((n for n in range(len(_CLOSE) - 1, 0, -1) if inside.endswith(_CLOSE[:n])), 0)
        if half:
            inside, self._held = inside[:-half], inside[-half:]
        return inside, ""

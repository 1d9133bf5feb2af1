"""Puts tool calls together from the pieces of a stream.

By the book each piece names its call by `index` and only the first has id and name.
Providers differ: no index, one index for all calls, id and name in every piece, whole
calls at once, arguments as an object. What is new and what goes on is told here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cairn_agents.model.arguments import BadArguments, parse_arguments
from cairn_agents.model.wire import encodable, mapping, text
from cairn_memory.events import ToolCall

_NOT_IN_NAMES = re.compile(r"[^\w-]", re.ASCII)
_LONGEST_NAME = 64
"""Characters: OpenAI and others refuse a conversation with a longer name, or another character, in it."""


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    pieces: list[str] = field(default_factory=list[str])

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    def goes_on(self, id: str, name: str, arguments: str) -> bool:
        """Whether a piece with these fields belongs to this call, where its index does not tell."""
        if not name or not self.name:
            return True
        if id and self.id:
            return id == self.id
        if name != self.name:
            return False
        return not (arguments.lstrip().startswith("{") and _is_whole(self.arguments))


class CallPieces:
    """The calls of one reply in the making, in the order they began."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, piece: Mapping[str, object]) -> tuple[str, str]:
        """Takes one piece in. Returns the name, when a call begins with it, and what it adds to the arguments."""
        function = mapping(piece.get("function"))
        id, name = text(piece.get("id")), _clean(text(function.get("name")))
        arguments = _as_text(function.get("arguments"))
        if not (id or name or arguments):
            return "", ""  # by some before a call, by some behind it
        call = self._of(piece.get("index"), id, name, arguments)
        began = name if name and not call.name else ""
        call.id, call.name = call.id or id, call.name or name
        if call.id:
            self._by_id.setdefault(call.id, call)
        if arguments:
            call.pieces.append(arguments)
        return began, arguments

    def take(self, prefix: str, *, cut_off: bool) -> tuple[tuple[ToolCall, ...], bool]:
        """The calls with ids of their own, and whether one was left out because the reply was cut off in it.

        A call without an id gets `prefix`-n, n from 1; one whose id is taken gets -2, -3 behind it.
        """
        taken: set[str] = set()
        calls: list[ToolCall] = []
        for number, call in enumerate(self._calls, start=1):
            if cut_off and not _is_whole(call.arguments):
                continue
            id = _unique(call.id or f"{prefix}-{number}", taken)
            taken.add(id)
            calls.append(ToolCall(id=id, name=call.name or "unnamed", arguments=encodable(call.arguments)))
        return tuple(calls), len(calls) < len(self._calls)

    def _of(self, index: object, id: str, name: str, arguments: str) -> _Call:
        known: _Call | None
        if isinstance(index, int):
            known = self._by_index.get(index)
        else:
            known = self._by_id.get(id) or (self._calls[-1] if self._calls else None)
        if known is None or not known.goes_on(id, name, arguments):
            known = _Call(id, "")
            self._calls.append(known)
            if isinstance(index, int):
                self._by_index[index] = known
        return known


def _is_whole(arguments: str) -> bool:
    """Whether these arguments are an object to its end; nothing at all may be the beginning of one."""
    try:
        parse_arguments(arguments)
    except BadArguments:
        return False
    return bool(arguments.strip())


def _as_text(arguments: object) -> str:
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _clean(name: str) -> str:
    """A name that every provider takes back. gpt-oss and Kimi sometimes write `functions.read`."""
    return _NOT_IN_NAMES.sub("_", name.strip().removeprefix("functions."))[:_LONGEST_NAME]


def _unique(wanted: str, taken: set[str]) -> str:
    id, number = wanted, 2
    while id in taken:
        id, number = f"{wanted}-{number}", number + 1
    return id

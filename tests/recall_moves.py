"""Sessions for the tests of recall, told as a few short lines."""

import json
from typing import Any

from cairn_memory.events import ModelReplied, Payload, ToolCall, ToolFinished, UserMessage
from cairn_memory.recall.facts import Facts


class Told:
    """A session that grows by words, calls and results; `facts` is its fold."""

    def __init__(self) -> None:
        self.facts = Facts()
        self.seq = 0

    def add(self, payload: Payload) -> int:
        self.seq += 1
        self.facts.take(self.seq, payload, self.seq * 1_000)
        return self.seq

    def user(self, text: str) -> int:
        return self.add(UserMessage(text=text))

    def agent(self, text: str) -> int:
        return self.add(ModelReplied(step=self.seq, text=text))

    def call(self, tool: str, result: str | None = "ok", /, **told: Any) -> int:
        """One call and, unless `result` is None, its end. `outcome`, `code` and `effect` are of the end, the rest are arguments."""
        end = {name: told.pop(name) for name in ("outcome", "exit_code", "effect") if name in told}
        call = ToolCall(id=f"c{self.seq}", name=tool, arguments=json.dumps(told))
        seq = self.add(ModelReplied(step=self.seq, calls=(call,)))
        if result is None:
            return seq
        return self.add(ToolFinished(step=seq, call=call.id, name=tool, text=result, **end))

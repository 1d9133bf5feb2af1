"""What every event is made of, and one row of the log."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from cairn_memory.bounds import Line


class Payload(BaseModel):
    """What one event says. Subclasses set `kind` and are found by it."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)
    kind: ClassVar[str] = ""
    registry: ClassVar[dict[str, type["Payload"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind:
            Payload.registry[cls.kind] = cls


class Part(BaseModel):
    """A value inside an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class BlobRef(Part):
    """Points at a whole payload kept beside the log: `digest` names it, `size` is in bytes."""

    digest: Line
    size: int


class Origin(Part):
    """Where a message of an imported session comes from: its line in the file, and its time there (Unix milliseconds)."""

    line: int
    time: int = 0


class Unknown(Payload):
    """An event of a kind this version does not know; its text is kept as it was."""

    original: str = ""


@dataclass(frozen=True)
class Event:
    """One row of the log. `seq` numbers all events of the workspace, `time` is Unix milliseconds.

    `text` is the payload as stored (JSON); `payload` and `wire` are made from it once, when first asked.
    """

    seq: int
    session: str
    agent: str
    kind: str
    time: int
    text: str

    @cached_property
    def payload(self) -> Payload:
        return load(self.kind, self.text)

    @cached_property
    def wire(self) -> str:
        """The event as one JSON object, as clients get it."""
        head = json.dumps(
            {
                "seq": self.seq,
                "session": self.session,
                "agent": self.agent,
                "kind": self.kind,
                "time": self.time,
            }
        )
        return f'{head[:-1]}, "payload": {self.text}}}'


def load(kind: str, text: str) -> Payload:
    """The payload stored as `text`, whatever version wrote it. Raises ValueError when it is damaged."""
    model = Payload.registry.get(kind)
    if model is None:
        return Unknown(original=text)
    return model.model_validate_json(text)

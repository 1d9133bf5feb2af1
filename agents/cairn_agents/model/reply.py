"""What came back from one request to the model."""

from dataclasses import dataclass, field

from cairn_memory.events import ToolCall, Usage


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply. `calls` have ids that are unique within it and complete argument text.

    `finish` is the provider's reason: "stop", "tool_calls", "length", "content_filter", or "".
    """

    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish: str = ""
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    ms: int = 0
    first_token_ms: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply as it streams, to be shown and never stored."""

    text: str = ""
    reasoning: str = ""
    tool: str = ""

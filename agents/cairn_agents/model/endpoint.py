"""Where a model answers and how it is asked."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model behind one OpenAI-compatible base URL. The key lives in memory only."""

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    window: int = 128_000
    """Tokens the model's context holds, prompt and reply together."""
    max_output: int = 0
    """Tokens of one reply; 0 leaves it to the provider."""
    first_token_timeout: float = 300.0
    """Seconds until the first byte of a reply. Local models load and read for long."""
    stall_timeout: float = 120.0
    """Seconds between two pieces of a reply."""
    send_reasoning: bool = False
    """Whether the model wants its own reasoning text back (`reasoning_content`)."""
    extra: dict[str, object] = field(default_factory=dict[str, object], hash=False)
    """More fields for the request body, as the provider documents them (temperature, ...)."""

"""Tokens of one reply, as the provider counts them or, where it does not, as they are estimated."""

from collections.abc import Mapping

from cairn_agents.model.wire import count, mapping
from cairn_memory.events import Usage

_BYTES_PER_TOKEN = 3.6
"""A rough measure for English and code, for what no provider has counted."""


def estimate_tokens(size: int) -> int:
    """Tokens in `size` bytes of text, roughly."""
    return int(size / _BYTES_PER_TOKEN)


def usage_in(chunk: Mapping[str, object]) -> Usage | None:
    """The count in one piece of a stream, None when it has none. Groq wraps it in `x_groq`."""
    reported = mapping(chunk.get("usage")) or mapping(mapping(chunk.get("x_groq")).get("usage"))
    prompt, completion = count(reported.get("prompt_tokens")), count(reported.get("completion_tokens"))
    if not prompt and not completion:
        return None
    cached = _cached(reported)
    if cached > prompt:
        prompt += cached  # some gateways count cached tokens beside the prompt, not in it
    reasoning = count(mapping(reported.get("completion_tokens_details")).get("reasoning_tokens"))
    hidden = count(reported.get("total_tokens")) - prompt - completion
    if hidden > 0:
        completion += hidden  # Gemini and xAI leave thoughts out of the completion and in the total
    return Usage(prompt=prompt, cached=cached, completion=completion, reasoning=max(reasoning, 0))


def estimated(sent: int, received: int) -> Usage:
    """For a provider that counts nothing: `sent` and `received` in bytes or characters."""
    return Usage(prompt=estimate_tokens(sent), completion=estimate_tokens(received), estimated=True)


def _cached(reported: Mapping[str, object]) -> int:
    """OpenAI's name for it, then DeepSeek's, then Kimi's and others'. They never differ in one reply."""
    return (
        count(mapping(reported.get("prompt_tokens_details")).get("cached_tokens"))
        or count(reported.get("prompt_cache_hit_tokens"))
        or count(reported.get("cached_tokens"))
    )

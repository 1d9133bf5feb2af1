"""What went wrong with a request, told from statuses, bodies and exceptions of many providers."""

import email.utils
import re
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from cairn_agents.model.errors import ModelError, Overloaded, QuotaSpent, RateLimited, Refused, WindowFull

_WINDOW_FULL: tuple[tuple[str, str], ...] = (
    # pattern, and who says it so
    (r"context_length_exceeded", "OpenAI, Groq, DeepSeek, xAI: the error's code"),
    (r"maximum context length", "OpenAI, vLLM, DeepSeek, Together, OpenRouter"),
    (
        r"context (?:length|window|size)[^.]{0,60}(?:exceed|too (?:long|large|small)|limit)",
        "LM Studio, Ollama, Bedrock",
    ),
    (r"exceed[^.]{0,60}context (?:length|window|size)", "llama.cpp, Mistral, SGLang"),
    (r"prompt is too long", "Anthropic and gateways to it"),
    (r"input is too long|too many (?:input )?tokens", "Bedrock, Cohere"),
    (r"input token count[^.]{0,40}exceeds", "Gemini"),
    (r"input length[^.]{0,60}exceed", "Anthropic, Qwen (DashScope)"),
    (r"tokens? (?:to keep|in prompt)[^.]{0,80}(?:greater|larger|exceed)", "LM Studio (n_keep)"),
    (r"reduce the length of (?:the|your) (?:messages|prompt|input)", "Groq, Azure"),
    (r"string_above_max_length|request too large for model", "OpenAI, Groq"),
)
_FULL = re.compile("|".join(pattern for pattern, _ in _WINDOW_FULL), re.IGNORECASE)
_SPENT = re.compile(
    r"insufficient_quota|insufficient[ _]balance|credit balance|billing|out of credits", re.IGNORECASE
)
_KEY = re.compile(r"\b(?:sk|pk|rk|gsk|xai|AIza)[-_A-Za-z0-9*.]{6,}")

_HINTS: dict[int, str] = {
    400: "the provider did not take the request; check the model's name and `extra` in config.toml",
    401: "check the key (OPENAI_API_KEY) for this address",
    402: "the account has no credit",
    403: "the key may not use this model",
    404: "check the model's name and that the base URL ends with /v1 or what your server uses",
    413: "the request is too large for this server",
    422: "the provider did not take the request; check `extra` in config.toml",
}


def from_status(status: int, body: str, headers: Mapping[str, str], base_url: str) -> ModelError:
    """The typed error for an HTTP answer that is no reply."""
    said = said_by(body)
    what = f"{place(base_url)} answered {status}{f': {said}' if said else ''}"
    if status in (400, 413, 422, 500) and _FULL.search(body):
        return WindowFull(f"{what}; the conversation no longer fits the model's context")
    if status == 429:
        if _SPENT.search(body):
            return QuotaSpent(f"{what}; the account's credit is used up, add some or use another key")
        return RateLimited(what, retry_after=retry_after(headers))
    if status >= 500 or status in (408, 409, 425):
        return Overloaded(what, retry_after=retry_after(headers))
    return Refused(f"{what}; {_HINTS.get(status, 'the provider refuses the request')}")


def from_stream(message: str, base_url: str) -> ModelError:
    """The typed error for one that came in the middle of a reply."""
    what = f"{place(base_url)} broke the reply off: {said_by(message) or 'no reason given'}"
    if _FULL.search(message):
        return WindowFull(f"{what}; the conversation no longer fits the model's context")
    if _SPENT.search(message):
        return QuotaSpent(what)
    return Overloaded(what)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the provider asks us to wait: milliseconds, seconds, or a date (RFC 9110, 10.2.3)."""
    try:
        if value := headers.get("retry-after-ms"):
            return max(float(value) / 1_000, 0.0)
        value = headers.get("retry-after", "")
        if re.fullmatch(r"\d+(\.\d+)?", value.strip()):
            return float(value)
        if value:
            return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError):
        pass
    return None


def place(base_url: str) -> str:
    """Host and port, for messages."""
    return urlsplit(base_url).netloc.rsplit("@", 1)[-1] or base_url[:80]


def said_by(body: str) -> str:
    """The provider's own words out of an error body: one bounded line, keys masked."""
    found = re.search(r"['\"]message['\"]\s*:\s*(['\"])(?P<text>.*?)(?<!\\)\1", body, re.DOTALL)
    text = found["text"] if found else re.sub(r"<[^>]*>", " ", body)
    line = " ".join(_KEY.sub("[key]", text).split())
    return line if len(line) <= 300 else f"{line[:300]} ..."

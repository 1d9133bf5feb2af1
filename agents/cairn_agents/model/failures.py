"""What went wrong with a request, by who must react: from a status or code, and what the provider said."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.errors import ModelError, Overloaded, QuotaSpent, RateLimited, Refused, WindowFull
from cairn_agents.model.retry_after import retry_after
from cairn_agents.model.said import Said, one_line, read_said
from cairn_agents.model.window_full import says_window_full

_SPENT = re.compile(
    r"insufficient[ _](?:quota|balance|credit|funds)|exceeded_current_quota_error"  # OpenAI, DeepSeek, Kimi
    r"|credit balance is too low|out of credits|not enough credits|billing_hard_limit|arrear",
    re.IGNORECASE,
)
"""Not "check your plan and billing details": Gemini says so of the limit of a minute."""
_RATE = re.compile(r"rate[ _-]?limit|too many requests|throttl|resource_exhausted", re.IGNORECASE)
_MAY_MEAN_FULL = frozenset({0, 400, 413, 422, 429, 500})
"""Statuses with which a full window is reported; 0 is an error in mid-stream without one."""

_HINTS: dict[int, str] = {
    400: "the provider did not take the request; check the model's name and `extra` in config.toml",
    401: "check the key (OPENAI_API_KEY) for this address",
    402: "the account has no credit; add some or use another key",
    403: "the key may not use this model, or not from here",
    404: "check the model's name, and that the base URL is the one the provider documents (it often ends with /v1)",
    405: "the base URL is not one of a chat endpoint; it often ends with /v1",
    413: "the request is too large for this server; use a smaller window or raise its limit",
    422: "the provider did not take the request; check `extra` in config.toml",
}


def from_status(endpoint: Endpoint, status: int, body: object, headers: Mapping[str, str]) -> ModelError:
    """The typed error for an HTTP answer that is no reply."""
    said = read_said(body)
    words = one_line(said.words, endpoint.api_key)
    what = f"{place(endpoint)} answered {status}{f': {words}' if words else ''}"
    if 300 <= status < 400:
        target = one_line(headers.get("location", "elsewhere"), endpoint.api_key)
        return Refused(f"{place(endpoint)} sends us on to {target}; set the base URL to where it moved")
    return _judge(what, status, said, headers)


def from_stream(endpoint: Endpoint, message: str, body: object) -> ModelError:
    """The typed error for one that came in the middle of a reply."""
    said = read_said(body if body is not None else message)
    words = one_line(said.words or message, endpoint.api_key)
    return _judge(
        f"{place(endpoint)} broke the reply off: {words or 'no reason given'}", said.status, said, {}
    )


def place(endpoint: Endpoint) -> str:
    """Host and port, for messages."""
    try:
        return urlsplit(endpoint.base_url).netloc.rsplit("@", 1)[-1] or endpoint.base_url[:80]
    except ValueError:
        return endpoint.base_url[:80]


def _judge(what: str, status: int, said: Said, headers: Mapping[str, str]) -> ModelError:
    if status in _MAY_MEAN_FULL and says_window_full(said.all):
        return WindowFull(f"{what}; the conversation no longer fits the model's context", status=status)
    if status in (0, 429) and _SPENT.search(said.all):
        return QuotaSpent(
            f"{what}; the account's credit is used up, add some or use another key", status=status
        )
    wait = retry_after(headers, said.words)
    if status == 429 or (status == 0 and _RATE.search(said.all)):
        return RateLimited(what, retry_after=wait, status=status)
    if status == 0 or status >= 500 or status in (408, 409, 425):
        return Overloaded(what, retry_after=wait, status=status)
    return Refused(f"{what}; {_HINTS.get(status, 'the provider refuses the request')}", status=status)

"""Errors of many providers, by who must react."""

import time
from email.utils import formatdate
from typing import Any

import pytest

from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.errors import ModelError, Overloaded, QuotaSpent, RateLimited, Refused, WindowFull
from cairn_agents.model.failures import from_status, from_stream, place
from cairn_agents.model.retry_after import duration, retry_after
from cairn_agents.model.window_full import PATTERNS

ENDPOINT = Endpoint("https://user:word@models.example:8443/v1", "m", api_key="secret-key-of-mine")


def status(code: int, body: object = None, **headers: str) -> ModelError:
    return from_status(
        ENDPOINT, code, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


# Messages as providers send them, from their documentation and from public bug reports.
FULL = [
    (
        400,
        {"code": "context_length_exceeded", "message": "This model's maximum context length is 8192 tokens."},
    ),
    (400, {"message": "Your input exceeds the context window of this model. Please adjust your input."}),
    (400, {"type": "invalid_request_error", "message": "prompt is too long: 213462 tokens > 200000 maximum"}),
    (400, {"message": "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"}),
    (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "The input token count (1196265) exceeds the maximum number of tokens",
                }
            }
        ],
    ),
    (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested",
        },
    ),
    (400, {"message": "The decoder prompt (length 5000) is longer than the maximum model length of 4096."}),
    (400, {"message": "The input (5000 tokens) is longer than the model's context length (4096 tokens)."}),
    (
        400,
        {
            "message": "request (9001 tokens) exceeds the available context size (8192 tokens), try increasing it"
        },
    ),
    (500, {"code": 500, "message": "Context size has been exceeded.", "type": "server_error"}),
    (400, {"type": "exceed_context_size_error", "n_ctx": 8192}),
    (400, "prompt too long; exceeded max context length by 4 tokens"),
    (400, "The number of tokens to keep from the initial prompt is greater than the context length"),
    (400, "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"),
    (400, "Trying to keep the first 9 tokens... the model is loaded with context length of only 4096 tokens"),
    (400, {"message": "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"}),
    (422, {"message": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8192"}),
    (
        413,
        {
            "code": "rate_limit_exceeded",
            "message": "Request too large for model `llama` on tokens per minute (TPM)",
        },
    ),
    (429, {"code": "rate_limit_exceeded", "message": "Request too large for gpt-4o on tokens per min (TPM)"}),
    (400, {"error": "This model's maximum prompt length is 131072 but the request contains 537812 tokens."}),
    (400, {"message": "Input is too long for requested model."}),
    (400, {"message": "Invalid request: Your request exceeded model token limit: 131072"}),
    (
        400,
        {"message": "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]"},
    ),
    (400, {"code": "1261", "message": "Prompt exceeds max length"}),
    (400, {"message": "invalid params, context window exceeds limit (2013)"}),
    (400, {"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081"}),
    (413, {"code": "tokens_limit_reached", "message": "Request body too large for gpt-4o model."}),
    (
        400,
        {"message": "Provider returned error", "metadata": {"raw": '{"error":"prompt is too long: 9 > 8"}'}},
    ),
    (400, {"detail": [{"msg": "This model's maximum context length is 2048 tokens"}]}),
]


@pytest.mark.parametrize(("code", "body"), FULL, ids=[str(body)[:60] for _, body in FULL])
def test_a_full_window_is_recognised_whoever_says_it(code: int, body: Any) -> None:
    assert isinstance(status(code, body), WindowFull)
    assert isinstance(from_stream(ENDPOINT, "", body), WindowFull)


def test_every_pattern_names_who_says_it_so() -> None:
    assert all(pattern and source for pattern, source in PATTERNS)


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (
            400,
            {
                "message": "max_tokens is too large: 50000. This model supports at most 16384 completion tokens"
            },
        ),
        (400, {"message": "Invalid schema for function 'read': context is not of type 'object'"}),
        (
            422,
            {"detail": [{"msg": "Field required", "input": {"messages": "the maximum context length is 5"}}]},
        ),
        (401, {"message": "Your key cannot be used with a maximum context length of 8"}),
        (404, {"message": "model not found: maximum context length"}),
    ],
)
def test_other_refusals_are_not_taken_for_a_full_window(code: int, body: object) -> None:
    error = status(code, body)
    assert isinstance(error, Refused)
    assert not error.retry


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (401, {"message": "Incorrect API key"}, Refused),
        (402, {"message": "Insufficient Balance"}, Refused),
        (403, "<html><h1>Forbidden</h1></html>", Refused),
        (404, None, Refused),
        (308, None, Refused),
        (408, None, Overloaded),
        (409, None, Overloaded),
        (429, {"code": "rate_limit_exceeded", "message": "Rate limit reached for gpt-4o in organization"}, RateLimited),
        (429, {"code": "insufficient_quota", "message": "You exceeded your current quota"}, QuotaSpent),
        (429, {"type": "exceeded_current_quota_error", "message": "Your account is suspended"}, QuotaSpent),
        (429, {"message": "Your credit balance is too low to access the API"}, QuotaSpent),
        # Gemini says so of the limit of a minute, too.
        (429, [{"error": {"message": "You exceeded your current quota, please check your plan and billing details. "
                          "Please retry in 34.07s.", "status": "RESOURCE_EXHAUSTED"}}], RateLimited),
        (500, {}, Overloaded),
        (502, "<html>", Overloaded),
        (529, {"type": "overloaded_error", "message": "Overloaded"}, Overloaded),
    ],
)  # fmt: skip
def test_statuses_are_told_apart_by_who_must_react(code: int, body: object, kind: type[ModelError]) -> None:
    error = status(code, body)
    assert type(error) is kind
    assert "models.example:8443" in error.message
    assert "word" not in error.message


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"message": "overloaded", "code": 529}, Overloaded),
        ({"message": "Upstream rate limit", "code": 429}, RateLimited),
        ({"type": "rate_limit_error", "message": "slow down"}, RateLimited),
        ({"type": "insufficient_quota", "message": "no more"}, QuotaSpent),
        ({"message": "Invalid tool schema", "code": 400}, Refused),
        ({"message": "Upstream error", "code": 502}, Overloaded),
        ("something broke", Overloaded),
        (None, Overloaded),
    ],
)
def test_errors_in_mid_stream_are_told_apart_by_their_codes(body: object, kind: type[ModelError]) -> None:
    assert type(from_stream(ENDPOINT, "An error occurred during streaming", body)) is kind


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefgh12345678",
        "secret-key-of-mine",
        "Bearer abc.def",
        "0123456789abcdef0123456789abcdef",
        "gsk_a1b2c3d4",
    ],
)
def test_what_the_provider_said_is_shown_as_one_bounded_line_without_keys(secret: str) -> None:
    words = f"Incorrect key {secret} given\r\n\x1b[31mred\u202e" + " more" * 500
    message = status(401, {"message": words}).message
    assert secret not in message
    assert message.isprintable()
    assert len(message) < 500


@pytest.mark.parametrize(
    "words", ["<" * 20_000, "<style" * 3_000, "1a" * 10_000, "sk-" * 7_000, "try again in " + "1s" * 9_000]
)
def test_hostile_words_take_no_long_time(words: str) -> None:
    start = time.process_time()
    for body in (words, {"message": words}, {"error": [{"detail": {"msg": words}}] * 3}):
        status(400, body)
    assert time.process_time() - start < 0.5


def test_a_web_page_is_shown_as_its_words() -> None:
    page = "<html><style>b {color: red}</style><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"
    assert "answered 502: 502 Bad Gateway nginx" in status(502, page).message


def test_a_message_says_what_to_do() -> None:
    assert "OPENAI_API_KEY" in status(401).message
    assert "/v1" in status(404).message
    assert "https://new.example/v1" in status(301, None, location="https://new.example/v1").message


@pytest.mark.parametrize(
    ("headers", "said", "seconds"),
    [
        ({"retry-after": "7"}, "", 7.0),
        ({"retry-after": " 0.5 "}, "", 0.5),
        ({"retry-after": "0"}, "", 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, "", 1.5),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "-3"}, "", None),
        ({}, "Rate limit reached. Please try again in 1.898s. Visit", 1.898),
        ({}, "Please retry in 34.07s.", 34.07),
        ({}, "Try again in 1m30.5s", 90.5),
        ({}, "try again in 250ms", 0.25),
        ({"retry-after": "2"}, "try again in 9s", 2.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, "", 360.0),
        ({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "6m0s"}, "", None),
        ({}, "", None),
    ],
)
def test_the_wait_a_provider_asks_for_is_read(
    headers: dict[str, str], said: str, seconds: float | None
) -> None:
    assert retry_after(headers, said) == (seconds if seconds is None else pytest.approx(seconds))


def test_a_date_to_wait_for_is_read() -> None:
    later = retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)})
    assert later is not None and 55 < later <= 61
    assert retry_after({"retry-after": formatdate(time.time() - 60, usegmt=True)}) == 0.0


def test_a_duration_is_read() -> None:
    assert [duration(each) for each in ("1h2m3s", "12ms", "", "x")] == [3723.0, 0.012, None, None]


@pytest.mark.parametrize("url", ["localhost:11434/v1", "http://[::1", "", "models"])
def test_an_address_that_is_none_still_has_a_place_in_messages(url: str) -> None:
    assert place(Endpoint(url, "m")) == url

"""How long a provider asks us to wait before the next request."""

import email.utils
import re
import time
from collections.abc import Mapping

_NUMBER = re.compile(r"\d{1,12}(\.\d+)?")
_IN_WORDS = re.compile(
    r"(?:try again|retry) in (?P<wait>(?:\d+(?:\.\d+)?\s*(?:ms|[hms])[a-z]*\s*)+)", re.IGNORECASE
)
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|[hms])")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def retry_after(headers: Mapping[str, str], said: str = "") -> float | None:
    """Seconds, None when the provider names none. The surest source comes first.

    `retry-after-ms` (OpenAI, Azure); `Retry-After` in seconds or as a date (RFC 9110, 10.2.3);
    words ("try again in 1.8s", OpenAI, Groq, Gemini); `x-ratelimit-reset-*` of what is used up.
    """
    if (wait := _number(headers.get("retry-after-ms"))) is not None:
        return wait / 1_000
    if (asked := headers.get("retry-after")) and (wait := _seconds_or_date(asked)) is not None:
        return wait
    if words := _IN_WORDS.search(said):
        return duration(words["wait"])
    return _reset(headers)


def duration(written: str) -> float | None:
    """Seconds in "6m0s", "59.7s", "12ms"; None when it is not written so."""
    parts = list(_DURATION.finditer(written))
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts) if parts else None


def _reset(headers: Mapping[str, str]) -> float | None:
    waits = (
        duration(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}") == "0"
    )
    return max((wait for wait in waits if wait is not None), default=None)


def _seconds_or_date(asked: str) -> float | None:
    if (wait := _number(asked)) is not None:
        return wait
    try:
        return max(email.utils.parsedate_to_datetime(asked).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    return float(value) if value is not None and _NUMBER.fullmatch(value := value.strip()) else None

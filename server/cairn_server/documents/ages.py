"""Times as people say them."""

import time

_STEPS = ((60, "s"), (60, "min"), (24, "h"), (30, "d"), (12, "mo"))


def age(since: int, now: int | None = None) -> str:
    """`3 d` for Unix milliseconds three days ago; "" for 0."""
    if not since:
        return ""
    left = max(((round(time.time() * 1_000) if now is None else now) - since) // 1_000, 0)
    for size, unit in _STEPS:
        if left < size:
            return f"{left} {unit}"
        left //= size
    return f"{left} y"

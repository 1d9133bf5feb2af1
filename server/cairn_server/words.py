"""Numbers as a person reads them: tokens, money, time."""

import time


def tokens(count: int) -> str:
    """950, 4.2k, 128k, 1.5M."""
    if count < 1_000:
        return str(count)
    if count < 9_950:
        return f"{count / 1_000:.1f}k"
    if count < 999_500:
        return f"{count / 1_000:.0f}k"
    return f"{count / 1_000_000:.1f}M"


def used(count: int) -> str:
    """12k tokens; "" for none."""
    return f"{tokens(count)} token{'' if count == 1 else 's'}" if count > 0 else ""


def counted(number: int, what: str) -> str:
    """3 files, 1 file."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def since(milliseconds: int) -> str:
    """`ago`, and "" for a time that nobody knows, 0."""
    return ago(milliseconds) if milliseconds else ""


def money(dollars: float) -> str:
    """US dollars; "" when nothing is known to have been spent."""
    if dollars <= 0:
        return ""
    return f"${dollars:.2f}" if dollars >= 0.995 else f"${dollars:.3f}"


def duration(seconds: float) -> str:
    """0.4 s, 3 s, 12 s, 3m 05s, 2h 10m."""
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3_600}h {whole % 3_600 // 60:02d}m"


def ago(milliseconds: int, now: float | None = None) -> str:
    """How long ago a Unix time in milliseconds was: "just now", "5 min ago", "3 days ago"."""
    seconds = (time.time() if now is None else now) - milliseconds / 1_000
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "min")):
        if seconds >= size:
            count = int(seconds // size)
            plural = "s" if count > 1 and name != "min" else ""
            return f"{count} {name}{plural} ago"
    return "just now"


def percent(part: int, whole: int) -> str:
    """How full something is; "" when its size is not known."""
    return f"{min(100 * part / whole, 999):.0f}%" if whole > 0 else ""


def joined(*parts: str) -> str:
    """The parts that say something, with dots between."""
    return " · ".join(part for part in parts if part)

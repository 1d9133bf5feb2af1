"""A page that is made anew keeps what people changed in it by hand."""


def carried(base: str, today: str, new: str) -> str:
    """`new` with the lines in it that a person added to `base` to make `today`, without those they took out.

    A line that was added stands at the end of its section (the last heading above it), or at the page's
    end when that section is gone. A line that was changed counts as one taken out and one added.
    """
    if not today or today == base:
        return new
    had, has = set(base.splitlines()), set(today.splitlines())
    kept = [line for line in new.splitlines() if line in has or line not in had or not line.strip()]
    for heading, line in _added(today, had):
        if line not in kept:
            kept.insert(_end_of(kept, heading), line)
    return "\n".join(kept) + "\n"


def _added(today: str, had: set[str]) -> list[tuple[str, str]]:
    """Lines that were not there, each with the heading it stands under."""
    heading, found = "", list[tuple[str, str]]()
    for line in today.splitlines():
        if line.strip() and line not in had:
            found.append((heading, line))
        if line.startswith("#"):
            heading = line
    return found


def _end_of(lines: list[str], heading: str) -> int:
    """Where a line is put that belongs under `heading`: behind the last line with something in it there."""
    start = lines.index(heading) if heading in lines else len(lines) - 1
    end = next((at for at in range(start + 1, len(lines)) if lines[at].startswith("#")), len(lines))
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return end

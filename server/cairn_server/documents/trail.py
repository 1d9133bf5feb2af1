"""The checkpoints of a session as a page: its trail as a picture, and the same as tables for those who read it."""

import time
from pathlib import Path

from cairn_memory.files import write_atomically
from cairn_memory.trail import Mark, Trail, thinned
from cairn_server.documents.trail_picture import NAMES, description, picture

PAGE, PICTURE = "trail.md", "trail.svg"
ROWS = 40
"""Steps in the table, the fullest and the last of each stretch."""


def write_trail(trail: Trail, folder: Path) -> tuple[Path, Path]:
    """Puts the page and its picture into the session's folder. Blocking. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(folder / PICTURE, picture(trail).encode("utf-8"), 0o600)
    write_atomically(folder / PAGE, page(trail).encode("utf-8"), 0o600)
    return folder / PAGE, folder / PICTURE


def page(trail: Trail) -> str:
    """Markdown. All of it is numbers and our own words."""
    told = description(trail)
    parts = [f"# Checkpoints of session {trail.session}", f"![{told}]({PICTURE})", told]
    if trail.marks:
        parts.append(
            "## What happened\n\n| after step | what | window | event | when |\n|--:|---|--:|--:|---|\n"
            + "\n".join(map(_happened, trail.marks))
        )
        missing = sum(trail.counts.values()) - len(trail.marks)
        parts += [f"{missing:,} more are not in this table."] if missing else []
    if trail.points:
        rows = "\n".join(
            f"| {point.step:,} | {point.fill:,} | {_percent(point.fill, trail.window)} | {f'${point.cost:.3f}' if point.cost else ''} |"
            for point in thinned(trail.points, ROWS)
        )
        parts.append(
            f"## The window after each step\n\n| step | tokens | full | cost so far |\n|--:|--:|--:|--:|\n{rows}"
        )
    return "\n\n".join([*parts, f"`cairn trail {trail.session}` shows the same in a terminal."]) + "\n"


def _happened(mark: Mark) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(mark.time / 1_000))
    return f"| {mark.step:,} | {_what(mark)} | {mark.fill:,} | e{mark.event} | {when} |"


def _what(mark: Mark) -> str:
    if mark.kind == "checkpoint":
        return f"**checkpoint {mark.number}**, {'facts and judgement' if mark.judged else 'facts only'}"
    return f"{NAMES[mark.kind]}{f' {mark.number}' if mark.number else ''}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""

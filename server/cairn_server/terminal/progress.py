"""The one line at the bottom: what is being done, and what it has taken so far."""

import time

from rich.cells import cell_len
from rich.text import Text

from cairn_server import words
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.standing import Standing

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_A_SECOND = 8
SLOW = 3.0
"""Seconds after which the line says how long the present activity takes."""
TASK = 28
"""Characters of the task at hand."""
LEAST_DOING = 16
"""Cells for what is being done; figures are left out before it has less."""


def progress(standing: Standing, width: int) -> Text:
    """The line, cut to `width` cells: figures go first, the least important one first of all."""
    now = time.monotonic()
    frame = FRAMES[int(now * FRAMES_A_SECOND) % len(FRAMES)]
    waited = now - standing.doing_since
    doing = one_line(standing.doing)
    slow = f" {words.duration(round(waited))}" if waited >= SLOW else ""
    figures = _figures(standing, now - standing.began)
    while len(figures) > 1 and cell_len("  ".join(figures)) + LEAST_DOING + 6 > width:
        figures.pop()
    right = " · ".join(figures)
    left = Text(doing)
    left.truncate(max(width - cell_len(right) - len(slow) - 6, 4), overflow="ellipsis")
    row = Text(no_wrap=True, overflow="ellipsis", end="")
    row.append(f"{frame} ", "cyan").append_text(left).append(slow, "dim").append(f"   {right}", "dim")
    row.truncate(width)
    return row


def _figures(standing: Standing, seconds: float) -> list[str]:
    """The most important first."""
    near = 0 < standing.max_steps <= standing.step * 4
    step = f"step {standing.step}" + (f"/{standing.max_steps}" if near else "")
    fill = words.percent(standing.fill, standing.window)
    spent = f"{words.tokens(standing.tokens)} tokens" if standing.tokens else ""
    figures = (
        step if standing.step else "",
        words.duration(round(seconds)),
        f"window {fill}" if fill else "",
        words.money(standing.cost),
        spent,
        _short(one_line(standing.task)),
        f"checkpoint {standing.checkpoints}" if standing.checkpoints else "",
    )
    return [figure for figure in figures if figure]


def _short(text: str) -> str:
    return text if len(text) <= TASK else f"{text[: TASK - 1].rstrip()}…"

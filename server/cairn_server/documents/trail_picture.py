"""The trail of a session as an SVG: the window's fill over the steps, what happened on the way, and what it cost.

A pure function of the trail, made of numbers only. It has a ground of its own, so it can be read wherever it is shown,
in light or dark by the reader's choice.
"""

from collections.abc import Iterator

from cairn_memory.trail import Mark, MarkKind, Trail

WIDTH, HEIGHT, WITHOUT_COST = 960, 380, 312
LEFT, RIGHT = 64, 936
TOP, BOTTOM = 76, 262
COST_TOP, COST_BOTTOM = 296, 336
"""Places in the picture, in its own units."""

_STYLE = """
  .ground { fill: #fbfaf7; stroke: #d9d4c7 } text { font: 12px system-ui, sans-serif; fill: #57534a }
  .title { font-size: 15px; font-weight: 600; fill: #26241f } .grid { stroke: #e4dfd3 } .limit { stroke: #b5540f; stroke-dasharray: 5 4 }
  .fill { fill: #3f7f8c; fill-opacity: .22 } .line { fill: none; stroke: #2b6875; stroke-width: 1.8; stroke-linejoin: round }
  .cost { fill: none; stroke: #7a5ea8; stroke-width: 1.8 } .checkpoint { fill: #8b6b2e } .rebuild { stroke: #8b6b2e; stroke-dasharray: 3 3 }
  .kill, .failed { stroke: #b3261e; stroke-width: 2.2; fill: none } .resume { fill: #2e7d4f } .interrupt, .budget, .rewind { stroke: #9a6700; stroke-width: 2; fill: none }
  .done { fill: none; stroke: #2e7d4f; stroke-width: 2.4 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #1e2124; stroke: #3a3f44 } text { fill: #b9bec4 } .title { fill: #f0f1f2 } .grid { stroke: #33383d } .limit { stroke: #e8935a }
    .fill { fill: #62b3c2; fill-opacity: .25 } .line { stroke: #7fc8d6 } .cost { stroke: #b79be6 } .checkpoint { fill: #d9b56a }
    .rebuild { stroke: #d9b56a } .kill, .failed { stroke: #ff8078 } .resume { fill: #6fcf97 } .interrupt, .budget, .rewind { stroke: #e3b341 }
    .done { stroke: #6fcf97 }
  }"""
_GRID = 4
"""Parts of the window that are ruled off."""
_TICKS = 8
NAMES: dict[MarkKind, str] = {
    "checkpoint": "checkpoint",
    "rebuild": "new window",
    "kill": "host killed",
    "interrupt": "interrupted",
    "resume": "resumed",
    "rewind": "taken back",
    "budget": "budget spent",
    "failed": "failed",
    "done": "done",
}
"""What each kind of mark is called, in the order in which they are explained."""


def picture(trail: Trail) -> str:
    """The whole file. It is as wide for three steps as for ten thousand."""
    height = HEIGHT if trail.cost else WITHOUT_COST
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
        f'<title id="title">Trail of session {_safe(trail.session)}</title>',
        f'<desc id="desc">{description(trail)}</desc>',
        f"<style>{_STYLE}\n</style>",
        f'<rect class="ground" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        f'<text class="title" x="{LEFT}" y="30">{_headline(trail)}</text>',
        *_legend(trail),
    ]
    if trail.points:
        parts += [*_grid(trail), *_curve(trail), *_marks(trail), *_cost(trail), *_steps(trail)]
    else:
        parts.append(f'<text x="{LEFT}" y="{TOP + 40}">No step was made yet.</text>')
    return "\n".join([*parts, "</svg>", ""])


def description(trail: Trail) -> str:
    """What the picture shows, in one sentence."""
    if not trail.points:
        return "No step was made yet."
    fullest = max(trail.points, key=lambda point: point.fill)
    of = f" of {trail.window:,}" if trail.window else ""
    told = [f"{count} x {NAMES[kind]}" for kind in NAMES if (count := trail.counts.get(kind, 0))]
    spent = f" It cost ${trail.cost:.2f}." if trail.cost else ""
    return (
        f"{trail.steps:,} steps; the window held at most {fullest.fill:,}{of} tokens, after step {fullest.step:,}. "
        f"{', '.join(told) or 'Nothing else happened'}.{spent}"
    )


def _headline(trail: Trail) -> str:
    steps = f"{trail.steps:,} step{'' if trail.steps == 1 else 's'}"
    windows = trail.counts.get("rebuild", 0) + 1
    size = f" of {_tokens(trail.window)} tokens" if trail.window else ""
    return f"{steps} in {f'{windows:,} windows' if windows > 1 else 'one window'}{size}"


def _legend(trail: Trail) -> Iterator[str]:
    at = float(LEFT)
    for kind, name in NAMES.items():
        if count := trail.counts.get(kind, 0):
            label = f"{name} x {count:,}" if count > 1 else name
            yield _sign(kind, at + 6, 50)
            yield f'<text x="{at + 17:.0f}" y="54">{label}</text>'
            at += 36 + 6.1 * len(label)


def _grid(trail: Trail) -> Iterator[str]:
    top = _top(trail)
    for part in range(_GRID + 1):
        tokens = top * part // _GRID
        y = _y(tokens, top)
        yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_tokens(tokens)}</text>'
    if trail.window:
        y = _y(trail.window, top)
        yield f'<line class="limit" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"><title>the window\'s end</title></line>'


def _curve(trail: Trail) -> Iterator[str]:
    top = _top(trail)
    spots = [(_x(point.step, trail), _y(point.fill, top)) for point in trail.points]
    if len(spots) == 1:
        spots.append((float(RIGHT), spots[0][1]))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    yield f'<polygon class="fill" points="{spots[0][0]:.1f},{BOTTOM} {path} {spots[-1][0]:.1f},{BOTTOM}"/>'
    yield f'<polyline class="line" points="{path}"/>'


def _marks(trail: Trail) -> Iterator[str]:
    for mark in trail.marks:
        x = _x(mark.step, trail) + (_between(trail) if mark.kind != "done" else 0)
        if mark.kind in ("rebuild", "kill"):
            yield f'<line class="{mark.kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{BOTTOM}"/>'
        y = BOTTOM + 2 if mark.kind == "checkpoint" else TOP - 8
        shift = 14 if mark.kind == "resume" else 0
        yield _sign(mark.kind, x + shift, y, mark)


def _cost(trail: Trail) -> Iterator[str]:
    if not trail.cost:
        return
    yield f'<text x="{LEFT - 8}" y="{COST_TOP + 5}" text-anchor="end">${trail.cost:.2f}</text>'
    yield f'<text x="{LEFT - 8}" y="{COST_BOTTOM + 4}" text-anchor="end">$0</text>'
    yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{COST_BOTTOM}" y2="{COST_BOTTOM}"/>'
    height = COST_BOTTOM - COST_TOP
    spots = " ".join(
        f"{_x(point.step, trail):.1f},{COST_BOTTOM - height * min(point.cost / trail.cost, 1):.1f}"
        for point in trail.points
    )
    yield f'<polyline class="cost" points="{spots}"/>'


def _steps(trail: Trail) -> Iterator[str]:
    first, last = trail.points[0].step, trail.points[-1].step
    rough = max((last - first) / _TICKS, 1)
    size = 10 ** (len(str(int(rough))) - 1)
    pace = next(size * times for times in (1, 2, 5, 10) if size * times >= rough)
    y = (COST_BOTTOM if trail.cost else BOTTOM) + 22
    inner = [step for step in range(pace, last, pace) if step - first >= pace / 2 and last - step >= pace / 2]
    for step in sorted({first, last, *inner}):
        yield f'<text x="{_x(step, trail):.1f}" y="{y}" text-anchor="middle">{step:,}</text>'
    yield f'<text x="{LEFT - 16}" y="{y}" text-anchor="end">step</text>'


def _sign(kind: MarkKind, x: float, y: float, mark: Mark | None = None) -> str:
    """One mark with its middle at x, y; it says what it is when it is pointed at."""
    shapes: dict[MarkKind, str] = {
        "checkpoint": f"M{x - 5:.1f} {y + 8:.1f}h10l-2.5 -4h-5zM{x - 2.2:.1f} {y + 3:.1f}h4.4l-1 -3.4h-2.4z",
        "rebuild": f"M{x:.1f} {y - 6:.1f}v12",
        "kill": f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8",
        "failed": f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8",
        "resume": f"M{x - 4:.1f} {y - 5:.1f}l9 5l-9 5z",
        "rewind": f"M{x + 4:.1f} {y - 5:.1f}l-8 5l8 5",
        "done": f"M{x - 5:.1f} {y:.1f}l4 4l7 -8",
    }
    shape = shapes.get(kind, f"M{x - 2:.1f} {y - 5:.1f}v10m4 -10v10")
    if mark is None:
        return f'<path class="{kind}" d="{shape}"/>'
    number = f" {mark.number}" if mark.number else ""
    return f'<path class="{kind}" d="{shape}"><title>{NAMES[kind]}{number}, after step {mark.step:,}</title></path>'


def _x(step: int, trail: Trail) -> float:
    first, last = trail.points[0].step, trail.points[-1].step
    return LEFT + (RIGHT - LEFT) * (step - first) / max(last - first, 1)


def _between(trail: Trail) -> float:
    """Half the way to the next step: what is marked happened between two."""
    return min((RIGHT - LEFT) / max(trail.steps - 1, 1) / 2, 12)


def _y(tokens: float, top: int) -> float:
    return BOTTOM - (BOTTOM - TOP) * tokens / top


def _top(trail: Trail) -> int:
    """Tokens at the upper edge: the window, or more where it was larger before."""
    return max(trail.window, *(point.fill for point in trail.points), 1)


def _tokens(count: int) -> str:
    return f"{count / 1_000:.0f}k" if count >= 2_000 else f"{count:,}"


def _safe(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum() or letter in "-_.")

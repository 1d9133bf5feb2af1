"""A rewind in words: what it would do or did, what stands in its way, what stays."""

from collections.abc import Iterable, Iterator

from cairn_agents.rewind.outcome import Outcome
from cairn_server import words
from cairn_server.views.row import LINE, TOOLTIP, cut, short

NAMED = 15
"""Files and reasons that are named of each kind; the method's result has all."""


def title(outcome: Outcome) -> str:
    """A question before it, a line of news after it."""
    place = short(outcome.words, LINE)
    if not outcome.applied:
        return f"Rewind to {place}?"
    done = "Put back" if outcome.undoes else "Taken back"
    return f"{done}: {place}, {words.counted(len(outcome.files), 'file')}."


def detail(outcome: Outcome) -> str:
    """A line each. With overlaps no file at all is taken back."""
    return cut("\n".join(short(line, LINE) for line in _lines(outcome)), 4 * TOOLTIP)


def _lines(outcome: Outcome) -> Iterator[str]:
    if outcome.overlaps:
        yield "No file can be taken back, as others changed the same places since:"
        yield from _named(f"{each.path}: {each.why}" for each in outcome.overlaps)
        return
    steps, files = words.counted(outcome.steps, "step"), words.counted(len(outcome.files), "file")
    yield f"{steps} and {files} since then. It can be undone."
    yield from _named(f"{each.how}: {each.path}" for each in outcome.files)
    yield from _named(f"stays changed by others: {path}" for path in outcome.kept)
    yield from _named(f"not taken back: {line}" for line in outcome.left)


def _named(texts: Iterable[str]) -> Iterator[str]:
    every = list(texts)
    yield from every[:NAMED]
    if len(every) > NAMED:
        yield f"and {len(every) - NAMED} more"

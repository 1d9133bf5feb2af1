"""Puts accepted parts into a file as it is now, which others may have gone on with: by a merge on lines, or not at all."""

from collections.abc import Sequence

from cairn_agents.proposals.hunks import hunks, lines_of, ranges, with_parts
from cairn_agents.rewind.merging import Merged, merge
from cairn_memory.snapshots.states import Hunk as Range


def place(base: str, text: str, now: str, chosen: Sequence[str]) -> tuple[str, list[str], dict[str, int]]:
    """`now` with the chosen parts of the change from `base` to `text` in it.

    Which of the parts went in, and for those that touch what others changed since, the line (from 1) of it.
    """
    merged = _merged(base, with_parts(base, text, chosen), now)
    if not merged.clashes:
        return merged.data.decode("utf-8"), list(chosen), {}
    done: list[str] = []
    refused: dict[str, int] = {}
    made = now
    for each in [hunk.id for hunk in hunks(base, text) if hunk.id in chosen]:
        trial = _merged(base, with_parts(base, text, [*done, each]), now)
        if trial.clashes:
            refused[each] = trial.clashes[0].line
        else:
            made, done = trial.data.decode("utf-8"), [*done, each]
    return made, done, refused


def _merged(base: str, wanted: str, now: str) -> Merged:
    return merge(base.encode("utf-8"), now.encode("utf-8"), wanted.encode("utf-8"), _compare)


def _compare(before: bytes, after: bytes) -> Sequence[Range]:
    return list(ranges(lines_of(before.decode("utf-8")), lines_of(after.decode("utf-8"))))

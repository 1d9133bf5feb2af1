"""The one table of what a rebuilt window is made of: order, who is served first, share and bounds of each part.

A part may use its share of the budget, and then what all left over, in the order of `rank` (1 is
served first). A floor is what a part keeps in the smallest budget, whatever those before it want.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One part: `title` is its heading, `share` and `floor` are parts of the budget, `most` is in tokens (0: no bound)."""

    part: str
    title: str
    rank: int
    share: float
    floor: float = 0.0
    most: int = 0


TABLE = (
    Row("words", "What the user said (word for word, oldest first)", 3, 0.31, 0.25),
    Row("rules", "Rules (binding, word for word)", 1, 0.60),
    Row("checkpoint", "What is known", 5, 0.14, 0.0, 6_000),
    Row("tasks", "Tasks", 6, 0.07, 0.0, 4_000),
    Row("files", "Files and names in use", 4, 0.42, 0.08, 5_000),
    Row("errors", "Errors", 7, 0.07, 0.0, 1_500),
    Row("commands", "Commands", 8, 0.07, 0.0, 2_000),
    Row("tail", "What happened last", 9, 0.18, 0.05),
    Row("memory", "From memory", 10, 0.08, 0.0, 6_000),
    Row("notes", "Notes", 11, 0.05, 0.0, 4_000),
    Row("standing", "Where it stands, and what to do now", 2, 0.10, 0.10, 400),
)
"""In the order in which the parts are shown."""

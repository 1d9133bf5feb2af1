"""What changed while a session rested, as a page that a person reads before it goes on."""

import time

from cairn_server.documents.markdown import code, plain
from cairn_server.protocol import SessionDrift

GOAL = 200
LINE = 300
"""Characters."""


def drift_page(drift: SessionDrift) -> str:
    """Markdown: how the session rests, a table of what is other now, the commits that came."""
    rested = time.strftime("%Y-%m-%d %H:%M", time.localtime(drift.rested / 1_000))
    how = plain(
        drift.reason if drift.reason.startswith(drift.state) else f"{drift.state}: {drift.reason}", LINE
    )
    head = f"# Before “{plain(drift.goal, GOAL)}” goes on\n\nSession {code(drift.session)} rests since {rested} ({how.removesuffix(': ')}).\n"
    if drift.moved:
        head += f"\nIts work tree lay in {code(drift.moved)} then.\n"
    if not drift.lines and not drift.commits:
        return head + "\nNothing changed that it knew: branch, commit and files are as it left them.\n"
    rows = "".join(
        f"| {plain(each.kind, LINE) or 'note'} | {plain(each.what, LINE)} |\n" for each in drift.lines
    )
    commits = "".join(f"- {plain(each, LINE)}\n" for each in drift.commits)
    return (
        head
        + "\n## What changed since\n\n| what | which |\n|---|---|\n"
        + rows
        + (f"\n## Commits since\n\n{commits}" if commits else "")
        + "\nResuming tells the agent the same before the model is asked anything.\n"
    )

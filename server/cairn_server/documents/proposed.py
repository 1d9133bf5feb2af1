"""What a session proposed and what was answered, as lines of its document."""

from cairn_memory.events import ProposalAnswered, ProposalMade
from cairn_server.documents.markdown import code, plain

LINE = 400
"""Characters of a reason."""


def proposal_made(payload: ProposalMade) -> str:
    """A change that waits for a person."""
    return f"- **Proposed** for {code(payload.path)}: +{payload.added} -{payload.removed}\n\n"


def proposal_answered(payload: ProposalAnswered) -> str:
    """What a person said to it."""
    parts = len(payload.hunks)
    count = "" if payload.answer == "edited" else f" {parts} change{'' if parts == 1 else 's'} of"
    words = f": {plain(payload.words, LINE)}" if payload.words.strip() else ""
    unsaved = ", in an editor, not saved yet" if payload.unsaved else ""
    by = f", by {plain(payload.by, LINE)}" if payload.by else ""
    return f"- **{payload.answer.capitalize()}**{count} {code(payload.path)}{unsaved}{by}{words}\n\n"

"""What happened to a session's memory, as lines of its document: checkpoints, windows, claims, tasks, drift."""

from cairn_memory.events import (
    CheckpointWritten,
    ClaimAnswered,
    ClaimForgotten,
    ClaimProposed,
    ClaimRemembered,
    DriftFound,
    SessionForked,
    SessionImported,
    SessionRewound,
    TaskChanged,
    WindowStarted,
)
from cairn_server.documents.markdown import code, plain

LINE = 200
"""Characters of a text in one line."""
LINES = 20
"""Of what was left out, or of what changed."""


def checkpoint_written(payload: CheckpointWritten) -> str:
    """Its number, what it covers, whether it was judged, and what of the judgement was left out."""
    judged = "facts and judgement" if payload.judged else "facts only"
    problem = f"; {plain(payload.problem, LINE)}" if payload.problem else ""
    dropped = "".join(f"  - left out: {plain(each, LINE)}\n" for each in payload.dropped[:LINES])
    return (
        f"- **Checkpoint {payload.number}** of events up to e{payload.covers}, {judged}{problem}\n{dropped}\n"
    )


def window_rebuilt(payload: WindowStarted, before: int) -> str:
    """From how many tokens to how many, and why. `before` is 0 when nobody knows."""
    was = f"from {before:,} " if before else ""
    on = f", on checkpoint {payload.checkpoint}" if payload.checkpoint else ""
    reason = f" ({plain(payload.reason, LINE)})" if payload.reason else ""
    return f"- **Window {payload.number} rebuilt** {was}to {payload.tokens:,} tokens{reason}{on}\n\n"


def claim_changed(payload: ClaimRemembered | ClaimProposed | ClaimAnswered | ClaimForgotten) -> str:
    """A claim that came, went, was proposed, or was answered."""
    if isinstance(payload, ClaimAnswered):
        return f"- **Proposal {'accepted' if payload.accepted else 'rejected'}** {code(payload.claim)}\n\n"
    claim = f"{code(payload.claim)}: {plain(payload.text, LINE)}"
    if isinstance(payload, ClaimRemembered):
        return f"- **Remembered** ({payload.about}, {payload.scope}) {claim}\n\n"
    if isinstance(payload, ClaimProposed):
        what = "forget" if payload.forget else f"remember ({payload.about}, {payload.scope})"
        return f"- **Proposed to {what}** {claim}\n\n"
    by = f" (superseded by {code(payload.replaced_by)})" if payload.replaced_by else ""
    return f"- **Forgotten** {claim}{by}\n\n"


def task_changed(payload: TaskChanged) -> str:
    """A task with its new state."""
    note = f": {plain(payload.note, LINE)}" if payload.note else ""
    shown = f" ({', '.join(f'e{number}' for number in payload.evidence[:5])})" if payload.evidence else ""
    by = f", by {payload.by}" if payload.by != "agent" else ""
    return f"- **Task {plain(payload.task, LINE)}** {plain(payload.title, LINE)}: {payload.state}{shown}{note}{by}\n\n"


def drift_found(payload: DriftFound) -> str:
    """What changed while the session rested."""
    lines = "".join(f"  - {plain(each, LINE)}\n" for each in payload.lines[:LINES])
    more = f"  - and {len(payload.lines) - LINES} more\n" if len(payload.lines) > LINES else ""
    return f"- **Changed while it rested**, since e{payload.since}:\n{lines}{more}\n" if payload.lines else ""


def session_forked(payload: SessionForked) -> str:
    """Where the session goes on from."""
    return f"- **Goes on** from e{payload.event} of {code(payload.source)}\n\n"


def session_rewound(payload: SessionRewound) -> str:
    """Work that was taken back, or put back, with the files."""
    what = f"Put back** what e{payload.undoes} took" if payload.undoes else f"Taken back** to e{payload.to}"
    talk = ", with the conversation" if payload.conversation else ""
    files = "".join(f"  - {code(path)}\n" for path in payload.files[:LINES])
    more = f"  - and {len(payload.files) - LINES} more\n" if len(payload.files) > LINES else ""
    return f"- **{what}{talk}\n{files}{more}\n"


def session_imported(payload: SessionImported) -> str:
    """Where the session comes from, and what could not be read."""
    problems = "".join(f"  - left out: {plain(each, LINE)}\n" for each in payload.problems[:LINES])
    return f"- **Imported** from {code(payload.path)}, {payload.messages:,} messages\n{problems}\n"

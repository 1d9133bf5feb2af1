"""The checkpoints of one session: the newest of them, found by an index of the log."""

import contextlib

from cairn_agents.runs import RunError, RunInfo
from cairn_memory.events import CheckpointWritten, Event
from cairn_server import words
from cairn_server.call import Context
from cairn_server.protocol.views import ViewRow
from cairn_server.views.row import group, lines, row
from cairn_server.views.runs import current

NEWEST = 100


async def checkpoints(context: Context, session: str) -> list[ViewRow]:
    """Those of `session`, else of the run to speak of, the newest first, below a row that says what it is to do."""
    info = current(context.runs.list())
    if session:
        with contextlib.suppress(RunError):  # it was deleted
            info = context.runs.info(context.runs.find(session))
    if info is None:
        return []
    kinds = (CheckpointWritten.kind,)
    found = await context.log.read(session=info.session, kinds=kinds, newest=True, limit=NEWEST)
    rows = [_row(info, event) for event in reversed(found)]
    return group(f"of {info.session}", info.goal, rows, session=info.session)


def _row(info: RunInfo, event: Event) -> ViewRow:
    written = event.payload
    assert isinstance(written, CheckpointWritten)
    what = "its text is gone" if written.expired else "facts and judgement" if written.judged else "facts"
    name = f"Checkpoint {written.number}"
    said = f"{name} of all up to event e{written.covers}: {what}"
    return row(
        f"{info.session} c{written.number}",
        name,
        "expired" if written.expired else "judged" if written.judged else "facts",
        ("expired" if written.expired else "checkpoint",),
        words.joined(f"up to e{written.covers}", words.since(event.time), what if written.expired else ""),
        lines(said, written.problem, *(f"left out: {line}" for line in written.dropped)),
        action="openCheckpoint",
        ref=f"c{written.number}",
        session=info.session,
        at=written.covers,
    )

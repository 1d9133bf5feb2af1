"""Diffs, rewinds, forks and recorded states: what an agent changed, taken back and gone on from."""

from pathlib import Path
from typing import Any

from cairn_agents.modes import ModeName
from cairn_agents.rewind.difference import Changed
from cairn_agents.rewind.fork import fork_at
from cairn_agents.rewind.outcome import Outcome
from cairn_agents.rewind.recorder import printable
from cairn_agents.rewind.rewinds import Wish
from cairn_agents.rewind.walk import Overlap
from cairn_memory.events import Event, SnapshotTaken
from cairn_memory.snapshots import Entry
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.methods.runs import run_settings
from cairn_server.views.rewound import detail, title

_MODES: dict[str, ModeName] = {"plan": "plan", "propose": "propose"}
MOST = 5_000
"""Recorded states in one list, the newest ones."""


async def _diff(context: Context, params: wire.ShowDiff) -> wire.DiffShown:
    shown = await context.runs.rewinds.diff(params.session, params.of)
    return wire.DiffShown(
        session=shown.session,
        of=shown.words,
        files=[_file(each) for each in shown.files],
        more=shown.more,
        unknown=[printable(line) for line in shown.unknown],
    )


async def _preview(context: Context, params: wire.Rewind) -> wire.Rewound:
    return _rewound(await context.runs.rewinds.preview(_wish(context, params)))


async def _apply(context: Context, params: wire.Rewind) -> wire.Rewound:
    return _rewound(await context.runs.rewinds.apply(_wish(context, params)))


async def _undo(context: Context, params: wire.UndoRewind) -> wire.Rewound:
    return _rewound(await context.runs.rewinds.undo(params.session, context.connection.client))


async def _fork(context: Context, params: wire.StartFork) -> wire.ForkStarted:
    source, rewind = context.runs.find(params.session), None
    at = params.at or f"e{context.log.last_seq}"
    if params.files:
        wish = Wish(source, at, files=True, conversation=False, by=context.connection.client)
        outcome = await context.runs.rewinds.apply(wish)
        rewind = _rewound(outcome)
        if not outcome.applied:
            return wire.ForkStarted(session="", since=0, source=source, at=outcome.to, rewind=rewind)
    info = context.runs.info(source)
    fork = await fork_at(context.runs.memory, info, at)
    session, since = await context.runs.start(
        (params.prompt or "").strip() or info.goal,
        Path(info.root),
        _MODES.get(info.mode, "build"),
        run_settings(params.settings),
        fork,
    )
    return wire.ForkStarted(session=session, since=since, source=source, at=fork.event, rewind=rewind)


async def _list(context: Context, params: wire.ListSnapshots) -> wire.SnapshotList:
    session = context.runs.find(params.session)
    kinds = (SnapshotTaken.kind,)
    found = await context.log.read(session=session, kinds=kinds, newest=True, limit=MOST)
    standing = await context.runs.rewinds.standing(session)
    return wire.SnapshotList(
        session=session,
        snapshots=[_snapshot(event, standing.commits) for event in found],
        bytes=standing.bytes,
        off=standing.off,
    )


async def _compare(context: Context, params: wire.CompareState) -> wire.StateCompared:
    found = await context.runs.rewinds.compare(params.session, params.at)
    files = [
        wire.ComparedFile(
            path=printable(each.path),
            old=printable(each.old or each.path),
            before=_content(each.before),
            there=each.after is not None,
        )
        for each in found.changes
    ]
    return wire.StateCompared(
        session=found.session, of=found.words, root=str(found.root), files=files, more=found.more
    )


async def _read(context: Context, params: wire.AskContent) -> wire.Content:
    data = await context.runs.rewinds.content(params.content)
    return wire.Content(text="" if data is None else data.decode("utf-8", "replace"), binary=data is None)


def _content(entry: Entry | None) -> str:
    return "" if entry is None or entry.is_folder else entry.oid


def _wish(context: Context, params: wire.Rewind) -> Wish:
    return Wish(params.session, params.to, params.files, params.conversation, context.connection.client)


def _rewound(outcome: Outcome) -> wire.Rewound:
    return wire.Rewound(
        session=outcome.session,
        to=outcome.to,
        words=outcome.words,
        applied=outcome.applied,
        files=[wire.RewoundFile(path=printable(each.path), how=each.how) for each in outcome.files],
        kept=[printable(path) for path in outcome.kept],
        left=[printable(line) for line in outcome.left],
        overlaps=[_overlap(each) for each in outcome.overlaps],
        conversation=outcome.conversation,
        steps=outcome.steps,
        event=outcome.event,
        undoes=outcome.undoes,
        title=title(outcome),
        detail=detail(outcome),
    )


def _overlap(overlap: Overlap) -> wire.RewindOverlap:
    places = [
        wire.OverlapPlace(
            line=each.line, agent=list(each.base), now=list(each.ours), without=list(each.theirs)
        )
        for each in overlap.clashes
    ]
    return wire.RewindOverlap(
        path=printable(overlap.path), why=printable(overlap.why), steps=list(overlap.steps), places=places
    )


def _file(changed: Changed) -> wire.FileDiff:
    return wire.FileDiff(
        path=printable(changed.path),
        old=printable(changed.old),
        how=changed.how,
        steps=changed.steps,
        added=changed.added,
        removed=changed.removed,
        binary=changed.binary,
        diff=changed.hunks,
        before=_content(changed.before),
        after=_content(changed.after),
    )


def _snapshot(event: Event, kept: set[str]) -> wire.SnapshotInfo:
    taken = event.payload
    assert isinstance(taken, SnapshotTaken)
    return wire.SnapshotInfo(
        event=event.seq,
        time=event.time,
        commit=taken.commit,
        step=taken.step,
        call=taken.before or taken.after,
        when="before" if taken.before else "after" if taken.after else "checkpoint",
        changed=taken.changed,
        ms=taken.ms,
        left_out=list(taken.left_out),
        kept=taken.commit in kept,
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/diff/show", wire.ShowDiff, wire.DiffShown, _diff),
    Method("cairn/rewind/preview", wire.Rewind, wire.Rewound, _preview),
    Method("cairn/rewind/apply", wire.Rewind, wire.Rewound, _apply),
    Method("cairn/rewind/undo", wire.UndoRewind, wire.Rewound, _undo),
    Method("cairn/fork/start", wire.StartFork, wire.ForkStarted, _fork),
    Method("cairn/snapshots/compare", wire.CompareState, wire.StateCompared, _compare),
    Method("cairn/snapshots/content", wire.AskContent, wire.Content, _read),
    Method("cairn/snapshots/list", wire.ListSnapshots, wire.SnapshotList, _list),
)

"""Views: their rows, what a search finds as rows, one approval in words, and word of what changed."""

from collections.abc import Awaitable, Callable
from typing import Any

from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.views.approvals import approvals
from cairn_server.views.checkpoints import checkpoints
from cairn_server.views.memory import found, memory
from cairn_server.views.question import answered, question
from cairn_server.views.runs import run_row, runs
from cairn_server.views.standing import standing
from cairn_server.views.tasks import tasks

ROWS: dict[wire.ViewName, Callable[[Context, str], Awaitable[list[wire.ViewRow]]]] = {
    "approvals": approvals,
    "tasks": tasks,
    "runs": runs,
    "checkpoints": checkpoints,
    "memory": memory,
}
"""What makes the rows of each view, for the session that a client has chosen ("" for none)."""


async def _show(context: Context, params: wire.ShowView) -> wire.ViewShown:
    return wire.ViewShown(view=params.view, rows=await ROWS[params.view](context, params.session or ""))


async def _follow(context: Context, params: wire.FollowViews) -> wire.ViewsFollowed:
    if params.on:
        context.host.views.follow(context.connection.outbox)
    else:
        context.host.views.leave(context.connection.outbox)
    newest = next(iter(context.runs.list()), None)
    interrupted = run_row(newest) if newest and newest.state == "interrupted" else None
    return wire.ViewsFollowed(
        workspace=str(context.host.workspace.home), standing=standing(context.runs), interrupted=interrupted
    )


async def _find(context: Context, params: wire.FindRows) -> wire.RowsFound:
    query = params.query.strip()
    return wire.RowsFound(rows=await found(context, query, params.limit) if query else [])


async def _approval(context: Context, params: wire.ShowApproval) -> wire.ApprovalShown:
    for session, request in context.runs.approvals():
        if request.id == params.id:
            return question(request, context.runs.info(session).mode)
    return answered(params.id)


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/views/show", wire.ShowView, wire.ViewShown, _show),
    Method("cairn/views/follow", wire.FollowViews, wire.ViewsFollowed, _follow),
    Method("cairn/views/find", wire.FindRows, wire.RowsFound, _find),
    Method("cairn/approval/show", wire.ShowApproval, wire.ApprovalShown, _approval),
)

"""What was done in the workspace, read out of the log."""

from typing import Any

from cairn_server import protocol as wire
from cairn_server.call import Context, Method


async def _list(context: Context, params: wire.ListAudit) -> wire.AuditPage:
    from cairn_memory.audit import read_audit  # needed seldom, and a host should start quickly

    page = await read_audit(
        context.log,
        params.since,
        session=None if params.session is None else context.runs.find(params.session),
        kinds=params.kinds,
        after=params.after,
        limit=params.limit,
    )
    rows = [wire.AuditRow.model_validate(row, from_attributes=True) for row in page.rows]
    return wire.AuditPage(rows=rows, since=page.since, more=page.more)


METHODS: tuple[Method[Any, Any], ...] = (Method("cairn/audit/list", wire.ListAudit, wire.AuditPage, _list),)

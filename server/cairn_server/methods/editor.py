"""What editors tell of their files."""

from typing import Any

from cairn_agents.editors import Diagnostic
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.editors.editors import path_of

OWN = "cairn"
"""What we say ourselves of our own pages is no news to the agent."""


async def _diagnostics(context: Context, params: wire.ForwardDiagnostics) -> wire.Nothing:
    editors = context.host.editors
    editors.forwards(context.connection)
    for file in params.files:
        if (path := path_of(file.uri)) is not None:
            found = [
                Diagnostic(path, one.line, one.column, one.severity, one.message, one.source, one.code)
                for one in file.diagnostics
                if one.source != OWN
            ]
            editors.reports.tell(context.connection, path, found)
    return wire.Nothing()


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/editor/diagnostics", wire.ForwardDiagnostics, wire.Nothing, _diagnostics),
)

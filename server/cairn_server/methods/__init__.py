"""The method table: every custom method once. Both faces mount it; the TypeScript types come from it.

host       the host itself
runs       begin, take up, interrupt
sessions   list, read, import
following  events and approvals
memory     what is remembered: claims, proposals, search
files      the memory's files and their versions
tasks      the task tree
recall     checkpoints and rebuilt windows
audit      what was done
policy     what is kept, and how it goes
"""

from typing import Any

from cairn_server.call import Method
from cairn_server.methods import audit, files, following, host, memory, policy, recall, runs, sessions, tasks
from cairn_server.methods.sessions import session_info

__all__ = ["METHODS", "session_info"]

METHODS: tuple[Method[Any, Any], ...] = (
    *host.METHODS,
    *runs.METHODS,
    *sessions.METHODS,
    *following.METHODS,
    *memory.METHODS,
    *files.METHODS,
    *tasks.METHODS,
    *recall.METHODS,
    *audit.METHODS,
    *policy.METHODS,
)

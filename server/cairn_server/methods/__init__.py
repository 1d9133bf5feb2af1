"""The method table: every custom method once. Both faces mount it; the TypeScript types come from it.

host       the host itself
runs       begin, take up, interrupt
compose    messages written in an editor
sessions   list, read, import
following  events and approvals
editor     what editors tell of their files
memory     what is remembered: claims, proposals, search
files      the memory's files and their versions
tasks      the task tree
recall     checkpoints and rebuilt windows
trail      how full a session's window was
proposals  changes that wait for an answer, part by part
rewind     what an agent changed, taken back and gone on from
audit      what was done
gate       decisions, what the user allowed, contracts, trust, reports
views      rows for people, and word of when they changed
policy     what is kept, and how it goes
"""

from typing import Any

from cairn_server.call import Method
from cairn_server.methods import (
    audit,
    compose,
    editor,
    files,
    following,
    gate,
    host,
    memory,
    policy,
    proposals,
    recall,
    rewind,
    runs,
    sessions,
    tasks,
    trail,
    views,
)
from cairn_server.methods.sessions import session_info

__all__ = ["METHODS", "session_info"]

METHODS: tuple[Method[Any, Any], ...] = (
    *host.METHODS,
    *runs.METHODS,
    *compose.METHODS,
    *sessions.METHODS,
    *following.METHODS,
    *editor.METHODS,
    *memory.METHODS,
    *files.METHODS,
    *tasks.METHODS,
    *recall.METHODS,
    *trail.METHODS,
    *audit.METHODS,
    *gate.METHODS,
    *rewind.METHODS,
    *proposals.METHODS,
    *views.METHODS,
    *policy.METHODS,
)

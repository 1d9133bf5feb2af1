"""The audit on the wire. Times are Unix milliseconds."""

from typing import Annotated

from pydantic import Field

from cairn_memory.audit import AuditKind
from cairn_server.protocol.base import Id, Wire

Number = Annotated[int, Field(ge=0, le=2**53)]


class ListAudit(Wire):
    """`cairn/audit/list`: what ended after event `since` and time `after`, of one session or of all."""

    session: Id | None = None
    since: Number = 0
    after: Number = 0
    kinds: list[AuditKind] = Field(default=[], max_length=10)
    limit: int = Field(default=500, ge=1, le=1_000)


class AuditRow(Wire):
    """A command, a file change or an install; an install has a row besides that of its command.

    `what` is the command or the path, `before` and `after` are the first digits of the file's SHA-256, `added` and
    `removed` its lines where that is known. `outcome` is ok, error, denied, interrupted, not run, cut off (by a
    kill) or unfinished. `allowed` is the rule or the person that let it run, or why it did not.
    """

    time: int
    session: str
    agent: str
    task: str
    kind: AuditKind
    what: str
    outcome: str
    allowed: str
    events: list[int]
    before: str
    after: str
    added: int | None
    removed: int | None
    exit_code: int | None
    ms: int


class AuditPage(Wire):
    """In the order in which they ended. With `more` the next page is asked for with this `since`."""

    rows: list[AuditRow]
    since: int
    more: bool

"""One row of the audit: a command, a file change or an install, and what let it run."""

from dataclasses import dataclass
from typing import Literal

AuditKind = Literal["command", "file", "install"]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was done, or was not allowed. An install has a row besides that of its command.

    `what` is the command, or the file's path; `before` and `after` are the first digits of its SHA-256 ("" where
    there is no file, or nobody knows), `added` and `removed` its lines, None when nobody knows. `outcome` is ok,
    error, denied, interrupted, not run, cut off (by a kill), or unfinished. `allowed` is the rule or the person that let it run, or why
    it did not. `time` is Unix milliseconds, `ms` how long it took.
    """

    time: int
    session: str
    agent: str
    task: str
    kind: AuditKind
    what: str
    outcome: str
    allowed: str
    events: tuple[int, ...]
    before: str = ""
    after: str = ""
    added: int | None = None
    removed: int | None = None
    exit_code: int | None = None
    ms: int = 0

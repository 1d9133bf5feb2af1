"""What was done in a workspace: every command, file change and dependency install, out of the log.

row            one of them
fold           follows calls from what asked for them to how they ended
installs       which parts of a command install something
changed_lines  how many lines a call added and removed
read           the rows, a page at a time
"""

from cairn_memory.audit.read import Page, read_audit
from cairn_memory.audit.row import AuditKind, Row

__all__ = ["AuditKind", "Page", "Row", "read_audit"]

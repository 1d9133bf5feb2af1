"""note: keeps a thought for later."""

from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope
from cairn_agents.tools.masking import first_line
from cairn_memory.events import NoteAdded

_TITLE = 80
"""Characters."""


class NoteArguments(Arguments):
    text: str = Field(min_length=1, max_length=20_000)


class Note:
    """The text becomes an event; nothing else happens."""

    name: ClassVar[str] = "note"
    kind: ClassVar[Kind] = "note"
    Args = NoteArguments

    async def plan(self, call: str, args: NoteArguments, scope: Scope) -> Plan[NoteArguments]:
        return Plan(call, args, f"note {first_line(args.text, _TITLE, scope.mask)}")

    async def run(self, plan: Plan[NoteArguments], scope: Scope) -> Result:
        summary = first_line(plan.args.text, _TITLE, scope.mask)
        return Result("Noted.", summary=summary, events=(NoteAdded(text=plan.args.text),))

    async def recover(self, plan: Plan[NoteArguments], scope: Scope) -> Result | None:
        return None

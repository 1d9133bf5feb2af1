"""note: keeps a thought for later."""

from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope


class NoteArguments(Arguments):
    text: str = Field(min_length=1, max_length=20_000)


class Note:
    """The session turns the text into an event; nothing else happens."""

    name: ClassVar[str] = "note"
    kind: ClassVar[Kind] = "note"
    Args = NoteArguments

    async def plan(self, call: str, args: NoteArguments, scope: Scope) -> Plan[NoteArguments]:
        return Plan(call, args, f"note {args.text[:80]}", result=args.text)

    async def run(self, plan: Plan[NoteArguments], scope: Scope) -> Result:
        return Result("Noted.", summary=plan.args.text.split("\n", 1)[0][:80])

    async def recover(self, plan: Plan[NoteArguments], scope: Scope) -> Result | None:
        return None

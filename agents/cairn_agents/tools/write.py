"""write: a whole file, new or replaced."""

import asyncio
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools import change, diff, proposed
from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.content import content
from cairn_agents.tools.encoding import Document, Form, decode, digest, is_binary
from cairn_agents.tools.output import counted
from cairn_agents.tools.paths import resolve, shown


class WriteArguments(Arguments):
    path: str = Field(max_length=4_000)
    content: str


class Write:
    name: ClassVar[str] = "write"
    kind: ClassVar[Kind] = "write"
    Args = WriteArguments

    async def plan(self, call: str, args: WriteArguments, scope: Scope) -> Plan[WriteArguments]:
        return await asyncio.to_thread(_plan, call, args, scope)

    async def run(self, plan: Plan[WriteArguments], scope: Scope) -> Result:
        return await change.apply(plan, scope)

    async def recover(self, plan: Plan[WriteArguments], scope: Scope) -> Result | None:
        return await change.recover(plan, scope)


def _plan(call: str, args: WriteArguments, scope: Scope) -> Plan[WriteArguments]:
    path = resolve(args.path, scope)
    name = shown(path, scope)
    there = content(path, scope)
    before = None if there is None else there.data
    if before is None:
        document = Document("", Form())
    elif is_binary(before):
        raise ToolError(f"{name} is a binary file; it is not overwritten with text")
    else:
        if str(proposed.reading(path, scope)) not in scope.seen:
            raise ToolError(f"{name} exists and you have not read it; read it first, or use edit")
        change.require_fresh(path, before, scope)
        document = decode(before)
    after = change.encoded(document, args.content, name)
    lines = args.content.count("\n") + (not args.content.endswith("\n") and bool(args.content))
    verb = "Created" if before is None else "Replaced"
    verb = f"Proposed, not yet written: {verb.lower()}" if scope.proposal else verb
    return Plan(
        call,
        args,
        f"write {name}",
        paths=(path,),
        preview=diff.unified(name, document.text, args.content, scope.mask),
        effect=change.effect_of(path, before, after, scope),
        result=f"{verb} {name} ({counted(lines, 'line')}).",
        data=after,
        basis=digest(before) if before is not None else "",
    )

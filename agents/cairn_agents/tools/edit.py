"""edit: an exact piece of a file replaced by another."""

import asyncio
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools import change, mismatch
from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.encoding import Document, decode, is_binary
from cairn_agents.tools.paths import missing, resolve, shown

_CONTEXT = 3
"""Lines shown around the first place that was changed."""


class EditArguments(Arguments):
    path: str = Field(max_length=4_000)
    old: str
    new: str
    all: bool = False


class Edit:
    name: ClassVar[str] = "edit"
    kind: ClassVar[Kind] = "write"
    Args = EditArguments

    async def plan(self, call: str, args: EditArguments, scope: Scope) -> Plan[EditArguments]:
        return await asyncio.to_thread(_plan, call, args, scope)

    async def run(self, plan: Plan[EditArguments], scope: Scope) -> Result:
        return await change.apply(plan, scope)

    async def recover(self, plan: Plan[EditArguments], scope: Scope) -> Result | None:
        return await change.recover(plan, scope)


def _plan(call: str, args: EditArguments, scope: Scope) -> Plan[EditArguments]:
    path = resolve(args.path, scope)
    name = shown(path, scope)
    before = change.current(path, scope)
    if before is None:
        raise missing(path, scope)
    if is_binary(before):
        raise ToolError(f"{name} is a binary file; edit changes text only")
    change.require_fresh(path, before, scope)
    document = decode(before)
    text, count, first = _replaced(document, args, name)
    after = document.encode(text)
    return Plan(
        call,
        args,
        f"edit {name}",
        paths=(path,),
        preview=change.diff(path, document.text, text, scope),
        effect=change.effect_of(path, before, after),
        result=_describe(name, text, count, first, args.new),
        data=after,
    )


def _replaced(document: Document, args: EditArguments, name: str) -> tuple[str, int, int]:
    """The new text, how many places were replaced, and the line of the first. Raises ToolError."""
    if not args.old:
        raise ToolError("old is empty; to make a new file or a whole one use write")
    if args.old == args.new:
        raise ToolError("old and new are the same; nothing would change")
    old, new = args.old, args.new
    if document.form.newline:
        old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
    count = document.text.count(old)
    if count == 0:
        raise ToolError(mismatch.explain(document.text, old, name))
    if count > 1 and not args.all:
        lines = mismatch.lines_of(document.text, old)
        places = ", ".join(map(str, lines[:10])) + (", ..." if len(lines) > 10 else "")
        raise ToolError(
            f"old stands {count} times in {name}, at lines {places}; add lines around it to make it unique, "
            "or set all to true"
        )
    first = document.text.count("\n", 0, document.text.index(old)) + 1
    return document.text.replace(old, new), count, first


def _describe(name: str, text: str, count: int, first: int, new: str) -> str:
    lines = text.split("\n")
    last = first + new.count("\n")
    start, end = max(first - _CONTEXT, 1), min(last + _CONTEXT, len(lines), first + 40)
    context = "\n".join(f"{number}\t{lines[number - 1][:400]}" for number in range(start, end + 1))
    places = "" if count == 1 else f", {count} places; the first"
    return f"Edited {name}{places}:\n{context}"

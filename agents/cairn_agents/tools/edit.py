"""edit: an exact piece of a file replaced by another."""

import asyncio
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools import change, diff, masking, mismatch
from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.content import content
from cairn_agents.tools.encoding import Document, decode, digest, is_binary
from cairn_agents.tools.masking import Mask
from cairn_agents.tools.paths import missing, resolve, shown

_CONTEXT = 3
"""Lines shown around the first place that was changed."""
_SHOWN = 40
"""Lines shown of that place at most."""
_LINE_LENGTH = 400
"""Characters of each."""


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
    if not args.old:
        raise ToolError("old is empty; to make a new file or a whole one use write")
    if args.old == args.new:
        raise ToolError("old and new are the same; nothing would change")
    there = content(path, scope)
    if there is None:
        raise missing(path, scope)
    before = there.data
    if is_binary(before):
        raise ToolError(f"{name} is a binary file; edit changes text only")
    change.require_fresh(path, before, scope)
    document = decode(before)
    places = _places(document, args, name, scope.mask)
    text = document.replaced(places, args.new)
    after = change.encoded(document, text, name)
    if after == before:
        raise ToolError("old and new differ in nothing that the file keeps; nothing would change")
    return Plan(
        call,
        args,
        f"edit {name}",
        paths=(path,),
        preview=diff.unified(name, document.text, text, scope.mask),
        effect=change.effect_of(path, before, after, scope),
        result=("Proposed, not yet written. " if scope.proposal else "")
        + _describe(name, text, _first(document, places), len(places), args.new, scope.mask),
        data=after,
        basis=digest(before),
    )


def _places(document: Document, args: EditArguments, name: str, mask: Mask) -> list[tuple[int, int]]:
    """What is to be replaced. Raises ToolError unless it is there once, or `all` is set."""
    places = document.places(args.old)
    if not places:
        raise ToolError(mismatch.explain(document.text, args.old, name, mask))
    if len(places) > 1 and not args.all:
        lines = mismatch.lines_at(document.text, [start for start, _ in places[:10]])
        more = ", ..." if len(places) > len(lines) else ""
        raise ToolError(
            f"old stands {len(places)} times in {name}, at lines {', '.join(map(str, lines))}{more}; "
            "add lines around it to make it unique, or set all to true"
        )
    return places


def _first(document: Document, places: list[tuple[int, int]]) -> int:
    """The line, from 1, of the first place."""
    return document.text.count("\n", 0, places[0][0]) + 1


def _describe(name: str, text: str, first: int, count: int, new: str, mask: Mask) -> str:
    lines = text.split("\n")
    last = first + new.count("\n")
    place = f"line {first}" if last == first else f"lines {first}-{last}"
    places = place if count == 1 else f"{count} places; the first, {place}"
    start, end = max(first - _CONTEXT, 1), min(last + _CONTEXT, len(lines), first + _SHOWN)
    if end == len(lines) and not lines[-1]:
        end -= 1
    near = masking.lines(lines, start - 1, end, mask, _LINE_LENGTH)
    context = "".join(f"\n{number}\t{line.rstrip(chr(13))}" for number, line in enumerate(near, start=start))
    return f"Edited {name}, {places}:{context or ' it is empty now'}"

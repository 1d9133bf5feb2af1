"""history: looks up what happened, in this session and in those before it."""

import time
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.lists import EventNumber
from cairn_agents.tools.masking import first_line
from cairn_memory.bounds import cut
from cairn_memory.errors import StoreError

if TYPE_CHECKING:  # the index is opened when it is first asked
    from cairn_memory.search import Hit, SearchIndex

TITLE = 80
LONGEST = 20_000
"""Characters of one event that are shown."""


class HistoryArguments(Arguments):
    action: Literal["search", "around", "get"]
    query: str = Field(default="", max_length=1_000)
    event: EventNumber = Field(default=0, ge=0)
    count: int = Field(default=8, ge=1, le=30)
    literal: bool = False
    here: bool = False


class History:
    """Reads the log through the search index; changes nothing."""

    name: ClassVar[str] = "history"
    kind: ClassVar[Kind] = "read"
    Args = HistoryArguments

    async def plan(self, call: str, args: HistoryArguments, scope: Scope) -> Plan[HistoryArguments]:
        if args.action == "search" and not args.query.strip():
            raise ToolError("history search needs a query: words of what you look for")
        if args.action != "search" and not args.event:
            raise ToolError(f"history {args.action} needs an event: a number such as 123, from e123")
        about = args.query if args.action == "search" else f"e{args.event}"
        return Plan(call, args, first_line(f"history {args.action} {about}", TITLE, scope.mask))

    async def run(self, plan: Plan[HistoryArguments], scope: Scope) -> Result:
        if scope.memory is None:
            raise ToolError("no history is kept here; go on without")
        args = plan.args
        try:
            index = await scope.memory.index()
            if args.action == "get":
                return await _get(index, args.event)
            if args.action == "around":
                hits, problems = await index.around(args.event, args.count), ()
            else:
                session = scope.session if args.here else None
                found = await index.search(args.query, "history", args.count, session, args.literal)
                hits, problems = list(found.hits), found.problems
        except StoreError as error:
            raise ToolError(str(error)) from error
        return Result(shown(hits, problems), summary=f"{len(hits)} found")

    async def recover(self, plan: Plan[HistoryArguments], scope: Scope) -> Result | None:
        return None


async def _get(index: "SearchIndex", event: int) -> Result:
    unit = await index.get(event)
    if unit is None:
        raise ToolError(f"there is nothing to read in event e{event}; history search finds events")
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(unit.time / 1_000))
    head = f"e{event} ({unit.passage.who}, {day}, session {unit.session})"
    return Result(f"{head}\n{cut(unit.passage.text, LONGEST)}", summary=f"e{event}")


def shown(hits: "list[Hit]", problems: tuple[str, ...] = ()) -> str:
    """Hits as the model reads them: where each stands, and its telling lines."""
    lines = [f"[{problem}]" for problem in problems]
    for hit in hits:
        day = time.strftime("%Y-%m-%d", time.localtime(hit.time / 1_000)) if hit.time else ""
        about = ", ".join(part for part in (hit.who, day, hit.session, hit.title) if part)
        lines.append(f"{hit.ref} ({about})\n{hit.snippet}")
    return "\n\n".join(lines) or "Nothing was found. Try other words, or fewer."

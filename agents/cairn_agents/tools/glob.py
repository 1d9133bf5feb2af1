"""glob: files whose path fits a pattern."""

import asyncio
import time
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.output import counted
from cairn_agents.tools.paths import missing, resolve, shown
from cairn_agents.tools.walk import fits, walk

MOST = 500
"""Files in one result."""
SECONDS = 30.0


class GlobArguments(Arguments):
    pattern: str = Field(min_length=1, max_length=1_000)
    path: str = Field(default=".", max_length=4_000)


class Glob:
    name: ClassVar[str] = "glob"
    kind: ClassVar[Kind] = "read"
    Args = GlobArguments

    async def plan(self, call: str, args: GlobArguments, scope: Scope) -> Plan[GlobArguments]:
        path = resolve(args.path, scope)
        return Plan(call, args, f"glob {args.pattern}", paths=(path,))

    async def run(self, plan: Plan[GlobArguments], scope: Scope) -> Result:
        return await asyncio.to_thread(_glob, plan.paths[0], plan.args.pattern, scope)

    async def recover(self, plan: Plan[GlobArguments], scope: Scope) -> Result | None:
        return None


def _glob(folder: Path, pattern: str, scope: Scope) -> Result:
    if not folder.is_dir():
        raise (
            missing(folder, scope)
            if not folder.exists()
            else ToolError(f"{shown(folder, scope)} is no folder")
        )
    try:
        spec = fits(pattern)
    except ValueError as error:
        raise ToolError(f"{pattern!r} is no pattern: {error}; give one like *.py or src/**/*.ts") from error
    hidden = pattern.startswith(".") or "/." in pattern
    found: list[Path] = []
    end = time.monotonic() + SECONDS
    for path in walk(folder, hidden=hidden):
        if spec.match_file(path.relative_to(folder).as_posix()):
            found.append(path)
        if time.monotonic() > end:
            raise ToolError(
                f"{shown(folder, scope)} took more than {SECONDS:.0f} s to walk; give a deeper path"
            )
    if not found:
        return Result(
            f"No file fits {pattern} in {shown(folder, scope)}; ignored and hidden files are left out.",
            summary="no files",
        )
    more = f"\n[{len(found) - MOST} more; narrow the pattern]" if len(found) > MOST else ""
    names = "\n".join(shown(path, scope) for path in found[:MOST])
    return Result(names + more, summary=counted(len(found), "file"))

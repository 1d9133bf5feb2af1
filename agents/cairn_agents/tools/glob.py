"""glob: files whose path fits a pattern."""

import asyncio
from pathlib import Path
from typing import ClassVar

from pathspec import GitIgnoreSpec
from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.paths import missing, resolve, shown
from cairn_agents.tools.walk import walk

MOST = 500


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


def fits(pattern: str) -> GitIgnoreSpec:
    """`*.py` fits at any depth, `src/**/*.py` from the folder searched: the rules of .gitignore."""
    return GitIgnoreSpec.from_lines([pattern.replace("\\", "/").removeprefix("./")])


def _glob(folder: Path, pattern: str, scope: Scope) -> Result:
    if not folder.is_dir():
        raise (
            missing(folder, scope)
            if not folder.exists()
            else ToolError(f"{shown(folder, scope)} is no folder")
        )
    spec = fits(pattern)
    hidden = pattern.startswith(".") or "/." in pattern
    found = [
        path for path in walk(folder, hidden=hidden) if spec.match_file(path.relative_to(folder).as_posix())
    ]
    if not found:
        return Result(f"No file fits {pattern} in {shown(folder, scope)}.", summary="no files")
    more = f"\n[{len(found) - MOST} more; narrow the pattern]" if len(found) > MOST else ""
    names = "\n".join(shown(path, scope) for path in found[:MOST])
    return Result(names + more, summary=f"{len(found)} files")

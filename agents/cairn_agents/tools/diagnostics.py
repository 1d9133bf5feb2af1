"""diagnostics: what editors and language servers say is wrong, without running anything."""

from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope
from cairn_agents.tools.output import counted
from cairn_agents.tools.paths import resolve, shown
from cairn_agents.tools.problems import line, worst_first

WAIT = 8.0
"""Seconds that it takes a language server to start and to look at a file."""
MOST = 100
"""Diagnostics of one result, the worst of them."""


class DiagnosticsArguments(Arguments):
    path: str = Field(default="", max_length=4_000)


class Diagnostics:
    name: ClassVar[str] = "diagnostics"
    kind: ClassVar[Kind] = "read"
    Args = DiagnosticsArguments

    async def plan(self, call: str, args: DiagnosticsArguments, scope: Scope) -> Plan[DiagnosticsArguments]:
        path = resolve(args.path or ".", scope)
        return Plan(call, args, f"diagnostics {shown(path, scope)}", paths=(path,))

    async def run(self, plan: Plan[DiagnosticsArguments], scope: Scope) -> Result:
        (path,) = plan.paths
        name = shown(path, scope)
        found = await scope.editors.diagnostics((path,) if plan.args.path else (), WAIT)
        if found is None:
            return Result(
                f"Nobody looks at {name}: no editor and no language server says anything of it.", "none"
            )
        if not plan.args.path:
            found = [one for one in found if one.path.is_relative_to(path)]
        if not found:
            return Result(f"Nothing is reported for {name}.", "none")
        errors = sum(one.severity == "error" for one in found)
        lines = [line(one, scope) for one in worst_first(found)[:MOST]]
        if len(found) > MOST:
            lines.append(f"[{len(found) - MOST} more]")
        return Result("\n".join(lines), f"{counted(errors, 'error')} of {len(found)}")

    async def recover(self, plan: Plan[DiagnosticsArguments], scope: Scope) -> Result | None:
        return None

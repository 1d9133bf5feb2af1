"""bash: a command in the workspace, its output bounded, its end certain."""

import asyncio
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Background, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.command import Command, Ended
from cairn_agents.tools.output import clean, head_and_tail
from cairn_agents.tools.paths import shown

TIMEOUT = 120.0
LONGEST = 3_600.0
"""Seconds."""
LIMIT = 30_000
"""Characters of output in a result."""
_END = 80_000
"""Bytes read from each end of a long output."""


class BashArguments(Arguments):
    command: str = Field(min_length=1, max_length=200_000)
    timeout: float = Field(default=TIMEOUT, gt=0, le=LONGEST)
    background: bool = False


class Bash:
    name: ClassVar[str] = "bash"
    kind: ClassVar[Kind] = "run"
    Args = BashArguments

    async def plan(self, call: str, args: BashArguments, scope: Scope) -> Plan[BashArguments]:
        first = args.command.strip().split("\n", 1)[0]
        title = f"bash {first[:200]}{' ...' if first != args.command.strip() else ''}"
        return Plan(call, args, title, command=args.command)

    async def run(self, plan: Plan[BashArguments], scope: Scope) -> Result:
        command = _command(plan, scope)
        if not command.started:
            command.start()
        return await _follow(plan, command, scope)

    async def recover(self, plan: Plan[BashArguments], scope: Scope) -> Result | None:
        command = _command(plan, scope)
        return await _follow(plan, command, scope) if command.started else None


def _command(plan: Plan[BashArguments], scope: Scope) -> Command:
    return Command(scope.folder / "calls" / plan.call, scope.root, plan.args.command)


async def _follow(plan: Plan[BashArguments], command: Command, scope: Scope) -> Result:
    """Waits for the end, or hands the command over when it is to go on in the background."""
    if plan.args.background:
        return _hand_over(plan, command, scope)
    ended = await command.wait(plan.args.timeout, scope.show)
    if ended is None:
        raise ToolError(
            "the run was killed while this command ran, and how it ended is not known; it was not run again. "
            "Look at what it did before you decide"
        )
    return await asyncio.to_thread(_result, ended, command.output)


def _hand_over(plan: Plan[BashArguments], command: Command, scope: Scope) -> Result:
    pid = command.pid()
    if pid is None:
        raise ToolError(
            "the background command has ended already; look at its output: " + str(command.output)
        )

    async def wait() -> int | None:
        ended = await command.wait(365 * 86_400.0, lambda text: None)
        return ended.code if ended else None

    background = Background(plan.call, pid, command.output, wait)
    text = (
        f"Started in the background with pid {pid}. Its output grows in {shown(command.output, scope)}; "
        f"end it with: kill -- -{pid}"
    )
    return Result(text, summary=f"in the background, pid {pid}", background=background)


def _result(ended: Ended, output: Path) -> Result:
    text, whole = _read(output)
    body = text.rstrip("\n") or "(no output)"
    if ended.reason:
        return Result(f"{body}\n[{ended.reason}]", ended.reason, "error", exit_code=ended.code, whole=whole)
    if ended.code:
        note, outcome = f"\n[exit code {ended.code}]", "error"
        return Result(f"{body}{note}", f"exit {ended.code}", outcome, exit_code=ended.code, whole=whole)
    lines = text.count("\n")
    return Result(body, f"{lines} lines" if lines else "ok", exit_code=0, whole=whole)


def _read(output: Path) -> tuple[str, Path | None]:
    """The output cleaned and within the limit, and where the whole of it lies when it was cut."""
    try:
        with output.open("rb") as file:
            size = output.stat().st_size
            data = file.read(_END * 2)
            if size > _END * 2:
                file.seek(size - _END)
                data = (
                    data[:_END] + f"\n[... {size - 2 * _END:,} bytes left out ...]\n".encode() + file.read()
                )
    except OSError:
        return "", None
    text, cut = head_and_tail(clean(data.decode("utf-8", "replace")), LIMIT)
    return text, output if cut or size > _END * 2 else None

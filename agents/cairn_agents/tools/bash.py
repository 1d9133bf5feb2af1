"""bash: a command in the workspace, its output bounded, its end certain."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Background, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.command import LARGEST_TEXT, Command, Ended
from cairn_agents.tools.output import clean, head_and_tail
from cairn_agents.tools.paths import shown

TIMEOUT = 120.0
LONGEST = 3_600.0
"""Seconds."""
LIMIT = 30_000
"""Characters of output in a result."""
_FOREVER = 365 * 86_400.0
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
        if "\0" in args.command:
            raise ToolError("the command holds a NUL character, which no shell takes; write \\0 with printf")
        if (size := len(args.command.encode())) > LARGEST_TEXT:
            raise ToolError(
                f"the command has {size:,} bytes, at most {LARGEST_TEXT:,} are taken; write it into a file with "
                "write, then run that file"
            )
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
    return Command(_folder(plan.call, scope), scope.root, plan.args.command, scope.withheld)


def _folder(call: str, scope: Scope) -> Path:
    """Where the call keeps its files. A name that could mean another place is replaced by its hash."""
    safe = re.fullmatch(r"[\w-][\w.-]{0,99}", call, re.ASCII) is not None
    return scope.folder / "calls" / (call if safe else hashlib.sha256(call.encode()).hexdigest()[:32])


async def _follow(plan: Plan[BashArguments], command: Command, scope: Scope) -> Result:
    """Waits for the end, or hands the command over when it is to go on in the background."""
    if plan.args.background and (pid := command.pid()) is not None:
        return _hand_over(plan, command, pid, scope)
    ended = await command.wait(plan.args.timeout, scope.show)
    if ended is None:
        raise ToolError(
            "the run was killed while this command ran, and how it ended is not known; it was not run again. "
            "Look at what it did before you decide"
        )
    return await asyncio.to_thread(_result, ended, command.output)


def _hand_over(plan: Plan[BashArguments], command: Command, pid: int, scope: Scope) -> Result:
    async def wait() -> int | None:
        ended = await command.wait(_FOREVER, lambda text: None)
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

"""bash: a command in the workspace, its output bounded, its end certain."""

import asyncio
import hashlib
import os
import re
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Background, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.command import LARGEST_TEXT, Command, Ended
from cairn_agents.tools.masking import Mask, first_line, head_of, tail_of
from cairn_agents.tools.output import clean, counted, head_and_tail
from cairn_agents.tools.paths import shown

TIMEOUT = 120.0
LONGEST = 3_600.0
"""Seconds."""
LIMIT = 30_000
"""Characters of output in a result; fewer where the model's window is small, see `Scope.output`."""
_FOREVER = 365 * 86_400.0
END = 80_000
"""Bytes read from each end of a long output."""
_EDGE = 8_192
"""Characters of each of them, where they were cut from the rest, that are only looked at: a private key may
stand there of which only a part was read."""
_ASKED = 60_000
"""Characters of a command that are shown to who is asked about it."""
_TITLE = 200
"""Characters."""


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
        first = first_line(args.command, _TITLE, scope.mask)
        title = f"bash {first}{' ...' if first != args.command.strip() else ''}"
        long = len(args.command) > _ASKED
        preview = head_and_tail(scope.mask(args.command), _ASKED)[0] if long else ""
        return Plan(call, args, title, command=args.command, preview=preview)

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
    return await asyncio.to_thread(_result, ended, command.output, scope)


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


def _result(ended: Ended, output: Path, scope: Scope) -> Result:
    text, whole = _read(output, scope.mask, min(LIMIT, scope.output))
    body = text.rstrip("\n") or "(no output)"
    if ended.reason:
        return Result(f"{body}\n[{ended.reason}]", ended.reason, "error", exit_code=ended.code, whole=whole)
    if ended.code:
        note, outcome = f"\n[exit code {ended.code}]", "error"
        return Result(f"{body}{note}", f"exit {ended.code}", outcome, exit_code=ended.code, whole=whole)
    lines = text.count("\n")
    return Result(body, counted(lines, "line") if lines else "ok", exit_code=0, whole=whole)


def _read(output: Path, mask: Mask, limit: int) -> tuple[str, Path | None]:
    """The output cleaned and within the limit, and where the whole of it lies when it was cut."""
    try:
        with output.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = _decoded(file.read(END if size > 2 * END else 2 * END))
            file.seek(max(size - END, 0))
            tail = _decoded(file.read(END)) if size > 2 * END else ""
    except OSError:
        return "", None
    if tail:
        left_out = f"\n[... {size - 2 * END:,} bytes left out ...]\n"
        text = left_out.join((_head(head, mask), _tail(tail, mask)))
    elif len(text := clean(head)) > limit:
        text = mask(text)
    text, cut = head_and_tail(text, limit)
    return text, output if cut or tail else None


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _head(text: str, mask: Mask) -> str:
    """The beginning of an output, cut at its end."""
    at = text.rfind("\n", -2 * _EDGE, -_EDGE) + 1 or len(text) - _EDGE
    return head_of(clean(text[:at]), clean(text[at:]), mask)


def _tail(text: str, mask: Mask) -> str:
    """The end of an output, cut at its beginning."""
    at = text.find("\n", _EDGE, 2 * _EDGE) + 1 or _EDGE
    return tail_of(clean(text[:at]), clean(text[at:]), mask)

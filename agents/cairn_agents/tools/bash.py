"""bash: a command in the workspace, its output bounded, its end certain."""

import asyncio
import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.sandbox.base import Grant, Launch, SandboxError
from cairn_agents.sandbox.stopped import stopped
from cairn_agents.sandbox.unheld import unheld
from cairn_agents.tools.base import Arguments, Background, Demand, Kind, Plan, Result, Scope, ToolError
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
_NAMED = 5
"""Unsaved files that are named."""


class BashArguments(Arguments):
    command: str = Field(default="", max_length=200_000)
    timeout: float = Field(default=TIMEOUT, gt=0, le=LONGEST)
    background: bool = False
    network: bool = False
    unsandboxed: bool = False
    stop: str = Field(default="", max_length=100)


class Bash:
    name: ClassVar[str] = "bash"
    kind: ClassVar[Kind] = "run"
    Args = BashArguments

    async def plan(self, call: str, args: BashArguments, scope: Scope) -> Plan[BashArguments]:
        if args.stop:
            return _stopping(call, args, scope)
        if not args.command:
            raise ToolError(
                "the call was not run: `command` is missing; give one, or `stop` with a call's id"
            )
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
        return Plan(call, args, title, command=args.command, preview=preview, demands=_demands(args))

    async def run(self, plan: Plan[BashArguments], scope: Scope) -> Result:
        if plan.args.stop:
            return await _stop(plan, scope)
        command = _command(plan, scope)
        launch = None
        if not command.started:
            launch = await _launch(command, plan.args, scope)
            try:
                command.start(launch)
            except ToolError:
                await _tidy(launch, scope)
                raise
        return await _follow(plan, command, launch, scope)

    async def recover(self, plan: Plan[BashArguments], scope: Scope) -> Result | None:
        if plan.args.stop:
            return None  # to end what has ended does no harm
        command = _command(plan, scope)
        return await _follow(plan, command, None, scope) if command.started else None


def _command(plan: Plan[BashArguments], scope: Scope) -> Command:
    return Command(_folder(plan.call, scope), scope.root, plan.args.command, scope.withheld)


def _folder(call: str, scope: Scope) -> Path:
    """Where the call keeps its files. A name that could mean another place is replaced by its hash."""
    safe = re.fullmatch(r"[\w-][\w.-]{0,99}", call, re.ASCII) is not None
    return scope.folder / "calls" / (call if safe else hashlib.sha256(call.encode()).hexdigest()[:32])


def _demands(args: BashArguments) -> tuple[Demand, ...]:
    """What the command wants beyond the sandbox; all of it includes the network."""
    if args.unsandboxed:
        return ("unsandboxed",)
    return ("network",) if args.network else ()


async def _launch(command: Command, args: BashArguments, scope: Scope) -> Launch:
    """How the command is started. Raises ToolError when its sandbox cannot be made: it never runs with less."""
    if scope.sandbox is None or args.unsandboxed:
        return unheld(command.argv, scope.withheld)
    try:
        return await scope.sandbox.launch(command.argv, Grant(args.network))
    except SandboxError as error:
        raise ToolError(f"the command was not run: {error}") from error


async def _tidy(launch: Launch | None, scope: Scope) -> list[str]:
    """What the command had changed that no mount could hold, and that was put right."""
    if launch is None or launch.kind == "none" or scope.sandbox is None:
        return []
    return await scope.sandbox.tidy(launch)


def _stopping(call: str, args: BashArguments, scope: Scope) -> Plan[BashArguments]:
    if args.command:
        raise ToolError("the call was not run: give either `command` or `stop`")
    return Plan(call, args, f"bash stop {first_line(args.stop, _TITLE, scope.mask)}")


async def _stop(plan: Plan[BashArguments], scope: Scope) -> Result:
    """Ends a background command of this session."""
    try:
        if scope.stop is None:
            raise KeyError(plan.args.stop)
        code = await scope.stop(plan.args.stop)
    except KeyError as error:
        raise ToolError(
            f"no background command {plan.args.stop!r} of this session runs; its id stands in the result that started it"
        ) from error
    how = "" if code is None else f" with exit code {code}"
    return Result(f"The background command {plan.args.stop} has ended{how}.", "ended")


async def _follow(plan: Plan[BashArguments], command: Command, launch: Launch | None, scope: Scope) -> Result:
    """Waits for the end, or hands the command over when it is to go on in the background."""
    if plan.args.background and (pid := command.pid()) is not None:
        return _hand_over(plan, command, launch, pid, scope)
    try:
        ended = await command.wait(plan.args.timeout, scope.show)
    finally:
        righted = await asyncio.shield(_tidy(launch, scope))
    if ended is None:
        raise ToolError(
            "the run was killed while this command ran, and how it ended is not known; it was not run again. "
            "Look at what it did before you decide"
        )
    result = await asyncio.to_thread(_result, ended, command.output, scope)
    grant = Grant(plan.args.network)
    kind = launch.kind if launch else "none"
    notes = [stopped(result.text, ended.code, kind, grant), *map(_put_right, righted), _unseen(scope)]
    added = "".join(f"\n[{note}]" for note in notes if note)
    return replace(result, text=result.text + added) if added else result


def _put_right(path: str) -> str:
    return f"The command changed {path}, which no command may; it is as before."


def _unseen(scope: Scope) -> str:
    """What the agent knows of and no command sees: text that is only in an editor."""
    files = sorted(shown(path, scope) for path in scope.editors.unsaved() if str(path) in scope.seen)
    if not files:
        return ""
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return (
        f"{', '.join(files[:_NAMED])}{more}: unsaved in an editor; the command saw what was last saved. "
        "Only the user can save."
    )


def _hand_over(
    plan: Plan[BashArguments], command: Command, launch: Launch | None, pid: int, scope: Scope
) -> Result:
    if launch is not None and launch.watch is not None:
        launch = replace(launch, watch=launch.watch.lasting)

    async def wait() -> int | None:
        try:
            ended = await command.wait(_FOREVER, lambda text: None)
        finally:
            await asyncio.shield(_tidy(launch, scope))
        return ended.code if ended else None

    background = Background(plan.call, pid, command.output, wait, command.end)
    text = (
        f"Started in the background as {plan.call} (pid {pid}). Its output grows in {shown(command.output, scope)}; "
        f'end it with a call of bash that has only `stop: "{plan.call}"`'
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

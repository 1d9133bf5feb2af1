"""grep: lines that fit a regular expression. ripgrep where there is one, else our own, with the same answer."""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.paths import missing, resolve, shown
from cairn_agents.tools.search import LINE_LENGTH
from cairn_agents.tools.walk import SKIPPED, fits, is_in_work_tree

MOST = 200
"""Lines in one result."""
SECONDS = 30.0
_LONGEST = 1 << 22
"""Bytes of one line of the searching program's output."""


class GrepArguments(Arguments):
    pattern: str = Field(min_length=1, max_length=2_000)
    path: str = Field(default=".", max_length=4_000)
    glob: str = Field(default="", max_length=1_000)


class Grep:
    name: ClassVar[str] = "grep"
    kind: ClassVar[Kind] = "read"
    Args = GrepArguments

    async def plan(self, call: str, args: GrepArguments, scope: Scope) -> Plan[GrepArguments]:
        if "\0" in args.pattern or "\n" in args.pattern:
            raise ToolError("the pattern holds a NUL or the end of a line; give one that fits within a line")
        try:
            fits(args.glob)
        except ValueError as error:
            raise ToolError(f"glob {args.glob!r} is no pattern: {error}; give one like *.py") from error
        path = resolve(args.path, scope)
        return Plan(call, args, f"grep {args.pattern[:80]}", paths=(path,))

    async def run(self, plan: Plan[GrepArguments], scope: Scope) -> Result:
        path, args = plan.paths[0], plan.args
        command = await asyncio.to_thread(_command, path, args)
        if command is None:
            raise missing(path, scope)
        try:
            async with asyncio.timeout(SECONDS):
                lines = await _search(command, path, args, scope)
        except TimeoutError:
            raise ToolError(
                f"the search took more than {SECONDS:.0f} s; narrow it with path or glob, or give a simpler pattern"
            ) from None
        if not lines:
            return Result(
                f"Nothing fits {args.pattern} in {shown(path, scope)}; ignored and hidden files are left out.",
                summary="no matches",
            )
        more = "\n[more matches; narrow the search]" if len(lines) > MOST else ""
        count = f"{MOST}+" if more else str(len(lines))
        return Result("\n".join(lines[:MOST]) + more, summary=f"{count} matches")

    async def recover(self, plan: Plan[GrepArguments], scope: Scope) -> Result | None:
        return None


def _command(path: Path, args: GrepArguments) -> list[str] | None:
    """What searches `path`, None when nothing is there. Sorted by path, so one thread."""
    if not path.exists():
        return None
    ripgrep = shutil.which("rg")
    if ripgrep is None:  # -P: a module that lies in the workspace must not be imported
        return [sys.executable, "-P", "-m", "cairn_agents.tools.search", args.pattern, str(path), args.glob]
    skipped = [part for name in sorted(SKIPPED) for part in ("--glob", f"!**/{name}/**")]
    alone = [] if is_in_work_tree(path) else ["--no-require-git", "--no-ignore-parent"]
    return [
        ripgrep, "--no-config", "--line-number", "--with-filename", "--no-heading", "--color=never", "--sort=path",
        "--null", "--no-messages", f"--max-columns={LINE_LENGTH}", "--max-columns-preview", *skipped, *alone,
        "--regexp", args.pattern, "--", "." if path.is_dir() else str(path),
    ]  # fmt: skip


async def _search(command: list[str], path: Path, args: GrepArguments, scope: Scope) -> list[str]:
    """Its lines, one more than are shown when there are more: it is cut off as soon as there is enough."""
    folder = path if await asyncio.to_thread(path.is_dir) else None
    spec = (
        fits(args.glob) if args.glob and folder else None
    )  # ripgrep's own --glob would let ignored files in
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder or path.parent,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST,
    )
    assert process.stdout is not None and process.stderr is not None
    lines: list[str] = []
    try:
        while len(lines) <= MOST and (line := await process.stdout.readline()):
            name, found, rest = line.decode("utf-8", "replace").rstrip("\n").partition("\0")
            if not found or (spec is not None and not spec.match_file(name.removeprefix("./"))):
                continue
            number, _, text = rest.partition(":")
            lines.append(
                f"{shown(folder / name if folder else path, scope)}:{number}: {text.rstrip(chr(13))}"
            )
        if len(lines) <= MOST:
            said = (await process.stderr.read(8_000)).decode("utf-8", "replace").rstrip()
            code = await process.wait()
            if code not in (0, 1) and not lines and (said or code != 2):  # 2 alone: a file it may not read
                raise ToolError(
                    f"{args.pattern!r} could not be searched for; mend the pattern. {said[-2_000:]}"
                )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return lines

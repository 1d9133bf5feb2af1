"""grep: lines that fit a regular expression. ripgrep where there is one, else our own, with the same answer."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.encoding import decode, is_binary
from cairn_agents.tools.glob import fits
from cairn_agents.tools.paths import missing, resolve, shown
from cairn_agents.tools.walk import SKIPPED, walk

MOST = 200
"""Lines in one result."""
LINE_LENGTH = 300
SECONDS = 30.0
_LARGEST = 4_000_000
"""Bytes of a file that our own search looks into."""


class GrepArguments(Arguments):
    pattern: str = Field(min_length=1, max_length=2_000)
    path: str = Field(default=".", max_length=4_000)
    glob: str = Field(default="", max_length=1_000)


class Grep:
    name: ClassVar[str] = "grep"
    kind: ClassVar[Kind] = "read"
    Args = GrepArguments

    async def plan(self, call: str, args: GrepArguments, scope: Scope) -> Plan[GrepArguments]:
        path = resolve(args.path, scope)
        return Plan(call, args, f"grep {args.pattern[:80]}", paths=(path,))

    async def run(self, plan: Plan[GrepArguments], scope: Scope) -> Result:
        path, args = plan.paths[0], plan.args
        if not path.exists():
            raise missing(path, scope)
        try:
            if ripgrep := shutil.which("rg"):
                lines = await asyncio.wait_for(_ripgrep(ripgrep, path, args, scope), SECONDS)
            else:
                lines = await asyncio.wait_for(asyncio.to_thread(_search, path, args, scope), SECONDS)
        except TimeoutError:
            raise ToolError(
                f"the search took more than {SECONDS:.0f} s; narrow it with path or glob"
            ) from None
        if not lines:
            return Result(f"Nothing fits {args.pattern} in {shown(path, scope)}.", summary="no matches")
        more = "\n[more matches; narrow the search]" if len(lines) > MOST else ""
        count = f"{MOST}+" if more else str(len(lines))
        return Result("\n".join(lines[:MOST]) + more, summary=f"{count} matches")

    async def recover(self, plan: Plan[GrepArguments], scope: Scope) -> Result | None:
        return None


async def _ripgrep(program: str, path: Path, args: GrepArguments, scope: Scope) -> list[str]:
    """Sorted by path, so one thread; cut off as soon as there is enough."""
    folder = await asyncio.to_thread(path.is_dir)
    skipped = [part for name in sorted(SKIPPED) for part in ("--glob", f"!**/{name}/**")]
    spec = fits(args.glob) if args.glob else None  # ripgrep's own --glob would let ignored files in
    process = await asyncio.create_subprocess_exec(
        program, "--no-config", "--line-number", "--with-filename", "--no-heading", "--color=never", "--sort=path",
        "--null", f"--max-columns={LINE_LENGTH}", "--max-columns-preview", *skipped,
        "--regexp", args.pattern, "--", "." if folder else str(path),
        cwd=path if folder else scope.root,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        limit=1 << 22,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    lines: list[str] = []
    try:
        while len(lines) <= MOST and (line := await process.stdout.readline()):
            name, _, rest = line.decode("utf-8", "replace").rstrip("\n").partition("\0")
            if spec is not None and not spec.match_file(name.removeprefix("./")):
                continue
            number, _, text = rest.partition(":")
            lines.append(f"{shown(path / name if folder else path, scope)}:{number}: {text.rstrip(chr(13))}")
        if len(lines) <= MOST:
            error = (await process.stderr.read(4_000)).decode("utf-8", "replace").strip()
            if await process.wait() == 2 and not lines:
                why = error.splitlines()[-1] if error else "ripgrep gave no reason"
                raise ToolError(f"{args.pattern!r} could not be searched for: {why}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return lines


def _search(path: Path, args: GrepArguments, scope: Scope) -> list[str]:
    try:
        pattern = re.compile(args.pattern)
    except re.error as error:
        raise ToolError(f"{args.pattern!r} could not be searched for: {error}") from error
    lines: list[str] = []
    for file in _candidates(path, args.glob):
        for number, line in _text_lines(file):
            if pattern.search(line):
                cut = line if len(line) <= LINE_LENGTH else f"{line[:LINE_LENGTH]} [...]"
                lines.append(f"{shown(file, scope)}:{number}: {cut}")
                if len(lines) > MOST:
                    return lines
    return lines


def _candidates(path: Path, glob: str) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    spec = fits(glob) if glob else None
    for file in walk(path):
        if spec is None or spec.match_file(file.relative_to(path).as_posix()):
            yield file


def _text_lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        if file.stat().st_size > _LARGEST:
            return
        data = file.read_bytes()
    except OSError:
        return
    if not is_binary(data):
        yield from enumerate(decode(data).text.split("\n"), start=1)

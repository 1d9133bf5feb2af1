"""The real command line, run as a user would run it."""

import asyncio
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from cairn_memory.events import Event
from cairn_server.demo.watch import event_of
from cairn_server.demo.workspace import DemoWorkspace

PROGRAM = (sys.executable, "-m", "cairn_server.cli")


class CommandFailed(Exception):
    """A command did not do what the demo needs of it."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`cairn` in the demo's workspace, pointed at the replayed model at `base_url`."""

    workspace: DemoWorkspace
    base_url: str
    model: str

    async def show(self, console: Console, *arguments: str) -> int:
        """Runs a command before the user's eyes: it has the terminal to itself. Returns its exit code."""
        console.print(f"\n[bold]$ cairn {shlex.join(arguments)}[/]", highlight=False, soft_wrap=True)
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, *arguments, cwd=self.workspace.root, env=self._environment()
        )
        try:
            return await process.wait()
        finally:
            if (
                process.returncode is None
            ):  # the demo is being given up: a client left alone would start a new host
                process.terminate()
                await process.wait()

    async def output(self, *arguments: str) -> str:
        """What a command prints. Raises CommandFailed with the end of what it complained of."""
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *arguments,
            cwd=self.workspace.root,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, complaint = await process.communicate()
        if process.returncode != 0:
            last = complaint.decode("utf-8", "replace").strip()[-500:]
            raise CommandFailed(f"`cairn {shlex.join(arguments)}` ended with {process.returncode}: {last}")
        return out.decode("utf-8")

    async def events(self, session: str) -> Sequence[Event]:
        """The whole session, as `cairn show --json` prints it."""
        lines = (await self.output("show", session, "--json")).splitlines()
        return tuple(event_of(json.loads(line)) for line in lines)

    def _environment(self) -> dict[str, str]:
        model = {"OPENAI_BASE_URL": self.base_url, "OPENAI_API_KEY": "replayed", "CAIRN_MODEL": self.model}
        return self.workspace.environment() | model

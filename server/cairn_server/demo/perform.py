"""The demo itself: a run, a kill in the middle of it, and the run to its end."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from cairn_agents.recording import Recording, parse
from cairn_memory.blobs import BlobStore
from cairn_memory.events import Event, WindowStarted
from cairn_memory.places import Workspace
from cairn_memory.verify import verify
from cairn_server.demo.command import CommandFailed, CommandLine
from cairn_server.demo.meter import Meter
from cairn_server.demo.story import RULE, WINDOW, Story
from cairn_server.demo.watch import Kill, NotKilled, Watcher, step_to_kill
from cairn_server.demo.windows import without_memory
from cairn_server.demo.workspace import DemoWorkspace
from cairn_server.hostfile import HostFile
from cairn_server.replay.serve import serving

_LAST_EVENTS_SECONDS = 3.0
"""Between the end of `cairn run` and that of the client that killed its host."""


async def perform(folder: Path, recording: Recording, pace: float, console: Console) -> Story:
    """Plays `recording` in a new project under `folder`; every turn takes `pace` seconds.

    Raises CommandFailed or RecordingError when it comes to an end that leaves nothing to tell.
    """
    begin = time.monotonic()
    project = DemoWorkspace.make(folder)
    workspace = Workspace.of(project.root)
    before = project.test()
    console.print(f"A project whose tests fail is in {project.root}: [bold]{before}[/].", highlight=False)
    meter = Meter(RULE)
    async with serving(recording, "of the demo", pace=pace, heard=meter.heard) as base_url:
        cairn = CommandLine(project, base_url, recording.model)
        try:
            kill = await _run_and_kill(cairn, workspace, recording, console)
            console.print(
                f"\n[bold red]SIGKILL[/] to the host, process {kill.host}, in step {kill.step}. It is gone; "
                "what it had acknowledged is on the disk.",
                highlight=False,
            )
            await cairn.show(console, "resume", kill.session, "--yes")
            host = HostFile.read(workspace.local)
            events = await cairn.events(kill.session)
            exported = parse(await cairn.output("show", kill.session, "--as-replay"), "the exported session")
        finally:
            with contextlib.suppress(CommandFailed):  # no host, nothing to stop
                await cairn.output("stop", "--force")
    return Story(
        recording=recording,
        exported=exported,
        events=tuple(events),
        kill=kill,
        next_host=host.pid if host else 0,
        before=before,
        after=project.test(),
        changed=tuple(project.changed()),
        requests=tuple(meter.requests),
        without_memory=without_memory(events, _first_head(events, workspace)),
        damage=(*kill.damage, *verify(workspace.local)),
        seconds=time.monotonic() - begin,
    )


def _first_head(events: Sequence[Event], workspace: Workspace) -> bytes:
    """What the first window began with, or nothing where there was none."""
    started = (event.payload for event in events if isinstance(event.payload, WindowStarted))
    first = next(started, None)
    return BlobStore(workspace.local / "blobs").get(first.head) if first else b""


async def _run_and_kill(
    cairn: CommandLine, workspace: Workspace, recording: Recording, console: Console
) -> Kill:
    """A run that loses its host. Raises CommandFailed when it does not."""
    watcher = Watcher(workspace, step_to_kill(recording))
    watching = asyncio.create_task(asyncio.to_thread(watcher.kill))
    try:
        code = await cairn.show(console, "run", recording.goal, "--yes", "--window", str(WINDOW))
        await asyncio.wait((watching,), timeout=_LAST_EVENTS_SECONDS)
    finally:
        watcher.give_up()
        (ended,) = await asyncio.gather(watching, return_exceptions=True)
    if isinstance(ended, NotKilled):
        raise CommandFailed(f"`cairn run` ended with exit code {code}; {ended}")
    if isinstance(ended, BaseException):
        raise ended
    return ended

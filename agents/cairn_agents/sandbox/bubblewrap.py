"""Commands in Linux namespaces, made by bubblewrap: the strongest sandbox there is here.

The small shell around every command stays outside and starts bubblewrap, which dies with it; with bubblewrap
dies the process namespace, and so everything that a command ever started, `setsid` or not.
"""

import asyncio
import logging
import os
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cairn_agents.sandbox import seccomp
from cairn_agents.sandbox.base import Grant, Kind, Launch, SandboxError
from cairn_agents.sandbox.detect import CONFINED, Found
from cairn_agents.sandbox.guards import Guards
from cairn_agents.sandbox.layout import Layout, Surveyor
from cairn_agents.sandbox.mounts import mounts
from cairn_agents.sandbox.network import Network, joined_network
from cairn_agents.sandbox.private import make_private
from cairn_agents.sandbox.proxy import Proxy
from cairn_agents.sandbox.surroundings import proxied, surroundings
from cairn_agents.sandbox.watch import Watch

logger = logging.getLogger(__name__)


@dataclass
class Bubblewrap:
    """`private` is the session's own folder; `names` of variables are what the user lets through."""

    found: Found
    surveyor: Surveyor
    private: Path
    guards: Guards
    names: Collection[str] = ()
    withheld: Collection[str] = ()
    hosts: tuple[str, ...] = ()
    kind: Kind = "bubblewrap"
    note: str = field(default="", init=False)
    _network: Network | None = field(default=None, init=False)
    _proxy: Proxy | None = field(default=None, init=False)
    _ready: bool = field(default=False, init=False)
    _tidying: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]], init=False)
    _making: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def launch(self, command: Sequence[str], grant: Grant) -> Launch:
        try:
            async with self._making:
                await self._make_ready()
            layout = await asyncio.to_thread(self.surveyor.layout)
            return self._launch(command, grant, layout)
        except OSError as error:
            raise SandboxError(f"its sandbox could not be made: {error}; see `cairn doctor`") from error

    async def tidy(self, launch: Launch) -> list[str]:
        self.guards.ended()
        tidying = asyncio.create_task(asyncio.to_thread(self.guards.tidy), name="tidy the work tree")
        self._tidying.add(tidying)  # the namespace ends a moment after the command: nobody waits for that
        tidying.add_done_callback(self._tidying.discard)
        return launch.watch.put_right(self.private / "aside") if launch.watch else []

    async def settled(self) -> None:
        if self._tidying:
            await asyncio.wait(self._tidying)

    def close(self) -> None:
        if self._proxy is not None:
            self._proxy.close()
        if self._network is not None:
            self._network.close()
        self._network, self._proxy, self._ready = None, None, False

    async def _make_ready(self) -> None:
        """Once a session: its folders, and the network its commands share."""
        if self._ready:
            return
        await asyncio.to_thread(make_private, self.private)
        nsenter = shutil.which("nsenter")
        try:
            if nsenter is None:
                raise OSError("there is no nsenter on PATH")
            self._network = await asyncio.to_thread(joined_network, nsenter)
        except (OSError, subprocess.SubprocessError) as error:
            self.note = f"each command has a loopback of its own, and no host is let through ({error})"
            logger.warning("sandbox: %s", self.note)
        if self._network is not None and self.hosts:
            self._proxy = await Proxy.on(self._network.listening, self.hosts)
        self._ready = True

    def _launch(self, command: Sequence[str], grant: Grant, layout: Layout) -> Launch:
        filter_fd = _as_file(seccomp.program())
        try:
            lock, guards = self.guards.hold(layout.missing)
        except OSError:
            os.close(filter_fd)
            raise
        network = None if grant.network else self._network
        env = surroundings(os.environ, layout.home, self.names, self.withheld)
        entering, passed = network.enter() if network else ([], ())
        argv = [
            *entering,
            self.found.program,
            *mounts(layout, self.private, self.guards.empty, guards),
            *CONFINED,
            *self.found.options,
            *(() if network or grant.network else ("--unshare-net",)),
            *("--seccomp", str(filter_fd), "--sync-fd", str(lock)),
            *("--chdir", str(layout.root), "--"),
            *command,
        ]
        if network and self._proxy:
            env |= proxied(network.port)
        return Launch(
            tuple(argv), env, (filter_fd, lock, *passed), self.kind, Watch.on(layout.root, layout.git)
        )


def _as_file(data: bytes) -> int:
    """A descriptor from which `data` can be read, to be passed on."""
    descriptor = os.memfd_create("filter")
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor

"""Commands held by Landlock and seccomp where Linux has no namespaces for us: weaker, and said to be so.

A small program of our own (`confine`) stands around the command. Landlock allows and never forbids, so what lies
in the work tree can be written as a whole, `.git` and AGENTS.md with it; what came of that is noticed afterwards
only as far as `watch` goes. There is no network but the whole one.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.sandbox import seccomp
from cairn_agents.sandbox.base import Grant, Kind, Launch, SandboxError
from cairn_agents.sandbox.layout import Layout, Surveyor
from cairn_agents.sandbox.private import make_private
from cairn_agents.sandbox.surroundings import surroundings
from cairn_agents.sandbox.watch import Watch

_CONFINE = Path(__file__).with_name("confine.py")
_SECONDS = 10.0
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/shm", "/dev/ptmx", "/dev/pts")


@dataclass
class Landlock:
    """`private` is the session's own folder; `names` of variables are what the user lets through."""

    surveyor: Surveyor
    private: Path
    note: str
    names: Collection[str] = ()
    withheld: Collection[str] = ()
    kind: Kind = "landlock"

    async def launch(self, command: Sequence[str], grant: Grant) -> Launch:
        try:
            await asyncio.to_thread(make_private, self.private)
            layout = await asyncio.to_thread(self.surveyor.layout)
            rules = _as_file(json.dumps(self._rules(layout, grant)).encode())
        except OSError as error:
            raise SandboxError(f"its sandbox could not be made: {error}; see `cairn doctor`") from error
        env = surroundings(os.environ, self.private / "home", self.names, self.withheld)
        env["TMPDIR"] = str(self.private / "tmp")
        argv = (*confine(rules, layout.root), *command)
        return Launch(tuple(argv), env, (rules,), self.kind, Watch.on(layout.root, layout.git))

    async def tidy(self, launch: Launch) -> list[str]:
        if launch.watch is None:
            return []
        return await asyncio.to_thread(launch.watch.put_right, self.private / "aside")

    async def settled(self) -> None:
        """Nothing was begun."""

    def close(self) -> None:
        """Nothing is held."""

    def _rules(self, layout: Layout, grant: Grant) -> dict[str, object]:
        hidden = (*layout.hidden, *layout.masked)
        return {
            "read": [str(path) for path in (*_around(Path("/"), hidden), *layout.readable)],
            "write": [str(path) for path in (*layout.writable, self.private)] + list(_DEVICES),
            "filter": seccomp.program(network=grant.network).hex(),
        }


def confine(rules: int, folder: Path) -> tuple[str, ...]:
    """What stands before a command in `folder`: the program that reads its rules from the descriptor `rules`."""
    return (sys.executable, "-I", "-S", str(_CONFINE), str(rules), str(folder))


def trial() -> str:
    """Why it does not work here, "" when it does. Blocking."""
    if not seccomp.is_known():
        return "Cairn has no list of system calls for this kind of processor"
    rules = _as_file(json.dumps({"read": ["/"], "write": [], "filter": seccomp.program().hex()}).encode())
    try:
        done = subprocess.run(
            [*confine(rules, Path("/")), "/bin/sh", "-c", ":"],
            pass_fds=(rules,),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"Landlock does not work here ({error})"
    finally:
        os.close(rules)
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if done.returncode == 0 else f"Landlock does not work here ({said[-1:]})"


def _around(folder: Path, hidden: Collection[Path]) -> Iterable[Path]:
    """Everything in `folder` but what is hidden: rules can only be given for what may be read."""
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() or entry in hidden:
            continue
        if any(path.is_relative_to(entry) for path in hidden):
            yield from _around(entry, hidden)
        else:
            yield entry


def _as_file(data: bytes) -> int:
    descriptor = os.memfd_create("rules")
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor

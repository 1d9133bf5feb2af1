"""Commands in macOS's own sandbox, by `sandbox-exec` and a profile of ours.

Apple calls the program deprecated and uses it everywhere. Of two rules of a profile the later one holds. A rule
may name what does not exist, so protected names need no folders in their place; symlinks are followed before
rules are looked at, so every path stands here resolved.
"""

import asyncio
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.sandbox.base import Grant, Kind, Launch, SandboxError
from cairn_agents.sandbox.layout import Layout, Surveyor
from cairn_agents.sandbox.private import make_private
from cairn_agents.sandbox.surroundings import surroundings

_ALLOWED = """\
(version 1)
(deny default)
(allow process-exec process-fork)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))
(allow sysctl-read)
(allow ipc-posix-sem)
(allow ipc-posix-shm-read* ipc-posix-shm-write-create ipc-posix-shm-write-data ipc-posix-shm-write-unlink)
(allow pseudo-tty)
(allow mach-lookup
  (global-name "com.apple.system.opendirectoryd.libinfo")
  (global-name "com.apple.system.logger")
  (global-name "com.apple.system.notification_center"))
(allow file-read*)
(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty") (literal "/dev/dtracehelper"))
(allow file-ioctl (literal "/dev/tty") (literal "/dev/ptmx"))
"""
"""No Mach service but these: by others a command would have programs of the user's act for it."""
_LOCAL = """\
(allow network-bind network-inbound (local ip "localhost:*"))
(allow network-outbound (remote ip "localhost:*"))
"""
_NETWORK = """\
(allow network-bind network-inbound network-outbound (local ip) (remote ip))
(allow network-outbound (literal "/private/var/run/mDNSResponder"))
(allow system-socket (require-all (socket-domain AF_SYSTEM) (socket-protocol 2)))
(allow mach-lookup (global-name "com.apple.SystemConfiguration.configd") (global-name "com.apple.trustd.agent"))
"""


@dataclass
class Seatbelt:
    """`private` is the session's own folder; `names` of variables are what the user lets through."""

    program: str
    surveyor: Surveyor
    private: Path
    names: Collection[str] = ()
    withheld: Collection[str] = ()
    kind: Kind = "seatbelt"
    note: str = "commands share the loopback with the machine, so they reach what listens there"

    async def launch(self, command: Sequence[str], grant: Grant) -> Launch:
        try:
            await asyncio.to_thread(make_private, self.private)
            layout = await asyncio.to_thread(self.surveyor.layout)
        except OSError as error:
            raise SandboxError(f"its sandbox could not be made: {error}; see `cairn doctor`") from error
        private = self.private.resolve()
        env = surroundings(os.environ, private / "home", self.names, self.withheld)
        env["TMPDIR"] = str(private / "tmp")
        argv = (self.program, "-p", profile(layout, private, network=grant.network), *command)
        return Launch(argv, env, kind=self.kind)

    async def tidy(self, launch: Launch) -> list[str]:
        return []

    async def settled(self) -> None:
        """Nothing was begun."""

    def close(self) -> None:
        """Nothing is held."""


def profile(layout: Layout, private: Path, *, network: bool) -> str:
    """The rules, in the language of sandbox-exec (SBPL)."""
    away = [path for path in layout.hidden if not path.is_relative_to(layout.root)]
    own = [path for path in layout.hidden if path.is_relative_to(layout.root)]
    parents = {parent for path in (layout.root, *layout.readable, private) for parent in path.parents}
    return "".join(
        (
            _ALLOWED,
            _rule("deny", "file-read* file-write*", "subpath", away),
            _rule("deny", "file-read*", "literal", layout.masked),
            _rule("allow", "file-read-metadata", "literal", sorted(parents)),
            _rule("allow", "file-read*", "subpath", layout.readable),
            _rule("allow", "file-read* file-write*", "subpath", layout.writable),
            _rule("deny", "file-write*", "subpath", (*layout.protected, *layout.missing)),
            _rule("deny", "file-write-unlink", "literal", layout.git),
            _rule("deny", "file-read* file-write*", "subpath", own),
            _rule("allow", "file-read* file-write*", "subpath", (private,)),
            _NETWORK if network else _LOCAL,
        )
    )


def _rule(action: str, operations: str, kind: str, paths: Iterable[Path]) -> str:
    named = "".join(f"\n  ({kind} {_text(str(path))})" for path in paths)
    return f"({action} {operations}{named})\n" if named else ""


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

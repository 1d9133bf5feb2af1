"""A place made to be attacked: a work tree, and around it everything that a command should not get at."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from cairn_memory.places import UserFolders, Workspace

SECRET = "planted-no-secret"
"""What an attack that succeeds shows, besides GOT."""


_END, _PAUSE = 2.0, 0.01
"""Seconds in which what a command left must be gone, and between two looks."""


class Ground:
    """Use it as a context. Everything in it is made for this and goes again."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cairn-attack-")).resolve()
        self.mark = secrets.token_hex(6)
        """In every name that an attack makes elsewhere."""
        self.root = self.folder / "work"
        self.victim = self.folder / "victim" / "file"
        self.abstract = f"cairn-attack-{self.mark}"
        self._sockets = [self._unix(str(self._runtime / "host.sock"))]
        if sys.platform == "linux":
            self._sockets.append(self._unix(f"\0{self.abstract}"))
        tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp.bind(("127.0.0.1", 0))
        tcp.listen(4)
        udp.bind(("127.0.0.1", 0))
        self._sockets += [tcp, udp]
        self.tcp_port, self.udp_port = (int(each.getsockname()[1]) for each in (tcp, udp))
        self._udp = udp
        self._plant()
        self._process = self._bystander()

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root, self.root)

    @property
    def user(self) -> UserFolders:
        return UserFolders(self.folder / "user", self.folder / "user", self._runtime)

    @property
    def door(self) -> Path:
        """Where something like the host listens."""
        return self._runtime / "host.sock"

    @property
    def pid(self) -> int:
        """A process of the same user, with a secret in its environment."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # closes its stdin and waits for it
            self._process.kill()
        for each in self._sockets:
            each.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def datagram_came(self) -> bool:
        self._udp.settimeout(0.2)
        with suppress(OSError):
            return bool(self._udp.recv(16))
        return False

    def runs_still(self) -> bool:
        """Whether a process that was left behind goes on: its command line has the mark."""
        end = time.monotonic() + _END
        while (found := self._left_behind()) and time.monotonic() < end:
            time.sleep(_PAUSE)
        return found

    def _left_behind(self) -> bool:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"left-{self.mark}".encode() in (folder / "cmdline").read_bytes():
                    return True
        return False

    @property
    def _runtime(self) -> Path:
        folder = self.folder / "run"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _unix(self, address: str) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(address)
        listening.listen(4)
        return listening

    def _plant(self) -> None:
        """A repository with AGENTS.md, a file beside it, a token as the host writes one."""
        self.victim.parent.mkdir()
        self.victim.write_text("as it was\n", encoding="utf-8")
        self.root.mkdir()
        for command in (
            ("init", "-q"),
            ("config", "user.name", "x"),
            ("config", "user.email", "x@localhost"),
        ):
            with suppress(OSError):
                subprocess.run(("git", *command), cwd=self.root, check=False, capture_output=True, timeout=30)
        (self.root / "AGENTS.md").write_text("as it was\n", encoding="utf-8")
        self.workspace.create()
        (self.workspace.local / "host.json").write_text(SECRET, encoding="utf-8")

    def _bystander(self) -> "subprocess.Popen[bytes]":
        wait = "import sys; sys.stdin.read()"
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", wait],
            env={**os.environ, "CAIRN_PLANTED": SECRET},
            stdin=subprocess.PIPE,
        )

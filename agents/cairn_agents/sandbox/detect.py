"""Which sandbox this machine has, found out by running a command in each kind until one works."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache

from cairn_agents.sandbox import seccomp
from cairn_agents.sandbox.base import Kind

SECONDS = 10.0
"""For one trial; it takes some five milliseconds."""
BARE = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
CONFINED = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--cap-drop", "ALL", "--new-session", "--die-with-parent"),
)
"""What every command in bubblewrap has. It dies with its parent, which is the small shell around it, not the host."""


@dataclass(frozen=True, slots=True)
class Found:
    """`program` is what makes the sandbox, `options` are those that it knows here; `note` says what is amiss."""

    kind: Kind
    program: str = ""
    options: tuple[str, ...] = ()
    note: str = ""


def detect() -> Found:
    """The best there is. Blocking the first time, after that the answer is kept for the life of the process."""
    return _detect(sys.platform, os.environ.get("PATH", ""))


@lru_cache(maxsize=8)
def _detect(system: str, path: str) -> Found:
    if system == "darwin":
        return _seatbelt()
    if system != "linux":
        return Found("none", note=f"Cairn knows no sandbox for {system}")
    found = _bubblewrap(path)
    if found.kind != "none":
        return found
    from cairn_agents.sandbox.landlock import trial

    trouble = trial()
    if not trouble:
        return Found(
            "landlock", sys.executable, note=f"{found.note}; only the weaker Landlock holds commands"
        )
    return Found("none", note=f"{found.note}; {trouble}")


def _bubblewrap(path: str) -> Found:
    program = shutil.which("bwrap", path=path)
    if program is None:
        return Found("none", note="bubblewrap is not installed (bwrap is not on PATH)")
    if not seccomp.is_known():
        return Found("none", note="Cairn has no list of system calls for this kind of processor")
    said = ""
    for options in (("--disable-userns",), ()):  # only since bubblewrap 0.8; seccomp refuses the same
        said = _fails([program, *BARE, *CONFINED, "--unshare-net", *options, "/bin/sh", "-c", ":"])
        if not said:
            return Found("bubblewrap", program, options)
    return Found("none", note=f"bubblewrap does not work here ({said})")


def _seatbelt() -> Found:
    program = "/usr/bin/sandbox-exec"
    said = _fails([program, "-p", "(version 1)(allow default)", "/usr/bin/true"])
    return Found("none", note=f"sandbox-exec does not work ({said})") if said else Found("seatbelt", program)


def _fails(command: list[str]) -> str:
    """What it said when it failed, "" when it ran."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else f"exit code {done.returncode}"

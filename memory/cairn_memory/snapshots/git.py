"""Calls of git that no setting, hook, filter or variable of anybody else has a part in."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from cairn_memory.errors import StoreError

SECONDS = 300.0
"""For one call: a first snapshot of a large work tree reads all of it."""

NO_GIT = "git was not found, so states of the work tree are not recorded and rewind is off; install git"

_HARDENED = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "core.pager=cat"),
    *("-c", f"core.attributesFile={os.devnull}", "-c", "core.quotePath=false", "-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false", "-c", "commit.gpgSign=false", "-c", "protocol.allow=never"),
    "--literal-pathspecs",
)
_IDENTITY = {
    "GIT_AUTHOR_NAME": "cairn",
    "GIT_AUTHOR_EMAIL": "cairn@localhost",
    "GIT_COMMITTER_NAME": "cairn",
    "GIT_COMMITTER_EMAIL": "cairn@localhost",
}
_WAIT_AFTER_KILL = 5.0
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class SnapshotError(StoreError):
    """A state of the work tree could not be recorded or read; the work tree was left as it is."""


def program() -> str | None:
    """The git program; None when there is none."""
    return shutil.which("git")


def environment(more: Mapping[str, str], *, of_user: bool = False) -> dict[str, str]:
    """Our variables and nothing of git's but `more`. With `of_user` the user's own settings are read, for questions about them."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_")}
    ours = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ATTR_NOSYSTEM": "1"}
    if of_user:
        names = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")
        theirs = {name: os.environ[name] for name in names if name in os.environ}
    else:
        theirs = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **_IDENTITY}
    return {**kept, **ours, **theirs, **more}


def run(
    arguments: Sequence[str | bytes],
    *,
    folder: Path,
    variables: Mapping[str, str],
    feed: bytes | None = None,
    of_user: bool = False,
) -> bytes:
    """What git says. Blocking, for at most SECONDS. Raises SnapshotError when it fails, is not there or takes longer."""
    git = program()
    if git is None:
        raise SnapshotError(NO_GIT)
    what = os.fsdecode(arguments[0])
    try:
        done = subprocess.run(
            [git, *_HARDENED, *arguments],
            cwd=folder,
            env=environment(variables, of_user=of_user),
            input=feed if feed is not None else b"",
            capture_output=True,
            timeout=SECONDS,
            check=False,
            creationflags=_NO_WINDOW,
        )
    except subprocess.TimeoutExpired as error:
        raise SnapshotError(f"git {what} took longer than {SECONDS:.0f} seconds in {folder}") from error
    except (OSError, ValueError) as error:
        raise SnapshotError(f"git {what} could not be run in {folder}: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SnapshotError(f"git {what} failed: {said[-1][:500] if said else f'exit {done.returncode}'}")
    return done.stdout


def lines(arguments: Sequence[str | bytes], *, folder: Path, of_user: bool = True) -> bytes:
    """An answer of the user's own repository in `folder`, b"" when it has none to give. It takes no lock and changes nothing."""
    try:
        return run(arguments, folder=folder, variables={}, of_user=of_user)
    except SnapshotError:
        return b""


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a git that is not wanted any more, and waits for it."""
    process.kill()
    process.wait(_WAIT_AFTER_KILL)

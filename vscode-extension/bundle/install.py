"""Makes the server's environment of the wheels that came with the extension, or finds the one made before. Offline.

    python -I install.py STORAGE

Says on stderr what it does, a line at a time, and prints the environment's Python. Exit codes: 0 it is there and
answers, 1 this Python will not do and another one may, 3 it cannot be made here; then the last line says why.
Runs, to say so, with a Python that is too old for the server; standard library only.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

WHEELS = Path(__file__).resolve().parent / "wheels"
NEEDED = 200_000_000
"""Bytes: what the environment takes, half as much again while it is made."""
UNUSED_SECONDS = 7 * 86_400
"""After so long without a start an older environment goes; not at once: its host may still work on a long run."""
PIP_SECONDS = 300
ANSWER_SECONDS = 30


class Unsuitable(Exception):
    """Another Python is to be tried."""


class Failed(Exception):
    """The person reacts: no Python will do better here. What was tried, what was found, what to do."""


def main(storage: Path) -> int:
    """The command: the exit code."""
    try:
        storage.mkdir(parents=True, exist_ok=True)
        environment = found(storage) or made(storage)
        os.utime(str(environment))
    except Unsuitable as error:
        return say(str(error), 1)
    except (Failed, OSError, subprocess.SubprocessError) as error:
        return say(" ".join(str(error).split()), 3)
    print(python_of(environment), flush=True)
    return 0


def found(storage: Path):
    """The environment of just these wheels, made before; None where it is not there or no longer answers."""
    for environment in sorted(storage.glob(f"server-{key()}-*")):
        if (environment / "made").exists() and answers(environment) == "":
            return environment
    return None


def made(storage: Path) -> Path:
    """A new one. Two windows may each make one at once: from then on both take the first. Raises Unsuitable, Failed."""
    check_python()
    free = shutil.disk_usage(str(storage)).free
    if free < NEEDED:
        raise Failed(
            f"{storage} has {free // 1_000_000} MB free and the server takes {NEEDED // 1_000_000}: make room"
        )
    say(f"setting up the server with {sys.executable}, once")
    environment = Path(tempfile.mkdtemp(prefix=f"server-{key()}-", dir=str(storage)))
    try:
        fill(environment)
        (environment / "made").touch()
    except BaseException:
        shutil.rmtree(str(environment), ignore_errors=True)
        raise
    for other in storage.glob("server-*"):
        if time.time() - other.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(str(other), ignore_errors=True)
    return environment


def check_python() -> None:
    """Raises Unsuitable when the wheels are not for this Python."""
    tags = {tag for wheel in WHEELS.glob("*.whl") for tag in wheel.name.split("-") if tag[:3] == "cp3"} - {
        "cp310"
    }
    mine = "cp{}{}{}".format(*sys.version_info[:2], getattr(sys, "abiflags", ""))
    if mine not in tags or sys.implementation.name != "cpython":
        version = ".".join(str(part) for part in sys.version_info[:2])
        wanted = ", ".join(f"3.{tag[3:]}" for tag in sorted(tags))
        raise Unsuitable(f"{sys.executable} is {sys.implementation.name} {version}, not CPython {wanted}")
    if find_spec("venv") is None:
        raise Unsuitable(f"{sys.executable} has no venv module (Debian: install python3-venv)")


def fill(environment: Path) -> None:
    """Makes the environment and installs the wheels in it. Raises Failed."""
    import venv

    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(str(environment))
    (pip,) = WHEELS.glob("pip-*.whl")
    say("installing its packages")
    options = ("--isolated", "--no-index", "--find-links", str(WHEELS), "--no-warn-script-location", "-q")
    done = subprocess.run(
        [str(python_of(environment)), "-I", str(pip / "pip"), "install", *options, "cairn-agent"],
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        cwd=str(environment),
        check=False,
        capture_output=True,
        timeout=PIP_SECONDS,
    )
    problem = (
        last_line(done.stderr) or f"exit code {done.returncode}" if done.returncode else answers(environment)
    )
    if problem:
        raise Failed(f"the packages of the extension cannot be installed with {sys.executable}: {problem}")


def answers(environment: Path) -> str:
    """Asks the server for its version: "" when it tells it, else what it said."""
    try:
        done = subprocess.run(
            [str(python_of(environment)), "-P", "-m", "cairn_server.cli", "--version"],
            cwd=str(environment),
            check=False,
            capture_output=True,
            timeout=ANSWER_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return "" if done.stdout.startswith(b"cairn ") else last_line(done.stderr) or "no answer"


def key() -> str:
    """What these wheels are, as `fill.py` wrote it down."""
    return (WHEELS / "key").read_text(encoding="ascii").strip()


def python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python3")


def last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip()[:500] if lines else ""


def say(line: str, code: int = 0) -> int:
    print(line, file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))

"""`cairn doctor`: looks at everything Cairn needs, and says of each thing what to do when it is amiss."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from cairn_agents.config import LoadedConfig, load_config
from cairn_agents.model.discover import describe, discover
from cairn_agents.sandbox.attacks import Outcome, besiege
from cairn_agents.sandbox.base import Sandbox, SandboxError
from cairn_agents.sandbox.ground import Ground
from cairn_agents.sandbox.sandboxes import Sandboxes
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.verify import ERASED, SALVAGED, verify
from cairn_server import launch
from cairn_server.hostfile import HostFile
from cairn_server.probe import probe
from cairn_server.terminal.connection import Connection
from cairn_server.terminal.exits import DONE, FAILED, CommandFailed
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.screen import is_live

PYTHON = (3, 11)
COLOURS = {"ok": "32", "warn": "33", "fail": "31"}


class Finding(NamedTuple):
    """One thing that was looked at. `advice` says what to do, unless it is well."""

    level: Literal["ok", "warn", "fail"]
    what: str
    advice: str = ""


Check = Callable[[Workspace], Iterator[Finding]]


def doctor(workspace: Workspace) -> int:
    """Prints a line for every finding as it comes. The exit code is 1 when something failed."""
    failed = False
    for check in CHECKS:
        for finding in check(workspace):
            _print(finding)
            failed = failed or finding.level == "fail"
    return FAILED if failed else DONE


def _print(finding: Finding) -> None:
    level = f"{finding.level:<4}"
    if is_live():
        level = f"\x1b[{COLOURS[finding.level]}m{level}\x1b[0m"
    advice = f": {finding.advice}" if finding.advice else ""
    print(f"{level}  {one_line(finding.what + advice)}", flush=True)


# --- this machine -------------------------------------------------------------------------


def _python(workspace: Workspace) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON:
        yield Finding("fail", f"Python {version}", "Cairn needs 3.11 or newer")
    else:
        yield Finding("ok", f"Python {version} ({sys.executable})")


def _programs(workspace: Workspace) -> Iterator[Finding]:
    for name, option, without in (
        ("git", "--version", "install git; without it Cairn cannot say what changed"),
        (
            "bash",
            "--version",
            "install bash (on Windows with Git for Windows); without it no command can run",
        ),
        ("rg", "--version", "install ripgrep; without it searching is slow"),
    ):
        found = shutil.which(name)
        if found is None:
            yield Finding("warn", f"no {name} on PATH", without)
            continue
        try:
            said = subprocess.run(
                (found, option), capture_output=True, text=True, timeout=10, check=True
            ).stdout
            yield Finding("ok", f"{said.splitlines()[0] if said else name} ({found})")
        except (OSError, subprocess.SubprocessError) as error:
            yield Finding("warn", f"{found} does not run ({error})", without)


def _folder(workspace: Workspace) -> Iterator[Finding]:
    try:
        workspace.create()
        with tempfile.TemporaryFile(dir=workspace.local) as file:
            file.write(b"written")
        yield Finding("ok", f"workspace {workspace.home} can be written")
    except OSError as error:
        yield Finding(
            "fail", f"workspace {workspace.home}: {error}", "Cairn keeps its log there, make it writable"
        )


# --- settings and model -------------------------------------------------------------------


def _settings(workspace: Workspace) -> LoadedConfig:
    return load_config(UserFolders.find().config_file, workspace.config, os.environ)


def _config(workspace: Workspace) -> Iterator[Finding]:
    loaded = _settings(workspace)
    for problem in loaded.problems:
        yield Finding("warn", problem)
    if not loaded.problems:
        files = ", ".join(map(str, loaded.files)) or "none, all settings are built in or from the environment"
        yield Finding("ok", f"config files: {files}")


def _model(workspace: Workspace) -> Iterator[Finding]:
    loaded = _settings(workspace)
    name, base_url = loaded.config.model.name, loaded.config.model.base_url
    local = asyncio.run(discover())
    if base_url:
        answer = probe(base_url, loaded.api_key(os.environ))
        if answer.trouble:
            yield Finding("fail", answer.trouble, answer.advice)
        elif name and answer.models and name not in answer.models:
            some = ", ".join(answer.models[:8])
            yield Finding("warn", f"{base_url} answers and names no model {name!r}", f"it names {some}")
        else:
            yield Finding("ok", f"{base_url} answers" + (f", model {name}" if name else ""))
    if base_url and name:
        return
    yield Finding("ok" if local else "warn", describe(local))
    if not name and not local:
        yield Finding(
            "warn",
            "no model is configured",
            "set OPENAI_BASE_URL, OPENAI_API_KEY and CAIRN_MODEL, or [model] in the file `cairn config --path` names",
        )


# --- the sandbox --------------------------------------------------------------------------


def _sandbox(workspace: Workspace) -> Iterator[Finding]:
    """Attacks a sandbox made like those of the agents, in a place made for it."""
    settings = _settings(workspace).config.sandbox
    sandboxes = Sandboxes(workspace, UserFolders.find())
    own = sandboxes.make(workspace.root, workspace.local / "sandbox" / "none", settings)
    if own.kind == "none":
        yield Finding("warn", f"no sandbox: {own.note}", _WITHOUT)
        return
    with Ground() as ground:
        sandbox = Sandboxes(ground.workspace, ground.user).make(
            ground.root, ground.folder / "private", settings
        )
        try:
            outcomes = asyncio.run(_besieged(sandbox, ground))
        except SandboxError as error:
            yield Finding("fail", f"sandbox {sandbox.kind}: {error}", _WITHOUT)
            return
        finally:
            sandbox.close()
    held = sum(outcome.held for outcome in outcomes)
    level = "ok" if held == len(outcomes) else "warn" if sandbox.kind == "landlock" else "fail"
    yield Finding(level, f"sandbox {sandbox.kind}: {held} of {len(outcomes)} attacks stopped", sandbox.note)
    for outcome in outcomes:
        if not outcome.held:
            yield Finding(level, f"sandbox {sandbox.kind}: not stopped", outcome.name)


async def _besieged(sandbox: Sandbox, ground: Ground) -> list[Outcome]:
    return [outcome async for outcome in besiege(sandbox, ground)]


_WITHOUT = "every command that is not surely harmless is asked about; on Linux install bubblewrap"

# --- the host -----------------------------------------------------------------------------


def _host(workspace: Workspace) -> Iterator[Finding]:
    try:
        channel = launch.connect(workspace, "rpc", client="doctor")
    except launch.LaunchError as error:
        yield Finding("fail", f"no host: {error}", f"{workspace.local / 'host.log'} has more")
        return
    connection = Connection(channel.socket, channel.reader)
    try:
        status = connection.request("cairn/host/status")
    except CommandFailed as error:
        yield Finding(
            "fail", f"the host (pid {channel.pid}) does not work: {error}", "stop it with cairn stop --force"
        )
        return
    finally:
        connection.close()
    yield Finding("ok", f"host {channel.version} answers (pid {channel.pid}, {status['address']})")
    yield from _private(workspace)
    for problem in status["problems"]:
        yield Finding("warn", f"the host found: {problem}")


def _log(workspace: Workspace) -> Iterator[Finding]:
    problems = verify(workspace.local)
    for problem in problems:
        known = problem.detail in (SALVAGED, ERASED)
        what = f"the log: {problem.where} {problem.kind}: {problem.detail}"
        advice = (
            "" if known else f"stop the host and keep a copy of {workspace.local}; the next start salvages it"
        )
        level = "ok" if problem.detail == ERASED else "warn" if known else "fail"
        yield Finding(level, what, advice)
    if all(problem.detail == ERASED for problem in problems):
        yield Finding("ok", "the log is whole")


def _private(workspace: Workspace) -> Iterator[Finding]:
    """Whether nobody else on this machine can reach the host, or learn its token."""
    found = HostFile.read(workspace.local)
    if found is None or os.name != "posix":
        return
    wrong = (
        [f"{HostFile.path(workspace.local)} can be read by others"]
        if _open(HostFile.path(workspace.local))
        else []
    )
    if found.address.startswith("unix:"):
        socket = Path(found.address.removeprefix("unix:"))
        wrong += [f"{path} can be used by others" for path in (socket, socket.parent) if _open(path)]
    for each in wrong:
        yield Finding("fail", each, "run chmod go= on it")
    if not wrong:
        yield Finding("ok", "the host's socket and token are private to you")


def _open(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


CHECKS: tuple[Check, ...] = (_python, _programs, _folder, _config, _sandbox, _host, _log, _model)

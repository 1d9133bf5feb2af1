"""`cairn sandbox -- CMD...`: one command exactly as an agent's would run, to see what it may do. No host is needed."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cairn_agents.config import load_config
from cairn_agents.sandbox.base import Grant, Launch, Sandbox, SandboxError
from cairn_agents.sandbox.sandboxes import Sandboxes
from cairn_agents.tools.base import ToolError
from cairn_agents.tools.shell import find_bash
from cairn_memory.places import UserFolders, Workspace
from cairn_server.terminal.exits import FAILED, CommandFailed


def sandboxed(workspace: Workspace, command: Sequence[str], network: bool) -> int:
    """Runs `command` on this terminal and returns its exit code. One word alone is taken for a line of shell.

    Raises CommandFailed when there is no sandbox: then nothing is run.
    """
    user = UserFolders.find()
    settings = load_config(user.config_file, workspace.config, os.environ).config
    workspace.create()
    private = Path(tempfile.mkdtemp(prefix="sandbox-", dir=workspace.local))
    try:
        withheld = (settings.model.api_key_env,)
        sandbox = Sandboxes(workspace, user).make(workspace.root, private, settings.sandbox, withheld)
        if sandbox.kind == "none":
            raise CommandFailed(f"the command was not run, there is no sandbox: {sandbox.note}", FAILED)
        return asyncio.run(_run(sandbox, _argv(command), Grant(network)))
    except (SandboxError, ToolError) as error:
        raise CommandFailed(f"the command was not run: {error}", FAILED) from error
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _argv(command: Sequence[str]) -> list[str]:
    return list(command) if len(command) > 1 else [find_bash(), "-c", command[0]]


async def _run(sandbox: Sandbox, command: list[str], grant: Grant) -> int:
    try:
        launch = await sandbox.launch(command, grant)
        try:
            return await _wait(launch)
        finally:
            await sandbox.tidy(launch)
            await sandbox.settled()
    finally:
        sandbox.close()


async def _wait(launch: Launch) -> int:
    """The exit code, as a shell gives it."""
    try:
        child = await asyncio.create_subprocess_exec(
            *launch.argv, env=dict(launch.env), pass_fds=launch.pass_fds
        )
    except OSError as error:
        raise SandboxError(f"{launch.argv[0]}: {error.strerror}") from error
    finally:
        launch.close()
    try:
        code = await child.wait()
    except asyncio.CancelledError:  # Ctrl-C reached the command as well
        await child.wait()
        raise
    return 128 - code if code < 0 else code

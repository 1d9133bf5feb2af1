"""The demo in an editor: a project of its own, made anew each time, and the way to its host.

The editor asks for a project (`cairn demo --new DIR`) and attaches to it (`cairn demo --stdio`, in that project) as it
would to any folder. Nothing outside of DIR is read or written: the project has a CAIRN_HOME beside it.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

from cairn_memory.places import Workspace
from cairn_server.demo import short
from cairn_server.demo.workspace import DemoWorkspace
from cairn_server.launch import LaunchError, find
from cairn_server.relay import relay

HOST = "cairn_server.demo.host"
_PREFIX = "demo-"
_PROJECT = "harbour-fees"
_HOME = "cairn-home"


class NoDemo(Exception):
    """The person reacts: the folder is not one that `--new` made."""


def new(folder: Path) -> int:
    """Makes a project in a new folder below `folder` and prints, as JSON, its `root` and the `goal` of its run.

    Those made before go, but for one that is still worked on. Raises OSError, subprocess.CalledProcessError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for before in folder.glob(f"{_PREFIX}*"):
        if not _in_use(before / _PROJECT):
            shutil.rmtree(before, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder)).resolve()
    project = DemoWorkspace(place / _PROJECT, place / _HOME)
    for name, text in short.files().items():
        file = project.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    project.home.mkdir()
    (project.home / "config.toml").write_text(short.config(), encoding="utf-8")
    project.commit("Harbour fees")
    print(json.dumps({"root": str(project.root), "goal": short.recording().goal}))
    return 0


def stdio(root: Path) -> int:
    """Speaks LSP for the project in `root`, until the editor leaves. Raises NoDemo for any other folder."""
    project = DemoWorkspace(root, root.parent / _HOME)
    if not (root.name == _PROJECT and root.parent.name.startswith(_PREFIX) and project.home.is_dir()):
        raise NoDemo(f"{root} is not a project of the demo: `cairn demo --new DIR` makes one")
    environment = project.environment()
    os.environ.clear()
    os.environ.update(environment)
    return relay(Workspace.of(root), HOST)


def _in_use(root: Path) -> bool:
    try:
        channel = find(Workspace.of(root), "rpc", "demo")
    except LaunchError:
        return True
    except OSError:
        return False
    if channel is not None:
        channel.close()
    return channel is not None

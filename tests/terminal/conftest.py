"""A workspace, and a host in it that does what the test tells it to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_host import ScriptedHost, scripted_host

from cairn_memory.places import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = tmp_path / "project"
    folder.mkdir()
    return Workspace.of(folder)


@pytest.fixture
def host(workspace: Workspace) -> Iterator[ScriptedHost]:
    with scripted_host(workspace) as host:
        yield host

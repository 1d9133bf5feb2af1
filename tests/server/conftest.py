"""Hosts in processes of their own: one for a test, or one that a module's tests share."""

from collections.abc import Generator
from pathlib import Path

import pytest
from wire import HostProcess, Hosts


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty folder for a host of the test's own."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def hosts(cairn_home: Path) -> Generator[Hosts]:
    """Starts hosts of the test's own."""
    started = Hosts(cairn_home)
    yield started
    started.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Generator[HostProcess]:
    """A running host that the tests of a module share."""
    base = tmp_path_factory.mktemp("host")
    (base / "project").mkdir()
    started = Hosts(base / "home")
    running = started.start(base / "project")
    yield running
    code = running.stop()
    started.close()
    assert code == 0

"""What every test starts from: folders of its own, no keys, no network but loopback."""

import ipaddress
import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from repeating import Repeating, add_options

RepositoryFactory = Callable[..., Path]
"""(files, name="project") -> the root of a new git repository with those files committed."""

OUTSIDE = ("CAIRN_MODEL", "CAIRN_HOME", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "NO_COLOR")
"""Variables of the person who runs the tests that would change what the code under test does."""


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Repeating(), "repeating")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What chance begins from: `--seed`. Say it in every failure."""
    return cast(int, request.config.getoption("seed"))


@pytest.fixture(autouse=True)
def cairn_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All user-level data of the test, and of every process it starts, lies in its own folder."""
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "cairn-home"
    monkeypatch.setenv("CAIRN_HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would talk to the world fails instead, and says to whom."""
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, real: Callable[..., Any] = real) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
                raise ConnectionRefusedError(f"tests stay on loopback, this one asked for {address[0]}")
            return real(self, address)

        monkeypatch.setattr(socket.socket, name, guarded)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture
def make_repository(tmp_path: Path) -> RepositoryFactory:
    """Makes git repositories: `make_repository({"src/a.py": "..."})` gives the root of a new one."""

    def make(files: Mapping[str, str | bytes] | None = None, name: str = "project") -> Path:
        root = tmp_path / name
        root.mkdir()
        for path, content in (files or {"README.md": "# project\n"}).items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
        for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "begin")):
            subprocess.run(
                ("git", *identity, *command), cwd=root, check=True, capture_output=True, timeout=30
            )
        return root

    return make


@pytest.fixture
def repository(make_repository: RepositoryFactory) -> Path:
    """The root of a git repository with one file, README.md."""
    return make_repository()

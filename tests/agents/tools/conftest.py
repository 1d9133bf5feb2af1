"""What the tests of the tools share."""

from pathlib import Path

import pytest
from desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = tmp_path / "work tree é"
    root.mkdir()
    return Desk.at(root, tmp_path)


def _no_program(name: str, *_: object, **__: object) -> None:
    """As if nothing were installed."""


@pytest.fixture(params=["ripgrep", "own"])
def search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test that asks for it runs twice: with ripgrep, and with the stand-in for it."""
    if request.param == "own":
        monkeypatch.setattr("cairn_agents.tools.grep.shutil.which", _no_program)
    return request.param

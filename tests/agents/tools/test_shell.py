"""The shell is found anew when PATH changes, and commands get no keys."""

from pathlib import Path

import pytest
from desk import Desk

from cairn_agents.tools.base import ToolError
from cairn_agents.tools.shell import environment, find_bash, find_sh


async def test_a_key_of_a_model_provider_is_not_handed_to_commands(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "nobody-may-see-this")
    assert (await desk("bash", command='echo "[$OPENAI_API_KEY]"')).text == "[]"


def test_keys_of_providers_and_what_is_withheld_stay_with_the_host() -> None:
    own = {
        "OPENAI_API_KEY": "a",
        "anthropic_api_key": "b",
        "GEMINI_API_KEYS": "c",
        "CAIRN_TOKEN": "d",
        "MY_MODEL": "e",
        "GITHUB_TOKEN": "f",
        "CAIRN_HOME": "g",
        "PAGER": "less",
    }
    given = environment(own, ["my_model"])
    assert {name: given.get(name) for name in own if name in given} == {
        "GITHUB_TOKEN": "f",
        "CAIRN_HOME": "g",
        "PAGER": "cat",
    }
    assert "MY_MODEL" in environment(own, []), "another session withholds nothing"


def _program(folder: Path, name: str) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)


def test_the_shell_is_that_of_the_path_as_it_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    one, two, dash = _program(first, "bash"), _program(second, "bash"), _program(second, "dash")
    monkeypatch.setenv("PATH", str(first))
    assert (find_bash(), find_sh()) == (one, one)
    monkeypatch.setenv("PATH", f"{second}:{first}")
    assert (find_bash(), find_sh()) == (two, dash)
    (second / "bash").unlink()
    assert find_bash() == one, "it was removed meanwhile"


def test_a_shell_that_is_installed_later_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="install it"):
        find_bash()
    bash = _program(tmp_path, "bash")
    assert (find_bash(), find_sh()) == (bash, bash)


def test_a_shell_is_looked_for_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bash = _program(tmp_path, "bash")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_bash() == bash
    monkeypatch.setattr("cairn_agents.tools.shell.shutil.which", pytest.fail)
    assert find_bash() == bash

"""Language servers in the settings: programs that are started, so only the user's word, or trust, names them."""

from pathlib import Path

from cairn_agents.config import LoadedConfig, load_config

PYTHON = "[languages.python]\ncommand = ['pyls']\nextensions = ['.py']\n"
RUST = "[languages.rust]\ncommand = ['ra', '{x}']\nextensions = ['.rs']\n"


def load(folder: Path, user: str = "", project: str = "", trust: bool = False) -> LoadedConfig:
    files = folder / "user.toml", folder / "project.toml"
    for path, text in zip(files, (user, project), strict=True):
        path.write_text(text, encoding="utf-8")
    found = load_config(*files, {})
    assert found.project is not None
    return load_config(*files, {}, found.project.digest) if trust else found


def test_a_project_names_programs_only_once_it_is_trusted(tmp_path: Path) -> None:
    untrusted = load(tmp_path, PYTHON, RUST)
    assert list(untrusted.config.languages) == ["python"]
    (line,) = untrusted.problems
    assert "languages" in line and "ra {x}" in line and "cairn trust" in line

    trusted = load(tmp_path, PYTHON, RUST, trust=True)
    assert sorted(trusted.config.languages) == ["python", "rust"] and trusted.problems == []


def test_one_that_is_wrong_is_one_line_and_the_others_hold(tmp_path: Path) -> None:
    wrong = "[languages.go]\nextensions = ['go']\n[languages.rust]\ncommand = []\n[languages.'C x']\ncommand = ['x']\n"
    loaded = load(tmp_path, PYTHON + wrong)
    assert list(loaded.config.languages) == ["python"]
    assert any("languages.go.command" in line and "missing" in line for line in loaded.problems)
    assert any("such as .py" in line for line in loaded.problems)
    assert any("such as python" in line for line in loaded.problems)

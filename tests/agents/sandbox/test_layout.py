"""What of the machine a command sees is worked out without trusting the work tree."""

import os
import struct
import subprocess
from pathlib import Path

import pytest

from cairn_agents.config.layer import checked
from cairn_agents.config.settings import Config, SandboxSettings
from cairn_agents.config.trust import parted
from cairn_agents.sandbox import seccomp
from cairn_agents.sandbox.gitdirs import GitDirs
from cairn_agents.sandbox.layout import Surveyor
from cairn_agents.sandbox.protected import AT_THE_TOP
from cairn_agents.sandbox.sandboxes import Sandboxes
from cairn_agents.sandbox.seatbelt import profile
from cairn_agents.sandbox.surroundings import surroundings
from cairn_agents.sandbox.toolchains import toolchains
from cairn_memory.places import UserFolders, Workspace

posix = pytest.mark.skipif(os.name != "posix", reason="made for POSIX paths")


@posix
def test_a_work_tree_that_holds_the_home_folder_has_no_sandbox_and_the_user_is_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    user = UserFolders.find()
    for root in (home, tmp_path):
        sandbox = Sandboxes(Workspace(root, root), user).make(root, tmp_path / "p", SandboxSettings())
        assert sandbox.kind == "none"
        assert "home folder" in sandbox.note or "is not installed" in sandbox.note


@posix
def test_toolchains_of_the_home_folder_are_shown_and_its_secrets_are_not(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in (
        ".pyenv/shims",
        ".cargo/bin",
        ".ssh",
        ".aws",
        ".docker/bin",
        "bin",
        "sdk/bin",
        "sdk/lib",
        "project/bin",
        "project/.git",
    ):
        (home / name).mkdir(parents=True)
    path = os.pathsep.join(
        str(home / name) for name in (".cargo/bin", ".docker/bin", "bin", "sdk/bin", "project/bin", "")
    )
    shown = {str(each.relative_to(home)) for each in toolchains(home, f"{path}:relative:/usr/bin", (home,))}
    assert shown == {".pyenv", ".cargo/bin", ".docker/bin", "bin", "sdk", "project/bin"}


@posix
def test_a_link_on_path_shows_the_installation_it_leads_to(tmp_path: Path) -> None:
    home = tmp_path / "home"
    program = home / "apps" / "tool" / "bin" / "tool"
    program.parent.mkdir(parents=True)
    (home / "apps" / "tool" / "lib").mkdir()
    program.touch()
    (home / ".local" / "bin").mkdir(parents=True)
    (home / ".local" / "bin" / "tool").symlink_to(program)
    (home / ".local" / "bin" / "key").symlink_to(home / "nothing")
    shown = toolchains(home, str(home / ".local" / "bin"), (home,))
    assert home / "apps" / "tool" in shown and len(shown) == 2


def test_a_git_file_that_claims_another_projects_git_dir_opens_nothing(
    repository: Path, tmp_path: Path
) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for claim in (repository / ".git", repository / ".git" / "worktrees" / "x", tmp_path / "nothing"):
        (hostile / ".git").write_text(f"gitdir: {claim}\n", encoding="utf-8")
        assert GitDirs.of(hostile).writable == ()


@posix
def test_a_submodules_git_dir_is_its_own_and_protected(
    repository: Path, tmp_path: Path, make_repository: object
) -> None:
    inner = tmp_path / "inner"
    subprocess.run(["git", "clone", "-q", str(repository), str(inner)], check=True, timeout=30)
    subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub"],
        cwd=repository, check=True, timeout=30, capture_output=True,
    )  # fmt: skip
    own = (repository / ".git" / "modules" / "sub").resolve()
    dirs = GitDirs.of(repository / "sub")
    assert dirs.writable == (own,) and own / "config" in dirs.protected
    assert own / "config" in GitDirs.of(repository).protected
    other = tmp_path / "other"
    other.mkdir()
    (other / ".git").write_text(f"gitdir: {own}\n", encoding="utf-8")
    assert GitDirs.of(other).writable == (), "it leads back to another work tree"


@posix
def test_cairns_own_folders_are_hidden_wherever_they_lie(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (root / ".cairn" / "local").mkdir(parents=True)
    elsewhere.mkdir()
    layout = Surveyor(root, Path.home(), (root / ".cairn" / "local", elsewhere)).layout()
    assert root / ".cairn" / "local" in layout.hidden
    assert any(elsewhere.is_relative_to(folder) for folder in layout.hidden)
    assert {path.name for path in layout.missing} == set(AT_THE_TOP) - {".cairn"}


def test_the_environment_keeps_what_a_build_needs() -> None:
    own = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "AWS_SECRET_ACCESS_KEY": "x",
        "OPENAI_API_KEY": "x",
        "MINE": "m",
        "SSH_AUTH_SOCK": "/x",
    }
    got = surroundings(own, Path("/home/u"), ("MINE", "OPENAI_API_KEY"), ())
    assert got.keys() >= {"PATH", "LC_ALL", "MINE", "HOME", "TMPDIR"}
    assert got.keys().isdisjoint({"AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "SSH_AUTH_SOCK"})


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_a_program_that_always_comes_to_an_end(machine: str) -> None:
    code = seccomp.program(machine=machine)
    instructions = [struct.unpack_from("<HBBI", code, at) for at in range(0, len(code), 8)]
    assert len(code) % 8 == 0 and len(instructions) < 4_096
    for at, (operation, yes, no, _) in enumerate(instructions):
        if operation & 7 == 5:  # a jump
            assert at + 1 + max(yes, no) < len(instructions)
    assert instructions[-1][0] == 6


@posix
def test_the_macos_profile_denies_first_and_protects_last(tmp_path: Path) -> None:
    root = tmp_path / 'a "quoted" root'
    (root / ".git" / "hooks").mkdir(parents=True)
    (root / ".git" / "config").touch()
    (root / ".cairn" / "local").mkdir(parents=True)
    layout = Surveyor(root, tmp_path / "home", (root / ".cairn" / "local",)).layout()
    text = profile(layout, tmp_path / "private", network=False)
    lines = text.splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    quoted = str(root).replace('"', '\\"')
    allowed = text.index(f'(allow file-read* file-write*\n  (subpath "{quoted}")')
    for name in (".git/hooks", ".git/config", "AGENTS.md", ".vscode", ".cairn"):
        assert text.index(f'(subpath "{quoted}/{name}")', allowed) > text.index("(deny file-write*", allowed)
    hidden = text.index(f'(deny file-read* file-write*\n  (subpath "{quoted}/.cairn/local")')
    assert hidden > allowed
    assert 'network-outbound (remote ip "localhost:*")' in text and "mDNSResponder" not in text
    assert "mDNSResponder" in profile(layout, tmp_path / "private", network=True)
    assert text.count("(") == text.count(")")


def test_a_projects_settings_can_only_narrow_the_sandbox() -> None:
    base = Config.model_validate({"sandbox": {"network": ["pypi.org", "npmjs.org"], "env": ["MINE"]}})
    wanted = {
        "sandbox": {"enabled": False, "network": ["evil.com", "pypi.org"], "writable": ["/"], "env": []}
    }
    parts = parted(checked("project", wanted), base, "user")
    assert {each.key for each in parts.beyond} == {"sandbox.enabled", "sandbox.network", "sandbox.writable"}
    assert not any(each.trustable for each in parts.beyond)
    assert parts.holds.table == {"sandbox": {"env": []}}


def test_a_host_that_is_no_host_is_refused_in_one_line() -> None:
    layer = checked("file", {"sandbox": {"network": ["https://pypi.org/"]}})
    assert layer.problems and "a host such as pypi.org" in layer.problems[0]

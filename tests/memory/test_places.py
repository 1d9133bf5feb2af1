"""Every folder of a project leads to the same workspace, and its host to a socket that can be opened."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import RepositoryFactory

from cairn_memory.places import SOCKET_PATH_LIMIT, UserFolders, Workspace


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "protocol.file.allow=always")
    subprocess.run(("git", *identity, *arguments), cwd=folder, check=True, capture_output=True, timeout=30)


def test_every_folder_of_a_repository_is_one_workspace(repository: Path) -> None:
    (repository / "a" / "b").mkdir(parents=True)
    for folder in (repository, repository / "a", repository / "a" / "b"):
        assert Workspace.of(folder) == Workspace(repository, repository)


def test_worktrees_share_one_home(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"))
    main, linked = Workspace.of(repository), Workspace.of(tmp_path / "linked")
    assert linked == Workspace(tmp_path / "linked", repository)
    assert (linked.key, linked.database) == (main.key, main.database)


def test_worktrees_of_a_bare_repository_share_one_home(repository: Path, tmp_path: Path) -> None:
    bare = tmp_path / "project.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    for name in ("one", "two"):
        git(bare, "worktree", "add", "-q", "-b", name, str(tmp_path / name))
        assert Workspace.of(tmp_path / name) == Workspace(tmp_path / name, bare)
    assert Workspace.of(bare).home == bare


def test_a_submodule_is_a_workspace_of_its_own(repository: Path, make_repository: RepositoryFactory) -> None:
    library = make_repository(name="library")
    git(repository, "submodule", "add", "-q", str(library), "vendored")
    inner = repository / "vendored"
    assert (inner / ".git").is_file()
    assert Workspace.of(inner) == Workspace(inner, inner)


def test_a_folder_without_git_is_its_own_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "plain" / "inner"
    folder.mkdir(parents=True)
    assert Workspace.of(folder) == Workspace(folder, folder)
    assert Workspace.of(folder).key != Workspace.of(folder.parent).key


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_symlinked_folder_is_the_one_it_leads_to(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    assert Workspace.of(tmp_path / "link") == Workspace.of(repository)


@pytest.mark.parametrize("name", ["with space", "ünïcode 漢字", 'quote\'d "name"', "-dash"])
def test_any_name_of_a_folder_will_do(make_repository: RepositoryFactory, name: str) -> None:
    root = make_repository(name=name)
    workspace = Workspace.of(root)
    workspace.create()
    assert workspace.local.is_dir()
    assert workspace.key.isalnum()


@pytest.mark.parametrize("pointer", ["", "gitdir: nowhere", "gitdir: .", "\0\0", "gitdir: ../project/.git"])
def test_a_broken_git_file_leaves_the_folder_to_itself(
    repository: Path, tmp_path: Path, pointer: str
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / ".git").write_text(pointer, encoding="utf-8")
    assert Workspace.of(folder) == Workspace(folder, folder)


def test_a_git_file_cannot_claim_the_memory_of_another_project(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"))
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    (hostile / ".git").write_bytes((tmp_path / "linked" / ".git").read_bytes())
    assert Workspace.of(hostile).home == hostile


def test_a_missing_folder_and_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Workspace.of(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="give Cairn the folder"):
        Workspace.of(tmp_path / "file")


def test_what_is_private_stays_out_of_commits(repository: Path) -> None:
    workspace = Workspace.of(repository)
    workspace.create()
    workspace.create()
    (workspace.local / "cairn.db").touch()
    workspace.config.touch()
    status = subprocess.run(
        ("git", "status", "--porcelain", "-uall"), cwd=repository, check=True, capture_output=True, text=True
    )
    assert status.stdout.split() == ["??", ".cairn/config.toml"]
    if os.name == "posix":
        assert workspace.local.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("length", [1, 60, 200, 1_000])
@pytest.mark.parametrize("temporary", ["short", "long"])
def test_a_socket_path_is_short_enough_whatever_the_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int, temporary: str
) -> None:
    if temporary == "long":
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("t" * 120)))
    homes = [tmp_path / ("h" * min(length, 200)) / name for name in ("one", "two")]
    workspace = Workspace.of(tmp_path)
    sockets = [UserFolders(home, home, home / "run").socket(workspace) for home in homes]
    assert all(len(os.fsencode(path)) <= SOCKET_PATH_LIMIT for path in sockets)
    assert len(set(sockets)) == 2, "two homes, two sockets"


def test_cairn_home_holds_all_of_the_user(cairn_home: Path) -> None:
    folders = UserFolders.find()
    for path in (folders.config_file, folders.prices_file, folders.data, folders.runtime):
        assert path.is_relative_to(cairn_home)

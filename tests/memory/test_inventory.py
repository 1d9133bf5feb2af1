"""The inventory names everything that is kept, how much it is, and who may see it."""

import os
from pathlib import Path

import pytest
from works import at_work, fill

from cairn_memory.inventory import Kept, inventory
from cairn_memory.places import UserFolders, Workspace


@pytest.fixture
async def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".git").mkdir()
    await fill(folder)
    return folder


def user_of(tmp_path: Path) -> UserFolders:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return UserFolders(home, home, home / "run")


async def look(project: Path, tmp_path: Path, seconds: float = 10) -> dict[tuple[str, str], Kept]:
    return {
        (kept.scope, kept.name): kept
        for kept in await inventory(Workspace.of(project), user_of(tmp_path), seconds)
    }


async def test_every_byte_in_the_folder_is_accounted_for(project: Path, tmp_path: Path) -> None:
    (project / ".cairn/local/strange").write_bytes(b"x" * 77)
    kept = await look(project, tmp_path)
    files = [path for path in (project / ".cairn").rglob("*") if path.is_file()]
    ours = [each for (scope, _), each in kept.items() if scope == "project"]
    assert sum(each.files for each in ours) == len(files)
    assert sum(each.bytes for each in ours) == sum(path.stat().st_size for path in files)
    assert kept["project", "other files"].files == 2, "the strange one, and .gitignore"


async def test_it_says_what_git_would_commit(project: Path, tmp_path: Path) -> None:
    kept = await look(project, tmp_path)
    assert kept["project", "memory"].committed
    assert not any(
        kept["project", name].committed for name in ("log", "blobs", "sessions", "host log", "salvaged")
    )
    (project / ".gitignore").write_text(".cairn/\n")
    assert not (await look(project, tmp_path))["project", "memory"].committed


@pytest.mark.skipif(os.name != "posix", reason="modes")
async def test_it_says_who_may_read(project: Path, tmp_path: Path) -> None:
    for folder in (*project.parents[:3], project, project / ".cairn"):
        if folder.owner() == Path.home().owner() and folder.is_relative_to(tmp_path.parent.parent):
            folder.chmod(0o755)
    (project / ".cairn/MEMORY.md").chmod(0o644)
    kept = await look(project, tmp_path)
    assert kept["project", "log"].readers == "you"
    assert kept["project", "sessions"].readers == "you", "their folder lets nobody else in"
    assert kept["project", "tasks"].readers == "", "there are none"
    project.chmod(0o700)
    assert (await look(project, tmp_path))["project", "memory"].readers == "you"


async def test_the_users_own_files_are_told(project: Path, tmp_path: Path) -> None:
    user_of(tmp_path)
    (tmp_path / "home/prompts").write_text("typed\n")
    (tmp_path / "home/MEMORY.md").write_text("- mine\n")
    kept = await look(project, tmp_path)
    assert (kept["user", "prompts"].files, kept["user", "prompts"].bytes) == (1, 6)
    assert kept["user", "memory"].bytes == 7
    assert not kept["user", "memory"].committed


async def test_it_stops_at_its_deadline_and_says_so(project: Path, tmp_path: Path) -> None:
    assert not (await look(project, tmp_path, seconds=0))["project", "log"].whole


async def test_it_changes_nothing(project: Path, tmp_path: Path) -> None:
    async with at_work(project):
        before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
        await look(project, tmp_path)
        assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before

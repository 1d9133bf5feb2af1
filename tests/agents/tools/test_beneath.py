"""Exactly the file that was judged is read and written: a link that is put in its way is never followed."""

import contextlib
import errno
import os
import shutil
import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from desk import Desk

from cairn_agents.tools import beneath
from cairn_agents.tools.base import ToolError

SWAPS = 2_000

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="links of ordinary users, and folders as descriptors"
)


@pytest.fixture(params=["kernel", "folders"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test runs twice: as the kernel does it, and as where it has no such call."""
    if request.param == "folders":
        monkeypatch.setattr(beneath, "_kernel", lambda: None)
    return request.param


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text("secret")
    (tmp_path / "tree" / "sub" / "f").write_text("mine")
    return tmp_path


def read(path: Path) -> bytes:
    with beneath.opened(path) as file:
        return file.read()


def test_a_link_anywhere_in_the_way_is_refused(place: Path, way: str) -> None:
    (place / "tree" / "link").symlink_to(place / "outside")
    (place / "tree" / "file").symlink_to(place / "outside" / "f")
    assert read(place / "tree" / "sub" / "f") == b"mine"
    for path in (place / "tree" / "link" / "f", place / "tree" / "file"):
        with pytest.raises(OSError) as refused:
            read(path)
        assert refused.value.errno == errno.ELOOP
    with pytest.raises(OSError):
        beneath.replace(place / "tree" / "link" / "new", b"x", None, "t")
    assert sorted(os.listdir(place / "outside")) == ["f"]
    with pytest.raises(OSError):
        beneath.entries(place / "tree" / "link")


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(place: Path, way: str) -> None:
    path = place / "tree" / "sub" / "f"
    path.unlink()
    path.symlink_to(place / "outside" / "f")
    with pytest.raises(OSError):
        beneath.replace(path, b"x", b"mine", "t")
    assert (place / "outside" / "f").read_text() == "secret"


def test_what_is_not_as_expected_is_not_replaced(place: Path, way: str) -> None:
    path = place / "tree" / "sub" / "f"
    with pytest.raises(beneath.Moved):
        beneath.replace(path, b"x", b"other", "t")
    with pytest.raises(beneath.Moved):
        beneath.replace(path, b"x", None, "t")
    with pytest.raises(beneath.Moved):
        beneath.replace(path.with_name("none"), b"x", b"mine", "t")
    beneath.replace(path, b"x", b"mine", "t")
    beneath.replace(place / "tree" / "new" / "deep" / "f", b"y", None, "t")
    assert (path.read_bytes(), (place / "tree/new/deep/f").read_bytes()) == (b"x", b"y")
    assert sorted(os.listdir(path.parent)) == ["f"]


def test_the_mode_is_kept_and_a_new_file_has_that_of_any_new_file(place: Path, way: str) -> None:
    path = place / "tree" / "sub" / "f"
    path.chmod(0o754)
    beneath.replace(path, b"x", b"mine", "t")
    assert path.stat().st_mode & 0o777 == 0o754
    beneath.replace(path.with_name("new"), b"x", None, "t")
    (place / "plain").write_text("")
    assert path.with_name("new").stat().st_mode == (place / "plain").stat().st_mode


def test_a_pipe_is_refused_at_once(place: Path, way: str) -> None:
    os.mkfifo(place / "tree" / "pipe")
    with pytest.raises(OSError) as refused:
        read(place / "tree" / "pipe")
    assert refused.value.errno == errno.EINVAL


@contextlib.contextmanager
def swapping(folder: Path, outside: Path) -> Generator[threading.Event]:
    """Puts a link to `outside` in the place of `folder` and takes it away again, 2,000 times."""
    kept, link, done = folder.with_name("kept"), folder.with_name("link"), threading.Event()
    link.symlink_to(outside)

    def move(source: Path, target: Path) -> None:
        while True:
            try:
                source.rename(target)
            except OSError:  # a writer made the folder that was missing for a moment
                shutil.rmtree(target, ignore_errors=True)
            else:
                return

    def swap() -> None:
        try:
            for _ in range(SWAPS):
                folder.rename(kept)
                move(link, folder)
                folder.rename(link)
                move(kept, folder)
        finally:
            done.set()

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield done
    finally:
        thread.join(60)


def test_in_a_race_for_a_folder_nothing_outside_is_ever_read_or_written(place: Path, way: str) -> None:
    folder, outside = place / "tree" / "sub", place / "outside"
    path, content, tries = folder / "f", b"mine", 0
    with swapping(folder, outside) as done:
        while not done.is_set():
            tries += 1
            with contextlib.suppress(OSError):
                assert read(path) != b"secret"
            with contextlib.suppress(OSError, beneath.Moved):
                beneath.replace(path, b"%d" % tries, content, "t")
                content = b"%d" % tries
            with contextlib.suppress(OSError, beneath.Moved):
                beneath.replace(folder / f"new{tries}", b"x", None, "t")
    assert tries > 5
    assert sorted(os.listdir(outside)) == ["f"]
    assert (outside / "f").read_text() == "secret"
    assert path.read_bytes() == content


async def test_a_link_put_in_the_way_after_the_plan_is_told_to_the_model(
    desk: Desk, tmp_path: Path, way: str
) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "f").write_text("theirs\n")
    desk.put("sub/f", "mine\n")
    tool, plan = await desk.plan("edit", path="sub/f", old="mine", new="yours")
    reading, look = await desk.plan("read", path="sub/f")
    (desk.root / "sub").rename(desk.root / "kept")
    (desk.root / "sub").symlink_to(outside)
    with pytest.raises(ToolError, match="symbolic links"):
        await tool.run(plan, desk.scope)
    with pytest.raises(ToolError, match="symbolic links"):
        await reading.run(look, desk.scope)
    assert (outside / "f").read_text() == "theirs\n"


@pytest.mark.parametrize("name", ["grep", "glob"])
async def test_a_search_shows_nothing_of_a_folder_that_a_link_came_to_stand_for(
    desk: Desk, tmp_path: Path, search: str, name: str
) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "theirs").write_text("needle of theirs\n")
    desk.put("sub/mine", "needle of mine\n")
    arguments = {"pattern": "needle"} if name == "grep" else {"pattern": "*"}
    tool, plan = await desk.plan(name, path="sub", **arguments)
    assert "mine" in (await tool.run(plan, desk.scope)).text
    (desk.root / "sub").rename(desk.root / "kept")
    (desk.root / "sub").symlink_to(outside)
    assert "theirs" not in (await tool.run(plan, desk.scope)).text


async def test_a_link_among_the_files_is_not_searched(desk: Desk, tmp_path: Path, search: str) -> None:
    (tmp_path / "theirs").write_text("needle\n")
    desk.put("mine", "needle\n")
    (desk.root / "link").symlink_to(tmp_path / "theirs")
    assert (await desk("grep", pattern="needle")).text == "mine:1: needle"

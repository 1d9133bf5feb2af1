"""The path that the gate judges is the path that the system would open: links, dots and loops included."""

import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_agents.tools.base import Scope, ToolError
from cairn_agents.tools.paths import resolve
from cairn_memory.blobs import BlobStore

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what was opened")
NAMES = ("a", "b", "c", "sub", "link", "up")
PARTS = st.sampled_from((*NAMES, "..", ".", "", "outside"))
TARGETS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
PATHS = st.lists(PARTS, min_size=1, max_size=6).map("/".join).filter(bool)


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """(kind, name, where a link leads), made one after another; what cannot be made is left out."""
    place = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
    kinds = st.sampled_from(("file", "folder", "link", "away"))
    return draw(st.lists(st.tuples(kinds, place, TARGETS), max_size=10))


def _plant(root: Path, tree: list[tuple[str, str, str]]) -> None:
    (root.parent / "outside").mkdir()
    (root.parent / "outside" / "a").write_text("theirs", encoding="utf-8")
    for kind, name, target in tree:
        path = root / name
        try:
            match kind:
                case "file":
                    path.write_text("ours", encoding="utf-8")
                case "folder":
                    path.mkdir(parents=True)
                case "away":
                    path.symlink_to(root.parent / "outside")
                case _:
                    path.symlink_to(target)
        except OSError:
            continue


def _scope(root: Path) -> Scope:
    return Scope("s", root, root.parent / "session", BlobStore(root.parent / "blobs"))


def _opened(path: Path) -> str | None:
    """Where the system ends up that opens `path`; None when it opens nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _made(path: Path) -> str | None:
    """Where the system ends up that makes a file at `path`; None when it makes none."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


@settings(max_examples=120, deadline=None)
@given(trees(), PATHS)
def test_what_is_judged_is_what_would_be_opened_or_made(tree: list[tuple[str, str, str]], path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(os.path.realpath(folder)) / "work"
        root.mkdir()
        _plant(root, tree)
        scope = _scope(root)
        try:
            judged = str(resolve(path, scope))
        except ToolError as error:
            assert "\n" not in str(error)
            assert _opened(root / path) is None, "what can be opened has a place"
            return
        opened = _opened(root / path) or _made(root / path)
        assert opened in (None, judged)


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_is_a_path_or_one_clear_line(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(os.path.realpath(folder))
        try:
            found = resolve(text, _scope(root))
        except ToolError as error:
            assert "\n" not in str(error).replace(text, "")
            return
        assert found.is_absolute() and ".." not in found.parts

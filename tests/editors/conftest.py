"""An editor in a repository with a few files. A module's tests share it: starting a host takes longer than most of them."""

import shutil
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from editing import Editor, editing
from scripted_provider import ScriptedProvider

FILES = {
    "src/a.py": b"first = 1\nsecond = 2\nthird = 3\n",
    "src/b.py": b"other = 1\n",
    "windows.txt": b"first = 1\r\nsecond = 2\r\n",
}


@pytest.fixture(scope="module")
def user_settings() -> str:
    """The user's config.toml; a module may have its own."""
    return ""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, user_settings: str) -> AsyncGenerator[Editor]:
    base = tmp_path_factory.mktemp("editors")
    root, home = base / "project é", base / "home"
    root.mkdir()
    home.mkdir()
    (home / "config.toml").write_text(user_settings, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    async with ScriptedProvider([]) as model, editing(root, home, model) as editor:
        yield editor


@pytest_asyncio.fixture(loop_scope="module")
async def editor(shared: Editor) -> AsyncGenerator[Editor]:
    """With nothing open, the files as they were, and no session yet."""
    for name, data in FILES.items():
        place(shared.root / name, data)
    yield shared
    await shared.close_all()
    for name in ("src", "windows.txt"):
        path = shared.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def place(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

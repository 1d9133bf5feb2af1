"""A language server runs in the sandbox of commands: it may run what the agent wrote."""

import os
import shutil
from pathlib import Path

import pytest
from editing import Editor
from scripted_provider import call

from cairn_agents.sandbox.detect import detect

pytestmark = pytest.mark.asyncio(loop_scope="module")

ODD = Path(__file__).parents[1] / "odd_language_server.py"
PYTHON = shutil.which("python3", path=os.defpath) or "python3"


@pytest.fixture(scope="module")
def user_settings() -> str:
    return f"[languages.odd]\ncommand = [{PYTHON!r}, 'src/server.py']\nextensions = ['.odd']\n"


@pytest.mark.skipif(detect().kind != "bubblewrap", reason="this machine has no sandbox of that kind")
async def test_it_runs_in_the_sandbox_and_looks_at_files(editor: Editor) -> None:
    shutil.copy(ODD, editor.root / "src" / "server.py")
    (editor.root / "src" / "a.odd").write_text("bad\n", encoding="utf-8")

    (found,) = await editor.work(call("diagnostics", path="src/a.odd"))

    assert found.text == "src/a.odd:1:1: error: bad is wrong (odd)"
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert any(b"bwrap" in line and b"src/server.py" in line for line in running)

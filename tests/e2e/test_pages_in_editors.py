"""MEMORY.md as a language in editors nobody here wrote: Neovim's and Emacs' own clients, by the keys' own functions."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from emacs import EMACS, NO_EGLOT
from emacs import MISSING as NO_EMACS
from host_ending import end_host
from neovim import MISSING as NO_NEOVIM
from neovim import NVIM

HERE = Path(__file__).parent
CAIRN = str(Path(sys.executable).with_name("cairn"))
PAGE = """# Memory

## Rules

- The key is ghp_FAKE0123456789abcdefFAKE0123456789ab

## Facts

- The parser is `parse_decl` in src/parser.py:3
- See src/gone.py
"""
TASK, RENAMED = "mend the lexer", "mend the whole lexer"


@pytest.fixture
def project(repository: Path) -> Iterator[Path]:
    (repository / "src").mkdir(exist_ok=True)
    (repository / "src" / "parser.py").write_text("\n\ndef parse_decl():\n    return 1\n", encoding="utf-8")
    (repository / ".cairn").mkdir()
    (repository / ".cairn" / "MEMORY.md").write_text(PAGE, encoding="utf-8")
    yield repository
    end_host(repository)


async def printed(folder: Path, *command: str) -> dict[str, Any]:
    """What the editor says of our page. Skips the test when it has no LSP client."""
    given = {
        "command": [CAIRN, "lsp", "--stdio"],
        "page": ".cairn/MEMORY.md",
        "task": TASK,
        "renamed": RENAMED,
        "findings": 2,
    }
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=os.environ | {"CAIRN_PAGE": json.dumps(given), "HOME": str(folder.parent)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with deadline(50):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == NO_EGLOT:
        pytest.skip(NO_EMACS)
    assert process.returncode == 0, errors.decode("utf-8", "replace")
    return json.loads(out.decode("utf-8").splitlines()[-1])


def _check(found: dict[str, Any]) -> None:
    task = found["task"]
    assert sorted(found["diagnostics"]) == ["path-gone", "secret"]
    assert TASK in found["hover"] and "open" in found["hover"]
    assert found["definition"] == ["parser.py", 3]
    assert "Mask the secret" in found["actions"]
    page = "\n".join(found["page"])
    assert "ghp_FAKE" not in page and f"- {task} {RENAMED} comes first" in page
    assert len(page.splitlines()) == len(PAGE.splitlines()) + 1, "all else stands as it was"


@pytest.mark.skipif(NVIM is None, reason=NO_NEOVIM)
async def test_neovim_shows_and_mends_what_is_wrong_in_a_page_and_follows_and_renames_a_task(
    project: Path,
) -> None:
    assert NVIM is not None
    script = str(HERE / "neovim_language.lua")
    _check(await printed(project, NVIM, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", script))


@pytest.mark.skipif(EMACS is None, reason=NO_EMACS)
async def test_emacs_shows_and_mends_what_is_wrong_in_a_page_and_follows_and_renames_a_task(
    project: Path,
) -> None:
    assert EMACS is not None
    _check(await printed(project, EMACS, "--batch", "-l", str(HERE / "emacs_language.el")))

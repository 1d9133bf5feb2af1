"""What developers do all day works in the sandbox."""

import functools
import http.server
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from boxed import PYTHON, Box, box, needs_bubblewrap

pytestmark = needs_bubblewrap

IDENTITY = "git -c user.name=a -c user.email=a@localhost"


@pytest_asyncio.fixture
async def here(repository: Path) -> AsyncGenerator[Box]:
    async with box(repository) as made:
        yield made


async def test_git_commits(here: Box) -> None:
    await here.works(f"echo x > new && git add -A && {IDENTITY} commit -qm second")
    assert await here.works("git log --oneline | wc -l; git status --short") == "2"


async def test_git_commits_in_a_linked_work_tree(repository: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    subprocess.run(
        ["git", "worktree", "add", "-q", str(linked), "-b", "side"], cwd=repository, check=True, timeout=30
    )
    async with box(linked) as there:
        await there.works(f"echo x > new && git add -A && {IDENTITY} commit -qm second")
        assert await there.works("git log --oneline | wc -l; git status --short") == "2"
        for attack in ("hooks/pre-commit", "config", f"worktrees/{linked.name}/commondir"):
            code, _ = await there(f"echo x >> '{repository}/.git/{attack}'")
            assert code != 0, attack
        await there(f"echo x > '{repository}/README.md'")
        said = (repository / "README.md").read_text(encoding="utf-8")
        assert said == "# project\n", "of the main work tree only what a commit writes is open"
    log = subprocess.run(
        ["git", "log", "--oneline", "side"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert len(log.stdout.splitlines()) == 2


async def test_pytest_with_multiprocessing_runs(here: Box) -> None:
    (here.root / "test_pool.py").write_text(
        "import multiprocessing\n\ndef test_pool():\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        assert pool.map(abs, [-1, -2]) == [1, 2]\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        assert pool.map(abs, [-3]) == [3]\n",
        encoding="utf-8",
    )
    assert "1 passed" in await here.works(f"{sys.executable} -m pytest -q -p no:cacheprovider test_pool.py")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """A package index on this machine with one package; gives its address."""
    folder = tmp_path / "index" / "pebble"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "pebble-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pebble.py", "weight = 7\n")
        wheel.writestr("pebble-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: pebble\nVersion: 1.0\n")
        wheel.writestr(
            "pebble-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("pebble-1.0.dist-info/RECORD", "")
    handler = functools.partial(_Quiet, directory=str(tmp_path / "index"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


async def test_pip_installs_into_a_venv_with_the_network_granted_and_not_without(
    here: Box, index: str
) -> None:
    await here.works(f"{sys.executable} -m venv env")
    install = f"env/bin/pip install -q --retries 0 --disable-pip-version-check --index-url {index} pebble"
    code, said = await here(install)
    assert code != 0 and "pebble" in said
    await here.works(install, network=True)
    assert await here.works("env/bin/python -c 'import pebble; print(pebble.weight)'") == "7"


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm here")
async def test_npm_test_runs(here: Box) -> None:
    (here.root / "package.json").write_text(
        '{"name": "x", "version": "1.0.0", "scripts": {"test": "node --test"}}', encoding="utf-8"
    )
    (here.root / "a.test.js").write_text(
        "const { test } = require('node:test'); const { execFileSync } = require('node:child_process');\n"
        "test('a child', () => { execFileSync('node', ['-e', '1']); });\n",
        encoding="utf-8",
    )
    assert "pass 1" in await here.works("npm test")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("printf 'all:\\n\\t@echo made\\n' > Makefile; make", "made"),
        ("f=$(mktemp) && echo kept > $f && cat $f", "kept"),
        (f"{PYTHON} -c 'import asyncio; print(asyncio.run(asyncio.sleep(0, 7)))'", "7"),
        ("ps -e -o comm= | grep -c ps", "1"),
        ("cat <<'E'\nhere $HOME\nE", "here $HOME"),
        ("id -u | grep -qx $(stat -c %u .) && echo same", "same"),
        ("echo a | tee /dev/null /dev/stderr > /dev/null 2>&1; echo done", "done"),
        ("exec 3<<< text; cat <&3", "text"),
    ],
)
async def test_small_things_work(here: Box, command: str, said: str) -> None:
    assert await here.works(command) == said


async def test_a_server_and_its_client_in_one_command(here: Box) -> None:
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(s.getsockname()); print('met')"
    assert await here.works(f'{PYTHON} -c "{code}"') == "met"


async def test_a_command_of_100_kilobytes(here: Box) -> None:
    assert len(await here.works("echo " + "x" * 99_000)) == 99_000


async def test_what_is_put_into_tmp_and_home_is_there_for_the_next_command_and_nobody_else(here: Box) -> None:
    await here.works("echo kept > /tmp/mine; echo kept > ~/mine; echo kept > /var/tmp/other")
    assert await here.works("cat /tmp/mine ~/mine /tmp/other") == "kept\nkept\nkept"
    assert not Path("/tmp/mine").exists() and not (Path.home() / "mine").exists()
    assert (here.private / "tmp" / "mine").exists()


async def test_programs_on_path_under_a_hidden_folder_are_found(
    here: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "tools" / "bin" / "hello"
    tool.parent.mkdir(parents=True)
    (tmp_path / "tools" / "lib").mkdir()
    (tmp_path / "tools" / "lib" / "text").write_text("hello\n", encoding="utf-8")
    tool.write_text('#!/bin/sh\ncat "$(dirname "$0")/../lib/text"\n', encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    assert await here.works("hello") == "hello"
    code, _ = await here(f"echo x > '{tool}'")
    assert code != 0


@pytest.mark.parametrize("name", ["with space", "ünïcödé", "quote'd", 'a "b" $c'])
async def test_a_work_tree_of_any_name(tmp_path: Path, name: str) -> None:
    async with box(tmp_path / name) as there:
        await there.works("echo x > written")
        assert (there.root / "written").read_text(encoding="utf-8") == "x\n"


async def test_a_work_tree_that_is_reached_by_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    async with box(tmp_path / "link") as there:
        await there.works("echo x > written")
    assert (tmp_path / "real" / "written").exists()

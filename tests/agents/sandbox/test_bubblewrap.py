"""The sandbox leaves no trace in the work tree, and a session's commands belong together."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from boxed import PYTHON, Box, box, needs_bubblewrap
from deadlines import deadline

from cairn_agents.sandbox import bubblewrap
from cairn_agents.sandbox.base import Grant
from cairn_agents.sandbox.network import Network

pytestmark = needs_bubblewrap


@pytest_asyncio.fixture
async def here(repository: Path) -> AsyncGenerator[Box]:
    async with box(repository) as made:
        yield made


async def test_a_command_leaves_nothing_in_the_work_tree_but_its_own_work(here: Box) -> None:
    before = {path.name for path in here.root.iterdir()}
    code, said = await here(
        "ls -d AGENTS.md; git status --short; git add -A; echo x > own; echo x > AGENTS.md"
    )
    assert code != 0 and "AGENTS.md" in said
    assert {path.name for path in here.root.iterdir()} == before | {"own"}


async def test_what_a_killed_host_left_in_the_work_tree_goes_with_the_next_command(here: Box) -> None:
    launch = await here.sandbox.launch(["true"], Grant())
    launch.close()  # as if the host had been killed before the command began
    assert (here.root / "AGENTS.md").is_dir()
    async with box(here.root) as another:
        await another.works("true")
    assert not (here.root / "AGENTS.md").exists()


async def test_a_command_that_was_begun_finds_its_network_though_the_host_died_at_once(
    here: Box,
) -> None:
    launch = await here.sandbox.launch(["sh", "-c", "echo made > it"], Grant())
    child = await asyncio.create_subprocess_exec(
        *("sh", "-c", 'read go; exec "$@"', "sh"),
        *launch.argv,
        env=dict(launch.env),
        pass_fds=launch.pass_fds,
        stdin=asyncio.subprocess.PIPE,
    )
    launch.close()
    here.sandbox.close()  # what a process that dies lets go of
    async with deadline(20):
        await child.communicate(b"go\n")
    assert child.returncode == 0
    assert (here.root / "it").read_text(encoding="utf-8") == "made\n"


async def test_a_command_cannot_enter_another_namespace_by_the_descriptors_it_was_given(here: Box) -> None:
    tried = (
        "import ctypes, os; libc = ctypes.CDLL(None, use_errno=True)\n"
        "print([libc.setns(int(name), 0) for name in os.listdir('/proc/self/fd')])"
    )
    said = await here.works(f'{PYTHON} -c "{tried}"')
    assert "0" not in said and "-1" in said


async def test_guards_stand_as_long_as_any_command_runs(here: Box) -> None:
    launch = await here.sandbox.launch(
        ["bash", "-c", "echo > begun; while [ ! -e go ]; do sleep 0.01; done"], Grant()
    )
    child = await asyncio.create_subprocess_exec(
        *launch.argv, env=dict(launch.env), pass_fds=launch.pass_fds, cwd=here.root
    )
    launch.close()
    async with deadline(20):
        while not (here.root / "begun").exists():
            await asyncio.sleep(0)
        await here.works("true")
        assert (here.root / "AGENTS.md").is_dir()
        code, _ = await here("rmdir AGENTS.md || echo x > AGENTS.md")
        assert code != 0
        (here.root / "go").touch()
        await child.wait()
    await here.sandbox.tidy(launch)
    await here.sandbox.settled()
    assert not (here.root / "AGENTS.md").exists()


async def test_a_symlink_that_steers_agents_is_made_anew_and_what_replaced_it_is_kept(here: Box) -> None:
    (here.root / "AGENTS.md").write_text("rules\n", encoding="utf-8")
    (here.root / "CLAUDE.md").symlink_to("AGENTS.md")
    launch = await here.sandbox.launch(["bash", "-c", "rm CLAUDE.md; echo GOT > CLAUDE.md"], Grant())
    child = await asyncio.create_subprocess_exec(*launch.argv, env=dict(launch.env), pass_fds=launch.pass_fds)
    launch.close()
    await child.wait()
    assert await here.sandbox.tidy(launch) == [str(here.root / "CLAUDE.md")]
    assert (here.root / "CLAUDE.md").read_text(encoding="utf-8") == "rules\n"
    kept = list((here.private / "aside").iterdir())
    assert [path.read_text(encoding="utf-8") for path in kept] == ["GOT\n"]


async def test_the_agents_files_of_subfolders_and_repositories_inside_are_protected(
    repository: Path,
) -> None:
    (repository / "src").mkdir()
    (repository / "src" / "AGENTS.md").write_text("as it was\n", encoding="utf-8")
    (repository / "inner" / ".git" / "hooks").mkdir(parents=True)
    (repository / "inner" / ".git" / "config").write_text("[core]\n", encoding="utf-8")
    async with box(repository) as here:
        for target in ("src/AGENTS.md", "inner/.git/config", "inner/.git/hooks/pre-commit"):
            code, _ = await here(f"echo x >> {target}")
            assert code != 0, target


async def test_a_server_is_reached_by_later_commands_and_ends_with_its_own(here: Box) -> None:
    serve = (
        "import socket\ns = socket.create_server(('127.0.0.1', 0))\n"
        "open('port', 'w').write(str(s.getsockname()[1]))\nwhile True: s.accept()[0].sendall(b'served')"
    )
    launch = await here.sandbox.launch(["bash", "-c", f'setsid {PYTHON} -c "{serve}"'], Grant())
    child = await asyncio.create_subprocess_exec(
        *launch.argv, env=dict(launch.env), pass_fds=launch.pass_fds, cwd=here.root
    )
    launch.close()
    port = here.root / "port"
    async with deadline(20):
        while not (port.exists() and port.read_text(encoding="ascii")):
            await asyncio.sleep(0)
    assert await here.works("exec 3<> /dev/tcp/127.0.0.1/$(cat port); head -c 6 <&3") == "served"
    code, _ = await here("exec 3<> /dev/tcp/127.0.0.1/$(cat port)", network=True)
    assert code != 0, "the machine's own loopback is another"
    child.kill()
    await child.wait()
    async with deadline(20):
        while (await here("exec 3<> /dev/tcp/127.0.0.1/$(cat port)"))[0] == 0:
            await asyncio.sleep(0)
    await here.sandbox.tidy(launch)


async def test_the_environment_is_clean_but_for_what_the_user_names(repository: Path) -> None:
    os.environ.update(CAIRN_TEST_PLAIN="a", CAIRN_TEST_NAMED="b", OPENAI_API_KEY="c")
    try:
        async with box(repository, env=("CAIRN_TEST_NAMED", "OPENAI_API_KEY")) as here:
            said = await here.works("env")
    finally:
        for name in ("CAIRN_TEST_PLAIN", "CAIRN_TEST_NAMED", "OPENAI_API_KEY"):
            os.environ.pop(name, None)
    assert "CAIRN_TEST_NAMED=b" in said
    assert "CAIRN_TEST_PLAIN" not in said and "OPENAI_API_KEY" not in said


async def test_the_settings_open_folders_to_be_read_or_written(repository: Path, tmp_path: Path) -> None:
    for name in ("read", "written"):
        (tmp_path / name).mkdir()
    (tmp_path / "read" / "file").write_text("text\n", encoding="utf-8")
    opened = {"readable": (str(tmp_path / "read"),), "writable": (str(tmp_path / "written"),)}
    async with box(repository, **opened) as here:
        await here.works(f"cp '{tmp_path}/read/file' '{tmp_path}/written/file'")
        code, _ = await here(f"echo x > '{tmp_path}/read/file'")
    assert code != 0 and (tmp_path / "written" / "file").exists()


async def test_git_knows_who_the_user_is_and_none_of_the_users_secrets(
    repository: Path, tmp_path: Path
) -> None:
    own = tmp_path / "gitconfig"
    own.write_text(
        '[user]\n\tname = "A \\"B\\" C"\n\temail = a@b\n[credential]\n\thelper = store\n'
        '[url "https://token@host/"]\n\tinsteadOf = https://host/\n',
        encoding="utf-8",
    )
    before = os.environ["GIT_CONFIG_GLOBAL"]
    os.environ["GIT_CONFIG_GLOBAL"] = str(own)
    try:
        async with box(repository) as here:
            said = await here.works(
                "git config user.name; cat ~/.gitconfig; git commit -q --allow-empty -m x"
            )
    finally:
        os.environ["GIT_CONFIG_GLOBAL"] = before
    assert said.startswith('A "B" C') and "credential" not in said and "token" not in said


async def test_without_a_common_network_each_command_has_a_loopback_of_its_own(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(nsenter: str) -> Network:
        raise OSError("no namespace")

    monkeypatch.setattr(bubblewrap, "joined_network", none)
    async with box(repository) as here:
        assert await here.works("cut -d: -f1 /proc/net/dev | tr -d ' ' | tail -n +3") == "lo"
        assert "no namespace" in here.sandbox.note


async def test_what_a_call_in_the_background_changed_of_a_link_stays_as_people_made_it(here: Box) -> None:
    (here.root / "CLAUDE.md").symlink_to("README.md")
    launch = await here.sandbox.launch(["true"], Grant())
    launch.close()
    assert launch.watch is not None
    (here.root / "CLAUDE.md").unlink()
    assert launch.watch.lasting.put_right(here.private / "aside") == []
    assert launch.watch.put_right(here.private / "aside") == [str(here.root / "CLAUDE.md")]
    await here.sandbox.tidy(launch)

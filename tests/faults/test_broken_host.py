"""A real host on a broken database, and two hosts at once: each does what it should, every time."""

import asyncio
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from stored import damage
from wire import Client, HostProcess, Hosts, client

from cairn_memory.verify import verify
from cairn_server.hostfile import HostFile
from cairn_server.lock import EXIT_TAKEN

pytestmark = pytest.mark.repeat
NOTES = 240
"""Notes that were acknowledged before the damage."""
AGAIN = 4
"""Hosts that are started at one moment."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def hosts(cairn_home: Path) -> Generator[Hosts]:
    started = Hosts(cairn_home)
    yield started
    started.close()


async def _worked(host: HostProcess) -> str:
    """The session of a run with many notes, all acknowledged."""
    async with client(host.file) as attached:
        started = await attached.request("cairn/run/start", {"prompt": f"notes {NOTES} 300"})
        await attached.request("cairn/events/subscribe", {"session": started["session"]})
        while (await attached.event())["kind"] != "session.state":
            pass
        return started["session"]


async def _page(attached: Client, session: str) -> list[dict[str, Any]]:
    shown = await attached.request("cairn/session/show", {"session": session, "limit": 2_000})
    return shown["events"]


def _empty(local: Path) -> None:
    (local / "cairn.db").write_bytes(b"")


def _gone(local: Path) -> None:
    (local / "cairn.db").unlink()


def _no_database(local: Path) -> None:
    (local / "cairn.db").write_bytes(b"no database at all " * 5_000)


def _garbled(local: Path) -> None:
    damage(local / "cairn.db", 0.5, 8_192)


def _header(local: Path) -> None:
    damage(local / "cairn.db", 0.0, 64)


def _cut(local: Path) -> None:
    data = (local / "cairn.db").read_bytes()
    (local / "cairn.db").write_bytes(data[: len(data) // 2])


Damage = Callable[[Path], None]
KEEPS: dict[Damage, int] = {
    _empty: 0,
    _gone: 0,
    _no_database: 0,
    _garbled: NOTES // 3,
    _header: 0,
    _cut: NOTES // 6,
}
"""What befalls the database, and how many notes can be read of it at least."""


@pytest.mark.parametrize(
    "befalls",
    [_cut, *(pytest.param(befalls, marks=pytest.mark.chaos) for befalls in KEEPS if befalls != _cut)],
)
async def test_a_host_on_a_broken_database_says_so_keeps_what_can_be_read_and_works(
    workspace: Path, hosts: Hosts, befalls: Damage
) -> None:
    async with deadline(50):
        first = hosts.start(workspace)
        session = await _worked(first)
        assert first.stop() == 0
        befalls(first.local)
        second = hosts.start(workspace)
        async with client(second.file) as attached:
            status = await attached.request("cairn/host/status")
            (problem,) = status["problems"]
            assert "\n" not in problem and "damaged-" in problem, problem
            assert list(second.local.glob("damaged-*")), "what was found is kept as it was found"
            kept = await _kept(attached, session)
            assert len(kept) >= KEEPS[befalls] and kept == sorted(set(kept))
            started = await attached.request("cairn/run/start", {"prompt": "done"})
            assert started["since"] >= max([*kept, NOTES]), "no number is given twice"
        assert second.stop() == 0
        assert [each.kind for each in verify(second.local) if each.kind != "lost"] == []
        third = hosts.start(workspace)
        async with client(third.file) as attached:
            assert (await attached.request("cairn/host/status"))["problems"] == [], "it is told once"
        assert third.stop() == 0


async def _kept(attached: Client, session: str) -> list[int]:
    listed = (await attached.request("cairn/session/list"))["sessions"]
    if session not in {each["session"] for each in listed}:
        return []
    return [event["seq"] for event in await _page(attached, session) if event["kind"] == "note.added"]


async def test_of_hosts_that_start_at_one_moment_one_lives_and_the_others_say_whose_it_is(
    workspace: Path, hosts: Hosts
) -> None:
    processes = [hosts.spawn(workspace) for _ in range(AGAIN)]
    async with deadline(50):
        ended = await asyncio.to_thread(_all_but_one, processes)
        assert [code for code, _ in ended] == [EXIT_TAKEN] * (AGAIN - 1)
        (living,) = [process for process in processes if process.poll() is None]
        while (file := HostFile.read(workspace / ".cairn" / "local")) is None:
            assert living.poll() is None
            await asyncio.to_thread(_a_moment, living)
        assert file.pid == living.pid
        async with client(file) as attached:
            assert (await attached.request("cairn/host/status"))["pid"] == living.pid
    living.terminate()
    assert await asyncio.to_thread(living.wait, 10) == 0


def _all_but_one(processes: "list[subprocess.Popen[bytes]]") -> list[tuple[int, int]]:
    """(exit code, process) of each that ended; returns when only one is left."""
    ended: dict[int, int] = {}
    while len(ended) < len(processes) - 1:
        for process in processes:
            if process.pid not in ended and (code := _a_moment(process)) is not None:
                ended[process.pid] = code
    return [(code, pid) for pid, code in ended.items()]


def _a_moment(process: "subprocess.Popen[bytes]") -> int | None:
    """Its exit code, None while it lives."""
    try:
        return process.wait(0.02)
    except subprocess.TimeoutExpired:
        return None

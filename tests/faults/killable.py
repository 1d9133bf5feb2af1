"""A process that works on a session and kills itself by SIGKILL once a given event is durable.

`python killable.py WORKSPACE URL KILL_AT [WINDOW]` starts a session, or resumes the one there is, if it
is not done; KILL_AT 0 lets it come to its end, and the exit code is 1 when that is not "done". It is the
host without its socket: the same log, the same `Runs`. Prints the last acknowledged event number as it goes.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from cairn_agents.runs import Runs, RunSettings
from cairn_memory.log import EventLog
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log

GOAL = "Do all of it. CANARY: never touch legacy.txt."


async def _tell(log: EventLog, kill_at: int) -> None:
    seq = log.last_seq
    while True:
        await log.wait(seq)
        seq = log.last_seq
        print(seq, flush=True)
        if kill_at and seq >= kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _ignore(session: str, step: int, source: str, text: str) -> None:
    """Nobody looks at what streams."""


async def main(root: Path, url: str, kill_at: int, window: int) -> None:
    workspace = Workspace.of(root)
    workspace.create()
    log, problems = await open_log(workspace.local, SecretMasker(()))
    assert not problems, problems
    teller = asyncio.create_task(_tell(log, kill_at))
    user = UserFolders(root / "user", root / "user", root / "user")
    runs = Runs(workspace, user, log, _ignore)
    try:
        await _work(runs, root, url, window)
    finally:
        teller.cancel()
        await runs.close()
        await log.close()


async def _work(runs: Runs, root: Path, url: str, window: int) -> None:
    """Takes the session to its end, from wherever it stands."""
    await runs.open()
    settings = RunSettings(
        model="scripted", base_url=url, api_key="test-key-of-nobody", approve_all=True, window=window
    )
    known = runs.list()
    if known and known[0].state == "done":
        return
    if known:
        session, _ = await runs.resume(known[0].session, None, settings)
    else:
        session, _ = await runs.start(GOAL, root, "build", settings)
    info = await runs.rested(session)
    assert info.state == "done", info
    await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(*sys.argv[4:5] or [128_000])))

"""A process that appends to the log in a folder, and prints the last acknowledged number each time.

`python appender.py FOLDER` goes on until it is killed; with `full` after it, it meets a
limit of file size on the way, and prints what it saw as JSON.
"""

import asyncio
import json
import sys
from itertools import count
from pathlib import Path

from cairn_memory.errors import StoreFull
from cairn_memory.events import NoteAdded
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log


async def append_for_ever(folder: Path) -> None:
    log, problems = await open_log(folder, SecretMasker())
    assert problems == (), problems

    async def one_client(name: str) -> None:
        for n in count():
            group = [NoteAdded(text=f"{name} {n} {'x' * 200}")] * (n % 3 + 1)
            events = await log.append(name, *group)
            print(events[-1].seq, flush=True)

    await asyncio.gather(*(one_client(name) for name in "abc"))


async def meet_a_full_disk(folder: Path) -> None:
    import resource

    log, _ = await open_log(folder, SecretMasker())
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    acknowledged: list[int] = []
    try:
        while True:
            acknowledged += [event.seq for event in await log.append("s", NoteAdded(text="x" * 5_000))]
    except StoreFull as error:
        message = str(error)
    refused_again = False
    try:
        await log.append("s", *[NoteAdded(text="x" * 50_000)] * 3)
    except StoreFull:
        refused_again = True
    readable = [event.seq for event in await log.read(kinds=["note.added"])]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (after,) = await log.append("s", NoteAdded(text="room again"))
    await log.close()
    seen = {
        "acknowledged": acknowledged,
        "message": message,
        "refused_again": refused_again,
        "readable": readable,
        "after": after.seq,
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    work = meet_a_full_disk if sys.argv[2:] == ["full"] else append_for_ever
    asyncio.run(work(Path(sys.argv[1])))

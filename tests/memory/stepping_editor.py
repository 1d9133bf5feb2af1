"""Edits a memory file and kills itself before its Nth step: a call into the system, or the log's append, or after it.

`python stepping_editor.py FOLDER FILE NUMBER`; it prints the steps it made when it got through.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from stepping_writer import SteppingOs

from cairn_memory import files
from cairn_memory.blobs import BlobStore
from cairn_memory.log import EventLog
from cairn_memory.memory_files import MemoryFile
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log
from cairn_memory.versions import Versions


async def main(folder: Path, path: Path, kill_before: int) -> None:
    log, problems = await open_log(folder, SecretMasker())
    assert problems == (), problems
    versions = Versions(log, BlobStore(folder / "blobs"))
    file = MemoryFile("project/MEMORY.md", path)
    await versions.open([file])
    stepping = SteppingOs(kill_before)
    append = EventLog.append

    async def stepping_append(*arguments: Any, **named: Any) -> Any:
        stepping.step("append")
        events = await append(*arguments, **named)
        stepping.step("appended")
        return events

    files.os = stepping  # pyright: ignore[reportAttributeAccessIssue]
    EventLog.append = stepping_append
    await versions.edit(file, lambda text: f"{text}new\n", by="agent", reason="add")
    files.os = __import__("os")
    EventLog.append = append
    await log.close()
    print(" ".join(stepping.made))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))

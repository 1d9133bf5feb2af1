"""Opens the log of a workspace, after checking that what is on disk is what was written."""

from pathlib import Path

from cairn_memory.database import connect, connect_reader
from cairn_memory.log import EventLog
from cairn_memory.redact import Masker
from cairn_memory.watermark import START, Mark, Watermark


async def open_log(folder: Path, masker: Masker) -> tuple[EventLog, tuple[str, ...]]:
    """The log under `folder`, and what was found damaged there, one line each."""
    writer = await connect(folder / "cairn.db")
    reader = await connect_reader(folder / "cairn.db")
    watermark = Watermark(folder / "watermark")
    row = await (await writer.execute("SELECT seq, chain FROM events ORDER BY seq DESC LIMIT 1")).fetchone()
    watermark.mark = Mark(row[0], row[1]) if row else Mark(0, START)
    return EventLog(writer, reader, watermark, masker), ()

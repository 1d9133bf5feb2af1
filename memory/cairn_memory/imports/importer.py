"""Writes a session from elsewhere into the log, in batches, so that a kill in its midst does no harm.

The file is read three times: for its digest, to learn what an event at the front must tell (the goal, the
number of messages, which calls have no result), and to write. A batch ends where a line of the file ends, so
what a kill left says by itself up to which line it had come: the next import of the same file goes on there.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from cairn_memory.blobs import BlobStore
from cairn_memory.bounds import TEXT
from cairn_memory.events import (
    Event,
    HostMessage,
    ModelReplied,
    Payload,
    SessionImported,
    SessionResumed,
    SessionStarted,
    StateChanged,
    ToolFinished,
    UserMessage,
)
from cairn_memory.imports.detect import detect
from cairn_memory.imports.message import Imported, ImportRefused, Message, Problems, Source
from cairn_memory.imports.pairing import Pairing
from cairn_memory.imports.payloads import Converter
from cairn_memory.log import EventLog
from cairn_memory.redact import Masked, Masker, masked

CAUSE = "import"
"""The cause of the state that ends an import: a session without one is not whole."""
MOST_MESSAGES = 1_000_000
_COMMAND = re.compile(r"/[\w:-]+(?: .*)?")
"""A command to the other program, as a user gives it: no goal of a session."""
_BATCH = 300
"""Events of one append, about."""
_BATCH_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class _Survey:
    """What must be known of a session before its first event. `started` is Unix milliseconds."""

    goal: str
    started: int
    messages: int
    unanswered: frozenset[int]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A session of the same file: whole, or written up to `line`."""

    session: str
    told: SessionImported
    whole: bool
    line: int = 0


async def import_file(path: Path, log: EventLog, blobs: BlobStore, root: Path) -> Imported:
    """A session of the workspace out of another program's file; it rests as done, and can be resumed.

    The same file imported again gives the session that is there. Not for two imports at once.
    Raises ImportRefused when the file cannot be imported, StoreError.
    """
    source = await asyncio.to_thread(detect, path)
    try:
        digest = await asyncio.to_thread(source.digest)
        found = await _find(log, digest)
        if found is not None and found.whole:
            return Imported(found.session, found.told.messages, found.told.problems, already=True)
        survey = await asyncio.to_thread(_survey, source)
        if found is not None:
            session, line = found.session, found.line
        else:
            session, line = await _name(log, survey.started, digest), 0
            await log.append(session, *_head(source, survey, digest, root, log.masker))
        converter = Converter(log.masker, blobs.put, survey.unanswered)
        batches = _batches(source, converter, log.masker, line)
        while batch := await asyncio.to_thread(partial(next, batches, None)):
            await log.append(session, *batch)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror or error}") from error
    await log.append(session, StateChanged(state="done", reason=f"imported from {path}", cause=CAUSE))
    return Imported(session, survey.messages, survey.problems)


async def _find(log: EventLog, digest: str) -> _Found | None:
    """The session that this file became, if it can still be used: one taken up half-written is its user's own."""
    half: _Found | None = None
    for session, event in (await log.newest_of_each(SessionImported.kind)).items():
        told = event.payload
        if not isinstance(told, SessionImported) or told.digest != digest:
            continue
        states = await log.read(session=session, kinds=(StateChanged.kind,))
        if any(isinstance(each.payload, StateChanged) and each.payload.cause == CAUSE for each in states):
            return _Found(session, told, whole=True)
        if not await log.read(session=session, kinds=(SessionResumed.kind,), limit=1):
            half = _Found(session, told, whole=False, line=await _last_line(log, session))
    return half


async def _last_line(log: EventLog, session: str) -> int:
    kinds = (UserMessage.kind, HostMessage.kind, ModelReplied.kind, ToolFinished.kind)
    newest = await log.read(session=session, kinds=kinds, limit=1, newest=True)
    return max(map(_line, newest), default=0)


def _line(event: Event) -> int:
    payload = event.payload
    if isinstance(payload, UserMessage | HostMessage | ModelReplied | ToolFinished) and payload.origin:
        return payload.origin.line
    return 0


async def _name(log: EventLog, started: int, digest: str) -> str:
    """A name that no session has: when the session began, and the first digits of its file's digest."""
    day = time.strftime("%y%m%d", time.gmtime(started / 1_000 if started else None))
    length = 6
    while await log.read(session=f"imp-{day}-{digest[:length]}", limit=1):
        length += 1
    return f"imp-{day}-{digest[:length]}"


def _head(
    source: Source, survey: _Survey, digest: str, root: Path, masker: Masker
) -> tuple[Payload, Payload]:
    return (
        SessionStarted(goal=masker.mask(survey.goal), root=str(root)),  # masked before it is cut
        SessionImported(
            path=str(source.path),
            format=source.format,
            digest=digest,
            messages=survey.messages,
            problems=survey.problems,
        ),
    )


def _survey(source: Source) -> _Survey:
    problems, pairing = Problems(), Pairing()
    goal, first, started, count = "", "", 0, 0
    for message in _messages(source, problems):
        count += 1
        started = started or message.time
        first = first or message.text.strip()[:TEXT]
        if message.role == "user" and not goal and not _COMMAND.fullmatch(message.text.strip()):
            goal = message.text.strip()
        elif message.role == "assistant":
            pairing.ask(message.calls, 0)
        elif message.role == "tool":
            pairing.answer(message.call)
    if not count:
        raise ImportRefused(f"{source.path} holds no message (it was read as {source.format})")
    return _Survey(goal or first or source.path.name, started, count, frozenset(pairing.open), problems.lines)


def _messages(source: Source, problems: Problems) -> Iterator[Message]:
    found = source.read(problems)
    yield from islice(found, MOST_MESSAGES)
    if more := next(found, None):
        problems.add(more.line, f"more than {MOST_MESSAGES:,} messages; the rest is left out")


def _batches(source: Source, converter: Converter, masker: Masker, after: int) -> Iterator[list[Masked]]:
    """The events of all lines after `after`; each batch ends with the last event of a line."""
    batch: list[Masked] = []
    size, line = 0, 0
    for message in _messages(source, Problems()):
        if message.line != line and (len(batch) >= _BATCH or size >= _BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        line = message.line
        payloads = list(converter.convert(message))  # also of lines that are there: ids and steps count on
        if line > after:
            batch += (Masked(masked(payload, masker)) for payload in payloads)
            size += len(message.text)
    if batch:
        yield batch

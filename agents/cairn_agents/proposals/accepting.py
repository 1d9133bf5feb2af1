"""Carries accepted parts into one file: through an editor that has it open, else on the disk, whole or not at all."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.editors import Buffer, Editors
from cairn_agents.proposals.folder import Folder, Note, Texts
from cairn_agents.proposals.hunks import hunks, shown
from cairn_agents.proposals.placing import place
from cairn_agents.rewind.store import Store
from cairn_agents.tools import beneath
from cairn_agents.tools.encoding import Document, Form, decode, digest, is_binary
from cairn_agents.tools.proposed import name_of
from cairn_memory.errors import StoreError
from cairn_memory.events import ProposalAnswered
from cairn_memory.files import remove_leftover
from cairn_memory.snapshots.altered import with_file

logger = logging.getLogger(__name__)

LABEL = "Cairn: accept a proposed change"


class Refused(Exception):
    """The parts are not taken into the file; one line says why. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Now:
    """The file as somebody sees it now; `data` is None where there is none, `buffer` where an editor has it open."""

    path: Path
    data: bytes | None
    document: Document
    buffer: Buffer | None

    @property
    def text(self) -> str:
        return self.buffer.text if self.buffer else self.document.text


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What is about to be done, and the parts that cannot be: id -> why."""

    now: Now
    made: str
    note: Note
    refused: dict[str, str]

    @property
    def bytes(self) -> bytes:
        return self.now.document.encode(self.made)


def look(root: Path, name: str, texts: Texts, editors: Editors) -> Now:
    """Blocking. Raises Refused."""
    path = root.joinpath(*name.split("/"))
    if name_of(path.resolve(), root) != name:
        raise Refused(f"a link stands in the way to {name} now")
    buffer = editors.buffer(path.resolve())
    try:
        with beneath.opened(path.resolve()) as file:
            data: bytes | None = file.read()
    except (FileNotFoundError, NotADirectoryError):
        data = None
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror}") from error
    if data is None and texts.base is not None and buffer is None:
        raise Refused(f"{name} is gone since the change was proposed")
    if data is not None and is_binary(data):
        raise Refused(f"{name} is no text any more")
    form = texts.text.form
    document = Document("", Form(form.encoding, form.mark, form.newline)) if data is None else decode(data)
    return Now(path.resolve(), data, document, buffer)


def plan(now: Now, name: str, texts: Texts, chosen: Sequence[str], answer: ProposalAnswered) -> Acceptance:
    """Works out the file's new text. No effect. Raises Refused when none of the parts can be placed."""
    base, text, current = texts.before, texts.text.text, now.text
    if now.buffer is not None and "\r" in base + text:  # an editor has one kind of line end only
        raise Refused(f"{name} has line ends of several kinds; close it in the editor, then accept again")
    made, done, lines = place(base, text, current, chosen)
    refused = {
        id: f"{name}:{line} was changed by somebody else since; it was left as it is"
        for id, line in lines.items()
    }
    if not done:
        raise Refused(next(iter(refused.values())))
    try:
        after = digest(now.document.encode(made))
    except UnicodeEncodeError as error:
        raise Refused(f"{name} is {error.encoding} and cannot hold {made[error.start]!r}") from error
    parts = [hunk for hunk in hunks(base, text) if hunk.id in done]
    event = answer.model_copy(
        update={
            "hunks": tuple(done),
            "diff": "\n".join(map(shown, parts)),
            "before": "" if now.data is None else digest(now.document.encode(current)),
            "after": after,
            "unsaved": now.buffer is not None,
        }
    )
    return Acceptance(now, made, Note(path=name, event=event), refused)


async def carry_out(
    wanted: Acceptance, folder: Folder, base: str, editors: Editors, session: str, states: Store
) -> Note:
    """Changes the file, and what is still proposed for it; the note says what was done. Raises Refused, StoreError."""
    now, note = wanted.now, wanted.note
    before, after = await asyncio.to_thread(_record, wanted, session, states)
    event = note.event.model_copy(update={"safety": before, "result": after})
    note = note.model_copy(update={"event": event})
    await asyncio.to_thread(folder.stage, note.path, base, note)
    try:
        if now.buffer is not None:
            if wanted.made != now.text and not await editors.apply(now.path, now.buffer, wanted.made, LABEL):
                raise Refused(
                    f"the editor did not take the change of {note.path}: it was edited meanwhile; try again"
                )
        elif wanted.bytes != now.data:
            await asyncio.to_thread(_write, wanted, note)
    except Refused:
        await asyncio.to_thread(folder.end, note)
        raise
    await asyncio.to_thread(folder.land, note)
    return note


def was_done(note: Note, root: Path) -> bool:
    """Whether a kill came after the file was written. Blocking."""
    path = root.joinpath(*note.path.split("/"))
    try:
        remove_leftover(path, note.event.after[:12])
        return not note.event.unsaved and digest(path.read_bytes()) == note.event.after
    except OSError:
        return False


def _write(wanted: Acceptance, note: Note) -> None:
    now = wanted.now
    try:
        beneath.replace(now.path, wanted.bytes, now.data, note.event.after[:12])
    except beneath.Moved:
        raise Refused(f"{note.path} changed this very moment; try again") from None
    except OSError as error:
        raise Refused(f"{note.path} cannot be written: {error.strerror}") from error


def _record(wanted: Acceptance, session: str, states: Store) -> tuple[str, str]:
    """The states before and after, for a rewind: the agent's change, and nothing of what an editor has unsaved. Blocking."""
    if states.why_not:
        return "", ""
    now, path = wanted.now, wanted.note.path
    root = now.path.parents[path.count("/")]
    try:
        taken = states.tree(root).take(session, (path,)).commit
        if now.buffer is not None and now.buffer.unsaved:
            taken = with_file(states.repository, session, taken, path, now.document.encode(now.text))
        return taken, with_file(states.repository, session, taken, path, wanted.bytes)
    except StoreError as error:
        logger.warning("the state around an accepted change of %s was not recorded: %s", path, error)
        return "", ""

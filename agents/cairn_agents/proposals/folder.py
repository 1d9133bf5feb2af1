"""One session's proposal as it lies on the disk, and the note of an acceptance that is under way."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from cairn_agents.proposals.hunks import hunks
from cairn_agents.tools.encoding import Document, Form, decode
from cairn_agents.tools.proposed import BASE, FILES, MOST
from cairn_memory import files
from cairn_memory.events import ProposalAnswered

NOTE = "accepting.json"


class Texts(NamedTuple):
    """A file as it was (`base`, None where there was none) and as proposed."""

    base: Document | None
    text: Document

    @property
    def before(self) -> str:
        return self.base.text if self.base else ""


class Note(BaseModel):
    """What an acceptance does: the file `path` goes from `event.before` to `event.after`, and the base is staged."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    path: str
    event: ProposalAnswered


class Folder:
    """Blocking. Names are relative to the work tree, with `/`. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """The files something is proposed for."""
        top = self.path / FILES
        found = (each for each in top.rglob("*") if each.is_file() and not _is_temporary(each.name))
        return sorted(
            each.relative_to(top).as_posix() for _, each in zip(range(2 * MOST), found, strict=False)
        )

    def place(self, name: str) -> Path:
        """Where the proposed text of a file lies."""
        return self._at(FILES, name)

    def texts(self, name: str) -> Texts | None:
        """None when nothing is proposed for that file."""
        try:
            text = decode(self.place(name).read_bytes())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        with suppress(FileNotFoundError):
            return Texts(decode(self._at(BASE, name).read_bytes()), text)
        return Texts(None, text)

    def propose(self, name: str, text: str) -> None:
        """Another text is proposed for the file; nothing any more when that is how it was."""
        texts = self.texts(name)
        assert texts is not None
        if text == texts.before:
            self._forget(name)
        else:
            files.write_atomically(self.place(name), texts.text.encode(text))

    def left(self, name: str) -> int:
        """How many parts of a file are still open."""
        texts = self.texts(name)
        return len(hunks(texts.before, texts.text.text)) if texts else 0

    def stage(self, name: str, base: str, note: Note) -> None:
        """The first half of an acceptance: the note of it, then the new base beside the old one."""
        texts = self.texts(name)
        assert texts is not None
        place = self._at(BASE, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        form = texts.base or Document(
            "", Form(texts.text.form.encoding, texts.text.form.mark, texts.text.form.newline)
        )
        files.remove_leftover(self.path / NOTE, NOTE)
        files.write_atomically(self.path / NOTE, note.model_dump_json().encode("utf-8"), token=NOTE)
        files.stage(place, form.encode(base), self._token(note))

    def land(self, note: Note) -> None:
        """The second half, once the file is written; again, after a kill, does no harm."""
        place = self._at(BASE, note.path)
        with suppress(FileNotFoundError):
            files.land(place, self._token(note))
        texts = self.texts(note.path)
        if texts is not None and texts.text.text == texts.before:
            self._forget(note.path)

    def end(self, note: Note) -> None:
        """Nothing is under way any more."""
        files.remove_leftover(self._at(BASE, note.path), self._token(note))
        (self.path / NOTE).unlink(missing_ok=True)

    def tidy(self) -> None:
        """A note that was never whole is nobody's."""
        files.remove_leftover(self.path / NOTE, NOTE)

    def note(self) -> Note | None:
        """The acceptance that a kill interrupted."""
        try:
            return Note.model_validate_json((self.path / NOTE).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def changed(self) -> float:
        """When it was last changed, Unix seconds; 0 for never."""
        return max((each.stat().st_mtime for each in map(self.place, self.names())), default=0.0)

    def _forget(self, name: str) -> None:
        for kind in (FILES, BASE):
            place = self._at(kind, name)
            place.unlink(missing_ok=True)
            for folder in _above(place, self.path / kind):
                with suppress(OSError):
                    folder.rmdir()

    def _at(self, kind: str, name: str) -> Path:
        return self.path.joinpath(kind, *PurePosixPath(name).parts)

    @staticmethod
    def _token(note: Note) -> str:
        return note.event.after[:12]


def _is_temporary(name: str) -> bool:
    """What a kill left of a write."""
    return name.startswith(".") and name.endswith(".tmp")


def _above(place: Path, top: Path) -> Iterator[Path]:
    for folder in place.parents:
        if folder == top or not folder.is_relative_to(top):
            return
        yield folder

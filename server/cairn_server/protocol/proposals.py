"""Proposals on the wire: changes that wait for a person, answered part by part. Times are Unix milliseconds."""

from typing import Annotated

from pydantic import Field

from cairn_server.protocol.base import Id, Wire

Path = Annotated[str, Field(max_length=4_000)]
"""A file, relative to the session's work tree, with `/`; "" for all files of the proposal."""
Part = Annotated[str, Field(min_length=1, max_length=100)]


class ListChanges(Wire):
    """`cairn/proposal/list`: all proposals with open parts, the newest first."""


class ChangesInfo(Wire):
    """One proposal. `parts` counts the changes that wait for an answer, `state` is how the session stands.

    `title` and `told` are the goal and the size, each in one line for a person.
    """

    session: str
    goal: str
    title: str
    told: str
    state: str
    files: list[str]
    parts: int
    changed: int


class ChangesList(Wire):
    proposals: list[ChangesInfo]


class ShowChanges(Wire):
    """`cairn/proposal/show`: what a session proposes, for one file or all; with `texts` the whole texts of the files."""

    session: Id
    path: Path = ""
    texts: bool = False


class ProposedPart(Wire):
    """One change: lines `start` to `end` of the file become lines `first` to `last` of the proposed text, from 0.

    `old` and `new` are those lines, with their ends; a long list is cut, `more` says by how much. `reasons` is what the
    agent said of it, with marks for what would act or hide; none where the part before has the same.
    """

    id: str
    start: int
    end: int
    first: int
    last: int
    old: list[str]
    new: list[str]
    more: int
    reasons: list[str]


class ProposedFile(Wire):
    """A file. `file` is its absolute path; `base` and `text` are "" unless asked for. `label` says what its reasons are about."""

    path: str
    file: str
    new: bool
    label: str
    parts: list[ProposedPart]
    base: str
    text: str


class ChangesShown(Wire):
    """Without files when nothing waits for an answer any more. `title` is the goal in one line for a person."""

    session: str
    goal: str
    title: str
    state: str
    changed: int
    files: list[ProposedFile]


class AcceptChanges(Wire):
    """`cairn/proposal/accept`: takes parts into the files; all of them where none is named.

    Each file is changed as a whole, in the editor that has it open, else on the disk. A part that touches what
    others changed since is refused, and the rest goes in.
    """

    session: Id
    path: Path = ""
    parts: Annotated[list[Part], Field(default_factory=list, max_length=10_000)]


class RejectChanges(Wire):
    """`cairn/proposal/reject`: takes parts out of the proposal; `words` is the reason, which the agent is told."""

    session: Id
    path: Path = ""
    parts: Annotated[list[Part], Field(default_factory=list, max_length=10_000)]
    words: Annotated[str, Field(max_length=20_000)] = ""


class EditChanges(Wire):
    """`cairn/proposal/edit`: the user's own `text` in the place of what is proposed for one file."""

    session: Id
    path: Annotated[str, Field(min_length=1, max_length=4_000)]
    text: Annotated[str, Field(max_length=4_000_000)]


class AnsweredFile(Wire):
    """What was taken of one file."""

    path: str
    parts: list[str]


class RefusedPart(Wire):
    """A part that was not accepted, and why, in one line."""

    part: str
    why: str


class ChangesAnswer(Wire):
    """What became of an answer. `left` counts the parts that still wait, over all files.

    `unsaved` are files (absolute) that stand changed in an editor, and held nobody's unsaved work before.
    """

    session: str
    files: list[AnsweredFile]
    refused: list[RefusedPart]
    unsaved: list[str]
    left: int

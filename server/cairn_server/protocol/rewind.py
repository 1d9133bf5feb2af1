"""Diffs, rewinds, forks and recorded states on the wire. Times are Unix milliseconds."""

from typing import Annotated, Literal

from pydantic import Field

from cairn_server.protocol.base import Id, Wire
from cairn_server.protocol.sessions import Settings

Place = Annotated[str, Field(min_length=1, max_length=100)]
"""A step (`s12`, `12`), a checkpoint (`c3`), an event (`e123`), a task (`T1.2`), or `start`."""


class ShowDiff(Wire):
    """`cairn/diff/show`: what the agent changed in a step or a task, or since a checkpoint or event; "" for the whole session."""

    session: Id
    of: Annotated[str, Field(max_length=100)] = ""


class FileDiff(Wire):
    """One file. `old` is what it was called before; `diff` are the hunks of a unified diff, "" for a binary file.

    `before` and `after` name its content for `cairn/snapshots/content`; "" where there is none.
    """

    path: str
    old: str
    how: Literal["added", "deleted", "changed", "renamed", "mode"]
    steps: list[int]
    added: int
    removed: int
    binary: bool
    diff: str
    before: str
    after: str


class DiffShown(Wire):
    """The agent's own changes, without those of others between. `more` files are not in it; `unknown` says what cannot be told."""

    session: str
    of: str
    files: list[FileDiff]
    more: int
    unknown: list[str]


class Rewind(Wire):
    """`cairn/rewind/preview` and `cairn/rewind/apply`: takes back the session's work since `to`."""

    session: Id
    to: Place
    files: bool = True
    conversation: bool = True


class RewoundFile(Wire):
    """A file that is put back: it is deleted, restored (it was gone), or changed."""

    path: str
    how: Literal["deleted", "restored", "changed"]


class OverlapPlace(Wire):
    """Lines from `line` on as the agent left them, as they are now, and as they would be without the agent's change."""

    line: int
    agent: list[str]
    now: list[str]
    without: list[str]


class RewindOverlap(Wire):
    """A file in which the agent's change cannot be taken out. `steps` are the agent's."""

    path: str
    why: str
    steps: list[int]
    places: list[OverlapPlace]


class Rewound(Wire):
    """What a rewind does, or did (`applied`). With `overlaps` nothing at all is done.

    `kept` are files in which later work of others stays, `left` says what is not taken back and why. `steps` counts the
    agent's steps since `to`. `undoes` is the event of the rewind that was put back, 0 for a rewind. `title` and `detail`
    (lines) say it for a person: as a question before it is done, as news after.
    """

    session: str
    to: int
    words: str
    applied: bool
    files: list[RewoundFile]
    kept: list[str]
    left: list[str]
    overlaps: list[RewindOverlap]
    conversation: bool
    steps: int
    event: int
    undoes: int
    title: str
    detail: str


class UndoRewind(Wire):
    """`cairn/rewind/undo`: puts back what the session's last rewind took."""

    session: Id


class StartFork(Wire):
    """`cairn/fork/start`: another session goes on from `at`, its end when that is ""; with `files` the work since then is taken back in the files, too."""

    session: Id
    at: Annotated[str, Field(max_length=100)] = ""
    prompt: Annotated[str, Field(max_length=1_000_000)] | None = None
    files: bool = False
    settings: Settings = Settings()


class ForkStarted(Wire):
    """The new session, and the event number before its first. With a refused `rewind` it was not begun ("")."""

    session: str
    since: int
    source: str
    at: int
    rewind: Rewound | None


class ListSnapshots(Wire):
    """`cairn/snapshots/list`: the states recorded for a session, newest last."""

    session: Id


class SnapshotInfo(Wire):
    """A recorded state, at event `event`: before or after call `call` of `step`. `left_out` says what is not in it."""

    event: int
    time: int
    commit: str
    step: int
    call: str
    when: Literal["before", "after", "checkpoint"]
    changed: int
    ms: int
    left_out: list[str]
    kept: bool


class SnapshotList(Wire):
    """`bytes` is what all states of the workspace take; `off` says why none are recorded, "" when they are."""

    session: str
    snapshots: list[SnapshotInfo]
    bytes: int
    off: str


class CompareState(Wire):
    """`cairn/snapshots/compare`: the files as they stand now, against the state recorded for a place in a session."""

    session: Id
    at: Place


class ComparedFile(Wire):
    """A file that differs. `old` is its path in the recorded state, `before` names its content there, "" for none; `there`: now."""

    path: str
    old: str
    before: str
    there: bool


class StateCompared(Wire):
    """In the order of the paths, which are relative to `root`. `more` files are not in it. `of` says which state it was."""

    session: str
    of: str
    root: str
    files: list[ComparedFile]
    more: int


class AskContent(Wire):
    """`cairn/snapshots/content`: what a file held in a recorded state, by the name that a diff or a comparison gave."""

    content: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Content(Wire):
    """`text` is "" for what is `binary` or too large to be shown."""

    text: str
    binary: bool

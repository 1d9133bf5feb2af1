"""A recording: the model's turns of a session, as a file that `cairn replay` plays.

The format is JSON lines in UTF-8. The first line is the head; every further line is
one turn of the model, in order. Replies to requests beside the loop stand in the head. A program that reads it ignores fields it does not
know; `cairn_replay` is raised when an older reader could no longer play the file.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cairn_memory.events import (
    CheckpointStarted,
    Event,
    ModelReplied,
    SessionStarted,
    SideCallReplied,
    ToolCall,
    Usage,
)

FORMAT = 1
UNNAMED = "recorded"
"""The model's name where a session knew none."""


class RecordingError(Exception):
    """The person reacts: the file is no whole recording. Names file and line, and says what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Turn(_Part):
    """One whole reply of the model. `ms` is how long it took when it was recorded."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish: str = ""
    usage: Usage = Usage()
    ms: int = 0


class SideTurn(Turn):
    """What came of one request beside the loop, made for `role`: a reply, or only the `error` in its place."""

    role: str = ""
    error: str = ""
    after: int = -1
    """How many turns the window held when it was asked for; -1 where that is not known."""


class _Head(_Part):
    cairn_replay: int
    session: str = ""
    model: str = UNNAMED
    turns: int
    goal: str = ""
    side: tuple[SideTurn, ...] = ()
    """In the head and not in lines of their own: a reader that knows nothing of them plays the turns all the same."""


class Recording(_Part):
    """The turns of one session, and what it was about."""

    session: str = ""
    model: str = UNNAMED
    goal: str = ""
    turns: tuple[Turn, ...] = ()
    side: tuple[SideTurn, ...] = ()
    """Replies to requests beside the loop, in their own order."""

    def dump(self) -> str:
        """The text of the file."""
        head = _Head(
            cairn_replay=FORMAT,
            session=self.session,
            model=self.model,
            turns=len(self.turns),
            goal=self.goal,
            side=self.side,
        )
        lines = [head.model_dump_json(exclude=None if self.side else {"side"})]
        return "".join(f"{line}\n" for line in (*lines, *(turn.model_dump_json() for turn in self.turns)))


def from_events(events: Iterable[Event]) -> str:
    """The model's turns among the events of one session, as the text of a recording."""
    session = model = goal = ""
    turns: list[Turn] = []
    side: list[SideTurn] = []
    asked = -1
    for event in events:
        session = session or event.session
        match event.payload:
            case SessionStarted() as started:
                model, goal = started.model or model, started.goal
            case ModelReplied() as reply:
                model = model or reply.model
                turns.append(_turn(reply))
            case CheckpointStarted():
                asked = len(turns)
            case SideCallReplied() as reply:
                side.append(_side_turn(reply, asked))
            case _:
                pass
    recording = Recording(
        session=session, model=model or UNNAMED, goal=goal, turns=tuple(turns), side=tuple(side)
    )
    return recording.dump()


def read(path: Path) -> Recording:
    """The recording in the file `path`. Raises RecordingError, in one line."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path}: byte {error.start} is not UTF-8: {_AGAIN}") from error
    except OSError as error:
        raise RecordingError(f"{path} cannot be read ({error.strerror}): check the name") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Recording:
    """The recording that `text` is; `name` is what errors call it. Raises RecordingError, in one line."""
    lines = text.rstrip("\n").split("\n")
    head = _line(_Head, name, 1, lines[0])
    if head.cairn_replay != FORMAT:
        raise RecordingError(
            f"{name}, line 1: format {head.cairn_replay}, but this Cairn plays format {FORMAT}: update Cairn"
        )
    turns = tuple(_line(Turn, name, number, line) for number, line in enumerate(lines[1:], start=2))
    if len(turns) != head.turns:
        raise RecordingError(
            f"{name}, line {len(lines)}: ends after {len(turns)} of {head.turns} turns: {_AGAIN}"
        )
    return Recording(session=head.session, model=head.model, goal=head.goal, turns=turns, side=head.side)


_AGAIN = "write it again with `cairn show SESSION --as-replay`"

L = TypeVar("L", _Head, Turn)


def _line(shape: type[L], name: str, number: int, text: str) -> L:
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"{where}: {first['msg']}" if where else first["msg"]
        raise RecordingError(f"{name}, line {number}: {what}: {_AGAIN}") from error


def _turn(reply: ModelReplied) -> Turn:
    return Turn(
        text=reply.text,
        reasoning=reply.reasoning,
        calls=reply.calls,
        finish=reply.finish,
        usage=reply.usage,
        ms=reply.ms,
    )


def _side_turn(reply: SideCallReplied, after: int) -> SideTurn:
    return SideTurn(
        role=reply.role,
        error=reply.error,
        after=after,
        text=reply.text,
        finish=reply.finish,
        usage=reply.usage,
        ms=reply.ms,
    )

"""Messages written in an editor, on the wire: a page to write one in, and sending it."""

from typing import Annotated

from pydantic import Field

from cairn_server.protocol.base import Id, Name, Wire, Words
from cairn_server.protocol.sessions import Settings

Line = Annotated[int, Field(ge=1, le=2**31)]


class OpenDraft(Wire):
    """`cairn/compose/open`: a page to write a message in; the newest that was not sent, or an empty one."""


class Draft(Wire):
    """A Markdown file of the workspace's private folder. It goes when it is sent."""

    path: str


class SelectedText(Wire):
    """What `@selection` means: lines `first` to `last` (from 1) of `path`, and their text."""

    path: Name
    first: Line
    last: Line
    text: Annotated[str, Field(max_length=200_000)]


class SendDraft(Wire):
    """`cairn/compose/send`: `words`, as they stand in the page at `path`. What they name with @ goes along.

    To `session`; "new" begins one; without it they are said to the one that works, or begin one where none does.
    """

    words: Words = Field(min_length=1)
    path: Name = ""
    session: Id | None = None
    selection: SelectedText | None = None
    settings: Settings = Settings()


class DraftSent(Wire):
    """Where it went, and the event number before its first new event. `began`: a session was begun with it."""

    session: str
    since: int
    began: bool

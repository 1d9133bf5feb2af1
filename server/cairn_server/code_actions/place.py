"""The place in the code that an action is about, as it travels with the action and comes back with the command."""

from pathlib import Path
from typing import Annotated

from lsprotocol import types
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pygls.exceptions import JsonRpcInvalidParams
from pygls.uris import to_fs_path

MESSAGE = 300
"""Characters of a problem: it comes from a tool, and is quoted in one line."""


class Place(BaseModel):
    """Lines `first` to `last` (from 1) of the file `uri`, and the problem there, "" for a mere selection."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    uri: Annotated[str, Field(max_length=8_000)]
    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]
    problem: Annotated[str, Field(max_length=2 * MESSAGE)] = ""

    @property
    def lines(self) -> str:
        return f"line {self.first}" if self.first == self.last else f"lines {self.first}-{self.last}"

    def name(self, root: Path) -> str:
        """The file relative to the work tree, with `/`."""
        path = Path(to_fs_path(self.uri) or "")
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()

    def argument(self) -> str:
        """As the argument of a command: text, since editors and pygls each change objects in their own way."""
        return self.model_dump_json()


def place_of(argument: object) -> Place:
    """What `argument` made. Raises JsonRpcInvalidParams."""
    try:
        return Place.model_validate_json(str(argument))
    except ValidationError as error:
        raise JsonRpcInvalidParams("no place in the code: the argument is not one of ours") from error


def selected(uri: str, span: types.Range) -> Place:
    """A selection. One that ends before the first character of a line does not hold that line."""
    last = span.end.line - (span.end.character == 0 and span.end.line > span.start.line)
    return Place(uri=uri, first=span.start.line + 1, last=last + 1)


def at_problem(uri: str, found: types.Diagnostic) -> Place:
    """Where a problem is, with what is said of it in one line."""
    about = " ".join(filter(None, (found.source, str(found.code) if found.code is not None else "")))
    said = " ".join(str(found.message).split())[:MESSAGE]
    problem = f"{said} ({about[:100]})" if about else said
    return selected(uri, found.range).model_copy(update={"problem": problem})

"""What an editor tells of its files: the diagnostics that its languages and linters show there."""

from typing import Annotated, Literal

from pydantic import Field

from cairn_server.protocol.base import Wire

Short = Annotated[str, Field(max_length=200)]


class EditorDiagnostic(Wire):
    """One diagnostic. Lines and columns count from 1."""

    line: Annotated[int, Field(ge=1, le=10_000_000)]
    column: Annotated[int, Field(ge=1, le=10_000_000)] = 1
    severity: Literal["error", "warning", "information", "hint"]
    message: Annotated[str, Field(max_length=4_000)]
    source: Short = ""
    code: Short = ""


class FileDiagnostics(Wire):
    """All that is shown of one file now; none when nothing is wrong any more."""

    uri: Annotated[str, Field(max_length=4_000)]
    diagnostics: Annotated[list[EditorDiagnostic], Field(max_length=200)]


class ForwardDiagnostics(Wire):
    """`cairn/editor/diagnostics`: what others than Cairn say of files, in the place of what was sent of each before.

    A notification; as a request it is answered with nothing. Whoever sends one, be it empty, says that it will send
    more: the agent then waits a moment for news of a file that it changed.
    """

    files: Annotated[list[FileDiagnostics], Field(max_length=500)]

"""What the open editors know that the disk does not: unsaved text and diagnostics; and how a change reaches them.

The host fills it in: `agents/` knows no editor. `NO_EDITORS` is a host to which none is attached.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

Severity = Literal["error", "warning", "information", "hint"]


class Buffer(NamedTuple):
    """A document as somebody sees it now. `text` has "\\n" at its line ends, where the editor has `newline`.

    `unsaved` when it holds what never lay on the disk: a document that is only slow to follow its file is not.
    """

    text: str
    version: int
    unsaved: bool
    newline: str = "\n"


class Diagnostic(NamedTuple):
    """What a language server or linter says of a file. Lines and columns count from 1."""

    path: Path
    line: int
    column: int
    severity: Severity
    message: str
    source: str = ""
    code: str = ""


class Editors(Protocol):
    """All editors of a workspace as one. Paths are absolute, every link followed.

    `buffer`, `unsaved` and `written` may be called from any thread; nothing here is asked of a disk: each costs a lookup.
    """

    def buffer(self, path: Path) -> Buffer | None:
        """The document as it is open in an editor, the unsaved one where several have it; None where it is not open."""
        ...

    def unsaved(self) -> Sequence[Path]:
        """The files that are open with text that was never saved."""
        ...

    def written(self, path: Path, text: str) -> None:
        """The file was written on the disk and holds `text` now: what shows an older one is no unsaved work."""
        ...

    @property
    def looking(self) -> bool:
        """Whether somebody looks at files at all, so that asking for diagnostics is worth while."""
        ...

    async def apply(self, path: Path, seen: Buffer, text: str, label: str) -> bool:
        """Has the editor replace its document by `text`, as one undo step named `label`, without saving it.

        False when it was not done: the document is no longer at `seen.version`, the editor refused, was
        gone, or did not answer in time. Then nothing was changed.
        """
        ...

    async def diagnostics(self, paths: Sequence[Path], wait: float) -> "list[Diagnostic] | None":
        """What is known about these files (all files when none is named), after at most `wait` seconds for news of
        the last change to them; None when nobody looks at such files, or nobody has come to it yet."""
        ...


class NoEditors:
    """Nobody has anything open."""

    def buffer(self, path: Path) -> Buffer | None:
        return None

    def unsaved(self) -> Sequence[Path]:
        return ()

    def written(self, path: Path, text: str) -> None:
        """Nobody shows it."""

    @property
    def looking(self) -> bool:
        return False

    async def apply(self, path: Path, seen: Buffer, text: str, label: str) -> bool:
        return False

    async def diagnostics(self, paths: Sequence[Path], wait: float) -> list[Diagnostic] | None:
        return None


NO_EDITORS = NoEditors()

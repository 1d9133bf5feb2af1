"""Unsaved documents laid in a folder of their own for a moment, so that a searching program finds what people see."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from cairn_agents.tools.base import Scope, ToolError
from cairn_agents.tools.content import content
from cairn_agents.tools.walk import fits, looked_at

MOST = 100
"""Documents; of more the rest is searched as it lies on the disk."""


class Mirror(NamedTuple):
    """`folder` has a copy of each unsaved document; `files` says which file each copy stands for. `remove` it."""

    folder: Path
    files: dict[Path, Path]

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def mirror(path: Path, glob: str, scope: Scope) -> Mirror | None:
    """Of those that a search of `path` would look into; None when there are none. Blocking."""
    texts = {file: text for file in _within(path, glob, scope) if (text := _text(file, scope)) is not None}
    if not texts:
        return None
    copies = Mirror(Path(tempfile.mkdtemp(prefix="cairn-")).resolve(), {})
    for number, (file, text) in enumerate(texts.items()):
        copy = copies.folder / f"{number:03}{file.suffix}"
        copy.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        copies.files[copy] = file
    return copies


def _within(path: Path, glob: str, scope: Scope) -> list[Path]:
    files = [file for file in scope.editors.unsaved() if file == path or file.is_relative_to(path)]
    if not files or path in files:
        return files
    spec = fits(glob) if glob else None
    return [
        file
        for file in files[:MOST]
        if looked_at(path, file) and (spec is None or spec.match_file(file.relative_to(path).as_posix()))
    ]


def _text(file: Path, scope: Scope) -> str | None:
    try:
        there = content(file, scope)
    except ToolError:
        return None
    return there.buffer.text if there is not None and there.buffer is not None else None

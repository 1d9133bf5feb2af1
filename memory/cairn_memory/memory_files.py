"""The memory's Markdown files as they lie on the disk: their names, and reading them within bounds."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cairn_memory.errors import MemoryFileError, explain
from cairn_memory.places import UserFolders, Workspace

LARGEST = 1_000_000
"""Bytes of a memory file."""

MEMORY = "MEMORY.md"

SHARED = "user/"
"""How the names of files begin that several hosts write, one for each workspace."""


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A file with versions. `name` is what its versions go by, the same wherever the workspace lies."""

    name: str
    path: Path


def project_memory(workspace: Workspace) -> MemoryFile:
    """What the project remembers: `.cairn/MEMORY.md`, which a team may commit."""
    return MemoryFile(f"project/{MEMORY}", workspace.folder / MEMORY)


def user_memory(folders: UserFolders) -> MemoryFile:
    """What the user has remembered for all projects.

    Workspaces share the file, not its versions: what another workspace wrote looks here like an edit by hand.
    """
    return MemoryFile(f"{SHARED}{MEMORY}", folders.config / MEMORY)


def local_file(workspace: Workspace, name: str) -> MemoryFile:
    """One of the private files: `sessions/<id>/notes.md`, `tasks/T1.2/progress.md`. Raises MemoryFileError."""
    parts = PurePosixPath(name).parts
    if len(parts) < 2 or parts[0] not in ("sessions", "tasks") or ".." in parts or "\\" in name:
        raise MemoryFileError(f"{name!r} is no name of a memory file: it begins with sessions/ or tasks/")
    return MemoryFile(name, workspace.local.joinpath(*parts))


def read_text(path: Path) -> str | None:
    """The text of a memory file, every byte of it; None when there is no file.

    Blocking. Raises MemoryFileError when it is a folder, not UTF-8 or too large, StoreError when it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise _not_a_file(path) from None
    except OSError as error:
        if path.is_dir():
            raise _not_a_file(path) from error  # as Windows says it
        raise explain(error, f"{path} could not be read") from error
    try:
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _not_a_file(path)
            data = file.read(LARGEST + 1)
    except IsADirectoryError:
        raise _not_a_file(path) from None
    except OSError as error:
        raise explain(error, f"{path} could not be read") from error
    return _decoded(path, data)


def encoded(path: Path, text: str) -> bytes:
    """The bytes of a text that shall be written to `path`. Raises MemoryFileError when they are too many."""
    data = text.encode("utf-8", "replace")
    if len(data) > LARGEST:
        raise MemoryFileError(
            f"{path} would hold {len(data):,} bytes, more than the {LARGEST:,} of a memory file; nothing was "
            "written: take something out of it first"
        )
    return data


def check_writable(path: Path) -> None:
    """Raises MemoryFileError when the file is marked read-only: a rename would not ask, but its owner said so."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise MemoryFileError(f"{path} is read-only, and was left as it is; make it writable, then try again")


def _decoded(path: Path, data: bytes) -> str:
    if len(data) > LARGEST:
        raise MemoryFileError(
            f"{path} is larger than the {LARGEST:,} bytes of a memory file, and was left as it is; make it smaller"
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MemoryFileError(
            f"{path} is no UTF-8 (byte {error.start:,}), and was left as it is; save it as UTF-8"
        ) from error


def _not_a_file(path: Path) -> MemoryFileError:
    return MemoryFileError(f"{path} is a folder or a device, no file, and was left as it is; move it away")

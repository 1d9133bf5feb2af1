"""Files that a rewriting of the log makes superfluous: they go after its commit, also when a kill came between.

What is to go stands in the database until it is gone. A database may come from
anywhere, so nothing outside the workspace's own folders is ever touched.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple, cast

from cairn_memory.blobs import BlobStore
from cairn_memory.events import BlobRef
from cairn_memory.snapshots.collecting import forget
from cairn_memory.snapshots.repository import FOLDER

_DIGEST = re.compile(r'"digest":\s*"([0-9a-f]{64})"')
_PROJECT_MEMORY = re.compile(r"\.\./(?:MEMORY\.md|\.MEMORY\.md\.[A-Za-z0-9-]{1,80}\.tmp)")
"""The only files outside the private folder that may be named: the project's memory, and what is left of writing it."""


class Leftover(NamedTuple):
    """One thing to do: `remove` a file or folder, `empty` a file that is held open, remove a `blob`, forget `states`.

    `name` is a path relative to the private folder, the blob's digest, or the session whose recorded states go. A blob that was put
    again after `before` (Unix milliseconds) is somebody else's by now, and stays.
    """

    do: Literal["remove", "empty", "blob", "states"]
    name: str
    before: int = 0


def to_json(leftovers: Iterable[Leftover]) -> str:
    return json.dumps(list(leftovers))


def from_json(text: str) -> list[Leftover]:
    """What `to_json` wrote; whatever is not of that shape is left out."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return []
    items = cast("list[object]", value) if isinstance(value, list) else []
    lists = [cast("list[object]", item) for item in items if isinstance(item, list)]
    return [Leftover(*_typed(item)) for item in lists if _is_leftover(item)]


def _is_leftover(item: list[object]) -> bool:
    return len(item) == 3 and item[0] in ("remove", "empty", "blob", "states") and isinstance(item[2], int)


def _typed(item: list[object]) -> tuple[Literal["remove", "empty", "blob", "states"], str, int]:
    return cast("Literal['remove', 'empty', 'blob', 'states']", item[0]), str(item[1]), cast("int", item[2])


def digests_in(text: str) -> set[str]:
    """The digests of all blobs that a payload, as it is stored, points at; of kinds nobody knows, too."""
    return set(_DIGEST.findall(text))


def clear_away(folder: Path, leftovers: Iterable[Leftover], in_use: Callable[[], set[str]]) -> None:
    """Carries out `leftovers` under `folder`; again, after a kill, does no harm. Raises OSError.

    `in_use` gives the blobs that the log still points at; it is asked when there are blobs to remove.
    """
    blobs = [item for item in leftovers if item.do == "blob"]
    store, used = BlobStore(folder / "blobs"), in_use() if blobs else set[str]()
    for item in leftovers:
        if item.do == "blob":
            ref = BlobRef(digest=item.name, size=0)
            if item.name in used:
                store.give_back(ref)
            else:
                store.remove(ref, item.before)
        elif item.do == "states":
            forget(folder / FOLDER, item.name)
        elif (path := _inside(folder, item.name)) is not None:
            (_empty if item.do == "empty" else remove)(path)


def remove(path: Path) -> None:
    """Removes a file, or a folder with all that is in it; a link itself, never what it leads to. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _empty(path: Path) -> None:
    """The process that holds it open writes on at its new end."""
    if path.is_file() and not path.is_symlink():
        os.truncate(path, 0)


def _inside(folder: Path, name: str) -> Path | None:
    """The file called `name`, when it lies where it may be removed and is there."""
    path = PurePosixPath(name)
    outside = _PROJECT_MEMORY.fullmatch(name) is not None
    if not outside and (path.is_absolute() or ".." in path.parts or not path.parts):
        return None
    target = folder / path
    home = folder.parent if outside else folder
    if not target.parent.resolve().is_relative_to(home.resolve()):
        return None  # a link on the way leads out
    return target if target.exists() or target.is_symlink() else None

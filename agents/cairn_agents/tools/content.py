"""What a file holds now: the text that somebody has open and has not saved, else what lies on the disk."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from cairn_agents.editors import Buffer
from cairn_agents.tools import beneath, proposed
from cairn_agents.tools.base import Scope, ToolError
from cairn_agents.tools.encoding import Document, Form, decode, is_binary
from cairn_agents.tools.paths import shown

LARGEST = 64_000_000
"""Bytes of a file that is changed as a whole."""


class Content(NamedTuple):
    """`data` are the bytes of the file, or those it would have if `buffer`, an unsaved document, were saved now.

    So a file has the same hash before and after somebody saves it.
    """

    data: bytes
    buffer: Buffer | None = None


def content(path: Path, scope: Scope) -> Content | None:
    """What is there now, None when there is nothing; what is proposed for it comes first. Blocking. Raises ToolError."""
    path = proposed.reading(path, scope)
    data = on_disk(path, scope)
    buffer = unsaved(path, data, scope)
    if buffer is not None:
        return Content(_if_saved(data, buffer), buffer)
    return None if data is None else Content(data)


def unsaved(path: Path, data: bytes | None, scope: Scope) -> Buffer | None:
    """The document that somebody has open with other text than `data`, the file's; None where there is no such."""
    buffer = scope.editors.buffer(path)
    if buffer is None or not buffer.unsaved or (data is not None and is_binary(data)):
        return None
    return None if is_text_of(data or b"", buffer.text) else buffer


def is_text_of(data: bytes, text: str) -> bool:
    """Whether an editor that opens a file of these bytes shows `text` (line ends as "\\n").

    What is no UTF-8 is shown as something else by each editor: no such file must count as changed by its user.
    """
    if plain(decode(data).text) == text:
        return True
    if data.isascii():
        return False
    return any(plain(data.decode(encoding, "replace")) == text for encoding in ("utf-8-sig", "cp1252"))


def plain(text: str) -> str:
    """`text` with "\\n" at every line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def on_disk(path: Path, scope: Scope) -> bytes | None:
    """The bytes at `path`, None when there is no file. Raises ToolError."""
    name = shown(path, scope)
    try:
        with beneath.opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST:
                raise ToolError(
                    f"{name} has {size:,} bytes, too many to hold; change it with bash, e.g. sed -i"
                )
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        if path.is_dir():
            raise ToolError(f"{name} is a folder; give a file") from error
        if error.errno in (errno.EINVAL, errno.ENXIO):
            raise ToolError(f"{name} is no ordinary file; it is not changed") from error
        raise ToolError(f"{name} cannot be read: {error.strerror}") from error


def _if_saved(data: bytes | None, buffer: Buffer) -> bytes:
    """The file's bytes if the document were saved: the encoding stays, line ends are the document's."""
    form = replace(decode(data).form if data else Form(), newline=buffer.newline)
    try:
        return Document(buffer.text, form).encode(buffer.text)
    except UnicodeEncodeError:  # the editor will have to ask its user for another encoding
        return Document(buffer.text, Form(newline=buffer.newline)).encode(buffer.text)

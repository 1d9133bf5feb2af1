"""Text files as they are: encoding, byte order mark and line endings are kept when a file is written back."""

import codecs
import hashlib
from dataclasses import dataclass

from cairn_agents.tools.base import ToolError

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Form:
    """How a text lies in its file. `newline` is "\\n", "\\r\\n", "\\r", or "" for a mixture left alone."""

    encoding: str = "utf-8"
    mark: bytes = b""
    newline: str = "\n"


@dataclass(frozen=True, slots=True)
class Document:
    """A text with the form it had. In `text` lines end with "\\n", but in a file of mixed endings."""

    text: str
    form: Form

    def encode(self, text: str) -> bytes:
        """`text` in this document's form. Raises ToolError when its encoding cannot hold a character."""
        if self.form.newline in ("\r\n", "\r"):
            text = text.replace("\r\n", "\n").replace("\n", self.form.newline)
        encoding = "utf-8" if self.form.encoding == "utf-8-sig" else self.form.encoding
        try:
            return self.form.mark + text.encode(encoding)
        except UnicodeEncodeError as error:
            raise ToolError(
                f"the file is {encoding} and cannot hold {text[error.start]!r}; write plain characters instead"
            ) from error


def is_binary(data: bytes) -> bool:
    """Whether these bytes are no text: a NUL near the beginning, unless a UTF-16 mark explains it."""
    return b"\0" in data[:8_192] and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def decode(data: bytes) -> Document:
    """The text in `data`. UTF-8, or UTF-16 with a mark, else Latin-1, which any bytes are."""
    mark, encoding = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", "utf-8"))
    body = data[len(mark) :]
    try:
        text = body.decode("utf-8" if encoding == "utf-8-sig" else encoding)
    except UnicodeDecodeError:
        mark, encoding, text = b"", "latin-1", data.decode("latin-1")
    newline = _newline(text)
    if newline in ("\r\n", "\r"):
        text = text.replace(newline, "\n")
    return Document(text, Form(encoding, mark, newline))


def digest(data: bytes) -> str:
    """SHA-256, as file effects carry it."""
    return hashlib.sha256(data).hexdigest()


def _newline(text: str) -> str:
    crlf = text.count("\r\n")
    lone_lf, lone_cr = text.count("\n") - crlf, text.count("\r") - crlf
    kinds = [kind for kind, count in (("\r\n", crlf), ("\n", lone_lf), ("\r", lone_cr)) if count]
    if len(kinds) > 1:
        return ""
    return kinds[0] if kinds else "\n"

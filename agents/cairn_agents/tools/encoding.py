"""Text files as they are: encoding, byte order mark and line endings are kept when a file is written back."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_ENDING = re.compile(r"\r?\n")
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
        """`text` in this document's form. Raises UnicodeEncodeError when its encoding cannot hold it."""
        if self.form.newline in ("\r\n", "\r"):
            text = text.replace("\r\n", "\n").replace("\n", self.form.newline)
        encoding = "utf-8" if self.form.encoding == "utf-8-sig" else self.form.encoding
        return self.form.mark + text.encode(encoding)

    def places(self, piece: str) -> list[tuple[int, int]]:
        """Where `piece` stands in the text, as start and end; its lines end with "\\n" whatever the file has."""
        piece = piece.replace("\r\n", "\n")
        if self.form.newline:
            return list(_found(self.text, piece))
        loose = "\r?\n".join(map(re.escape, piece.split("\n")))
        return [match.span() for match in re.finditer(loose, self.text)]

    def replaced(self, places: list[tuple[int, int]], new: str) -> str:
        """The text with `new` at each of `places`; among mixed endings it takes those that stood there."""
        new = new.replace("\r\n", "\n")
        parts: list[str] = []
        at = 0
        for start, end in places:
            parts += [self.text[at:start], new if self.form.newline else self._ended(new, start, end)]
            at = end
        return "".join([*parts, self.text[at:]])

    def _ended(self, new: str, start: int, end: int) -> str:
        """`new` with the line endings of text[start:end], the last of them for all further lines."""
        endings = _ENDING.findall(self.text, start, end)
        if not endings:
            nearest = _ENDING.search(self.text, end)
            endings = [nearest.group() if nearest else "\n"]
        first, *lines = new.split("\n")
        return first + "".join(
            endings[min(index, len(endings) - 1)] + line for index, line in enumerate(lines)
        )


def is_binary(data: bytes) -> bool:
    """Whether these bytes are no text: a NUL near the beginning, unless a UTF-16 mark explains it."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return b"\0" in data[:8_192] and (not marked or data.startswith(codecs.BOM_UTF32_LE))


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


def _found(text: str, piece: str) -> Iterator[tuple[int, int]]:
    at = text.find(piece)
    while at >= 0:
        yield at, at + len(piece)
        at = text.find(piece, at + len(piece))


def _newline(text: str) -> str:
    crlf = text.count("\r\n")
    lone_lf, lone_cr = text.count("\n") - crlf, text.count("\r") - crlf
    kinds = [kind for kind, count in (("\r\n", crlf), ("\n", lone_lf), ("\r", lone_cr)) if count]
    if len(kinds) > 1:
        return ""
    return kinds[0] if kinds else "\n"

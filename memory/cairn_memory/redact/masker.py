"""The object that masks: finds what is secret in a text and puts typed placeholders there."""

import secrets
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Protocol

from cairn_memory.errors import explain
from cairn_memory.files import write_atomically
from cairn_memory.redact.assignments import find_assignments
from cairn_memory.redact.commands import find_commands
from cairn_memory.redact.cookies import find_cookies
from cairn_memory.redact.encoded import find_encoded
from cairn_memory.redact.findings import Finding
from cairn_memory.redact.forms import find_forms, long_words
from cairn_memory.redact.known import KnownValues
from cairn_memory.redact.prefixes import PREFIXED
from cairn_memory.redact.shapes import find_shapes
from cairn_memory.redact.structures import find_structures

PLACEHOLDER = "[masked:"
"""How every placeholder begins: `[masked:github-token:3fa9]`."""

SHORTEST = 8
"""Characters. A shorter text holds no secret."""
_ROUNDS = 8
_KEY_LENGTH = 16


class Masker(Protocol):
    """Replaces secrets in a text by typed placeholders."""

    def mask(self, text: str) -> str:
        """`text` without its secrets. Masking again changes nothing."""
        ...

    def learn(self, value: str) -> None:
        """Masks `value` from now on, wherever it stands."""
        ...


class SecretMasker:
    """Masks what the host knows, what has a known form, and what its name calls secret, in this order.

    `key` makes the short hash in the placeholders: the same secret gets the same
    placeholder, and the hash tells nothing to who has not the key. Not for binary
    data, and no proof against a text made to slip through: it is for accidents.
    """

    def __init__(self, known: Iterable[str] = (), *, key: bytes | None = None) -> None:
        self._known = KnownValues(known)
        self._key = key or secrets.token_bytes(_KEY_LENGTH)

    def learn(self, value: str) -> None:
        self._known.add(value)

    def mask(self, text: str) -> str:
        return self._masked(text)[0]

    def find(self, text: str) -> list[Finding]:
        """What `mask` would replace, in order; no two overlap."""
        return self._masked(text)[1]

    def put_in(self, text: str, found: Iterable[Finding]) -> str:
        """`text` with a placeholder for each of `found`, as `find` gives them."""
        return _replaced(text, found, self._placeholder)[0]

    def _masked(self, text: str) -> tuple[str, list[Finding]]:
        """`text` masked, and what was masked in it."""
        found: list[Finding] = []
        shown, places = text, list[_Place]()
        for _ in range(
            _ROUNDS if len(text) >= SHORTEST else 0
        ):  # what was masked can change how its neighbours read
            if not (more := self._find_once(shown)):
                break
            found = sorted([*found, *_in_original(more, places)])
            shown, places = _replaced(text, found, self._placeholder)
        return shown, found

    def _find_once(self, text: str) -> list[Finding]:
        """What is found at one look, without what overlaps. An escape such as `\\n` stays whole."""
        found = sorted(self._find(text), key=lambda finding: finding.start)
        moved = (
            finding._replace(start=finding.start + 1) if _inside_escape(text, finding.start) else finding
            for finding in (_merged(found) if found else ())
        )
        return [finding for finding in moved if finding.start < finding.end]

    def _find(self, text: str) -> Iterator[Finding]:
        placeholders = list(_placeholders(text))
        for finding in self._find_all(text):
            before = bisect_left(placeholders, (finding.end, 0)) - 1  # the last that starts before its end
            if before < 0 or placeholders[before][1] <= finding.start:
                yield finding

    def _find_all(self, text: str, *, decode: bool = True) -> Iterator[Finding]:
        yield from self._known.find(text)
        words = long_words(text)
        if words:
            yield from find_forms(text, PREFIXED, words)
            if decode:
                yield from find_encoded(text, words, self._is_secret)
        yield from find_shapes(text, words)
        yield from find_structures(text)
        yield from find_commands(text)
        yield from find_cookies(text)
        yield from find_assignments(text)

    def _is_secret(self, decoded: str) -> bool:
        return any(True for _ in self._find_all(decoded, decode=False))

    def _placeholder(self, secret: str, kind: str) -> str:
        digest = blake2b(secret.encode("utf-8", "replace"), key=self._key, digest_size=2).hexdigest()
        return f"{PLACEHOLDER}{kind}:{digest}]"


def workspace_key(folder: Path) -> bytes:
    """The key of the placeholders of a workspace, made at the first call and kept in `folder`, 0600.

    Raises StoreError when it can be neither read nor written.
    """
    path = folder / "mask.key"
    try:
        key = path.read_bytes() if path.exists() else b""
        if len(key) != _KEY_LENGTH:
            key = secrets.token_bytes(_KEY_LENGTH)
            write_atomically(path, key, mode=0o600)
    except OSError as error:
        raise explain(error, f"{path} could not be used") from error
    return key


def _merged(found: list[Finding]) -> Iterator[Finding]:
    """Findings that overlap as one, of the kind that was found first."""
    current = found[0]
    for finding in found[1:]:
        if finding.start >= current.end:
            yield current
            current = finding
        elif finding.end > current.end:
            current = current._replace(end=finding.end)
    yield current


class _Place(NamedTuple):
    """Where a placeholder stands in the masked text, and what it stands for in the original."""

    start: int
    end: int
    original: int
    """Where the original goes on behind it."""


def _replaced(
    text: str, found: Iterable[Finding], placeholder: Callable[[str, str], str]
) -> tuple[str, list[_Place]]:
    parts: list[str] = []
    places: list[_Place] = []
    position = length = 0
    for start, end, kind in found:
        name = placeholder(text[start:end], kind)
        parts += (text[position:start], name)
        length += start - position + len(name)
        places.append(_Place(length - len(name), length, end))
        position = end
    return "".join((*parts, text[position:])), places


def _in_original(found: Iterable[Finding], places: list[_Place]) -> Iterator[Finding]:
    """Findings of a text with placeholders as those of the text without; none overlaps a placeholder."""
    for finding in found:
        at = bisect_right(places, finding.start, key=lambda place: place.start) - 1
        shift = places[at].original - places[at].end if at >= 0 else 0
        yield finding._replace(start=finding.start + shift, end=finding.end + shift)


def _placeholders(text: str) -> Iterator[tuple[int, int]]:
    start = text.find(PLACEHOLDER)
    while start != -1:
        end = text.find("]", start, start + 60)
        end = end + 1 if end != -1 else start + len(PLACEHOLDER)
        yield start, end
        start = text.find(PLACEHOLDER, end)


def _inside_escape(text: str, start: int) -> bool:
    """Whether the character at `start` belongs to a backslash before it: `\\n` must stay whole in JSON."""
    backslashes = 0
    while start > backslashes and text[start - backslashes - 1] == "\\":
        backslashes += 1
    return backslashes % 2 == 1

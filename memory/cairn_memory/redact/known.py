"""Values the host knows to be secret: found as they are, in base64, in a URL, in JSON."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from urllib.parse import quote, quote_plus, unquote

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.lookalikes import COMMON

SHORTEST = 8
"""Characters. A shorter value would be found in too much that is no secret."""

_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|PASS(?:$|_)|PWD|CREDENTIAL|AUTH|COOKIE|PRIVATE|DSN|WEBHOOK|_PAT$",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"://[^\s:/?#@]{0,200}:([^\s@]{1,200})@")
"""A password in an address, whatever the variable is called."""
_NO_SECRET = re.compile(r"(?:~|\.{0,2})/|[A-Za-z]:\\|\d+$|[a-z]+(?:[-_ ][a-z]+)*$|\w+://[^@]*$")


def environment_secrets(environment: Mapping[str, str]) -> list[str]:
    """The values of `environment` whose names call them secret; not paths, numbers, words or plain URLs.

    And the passwords in addresses, whatever the name: `DATABASE_URL`.
    """
    named = [
        value
        for name, value in environment.items()
        if _NAME.search(name) and not name.upper().endswith("_ID") and not _NO_SECRET.match(value)
    ]
    return named + [unquote(found[1]) for found in map(_IN_URL.search, environment.values()) if found]


class KnownValues:
    """A set of secret values, and where they stand in a text."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._forms: dict[str, None] = {}
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Takes `value` in, unless it is too short or too common to look for."""
        value = value.strip()
        if len(value) >= SHORTEST and value.lower() not in COMMON and len(set(value)) > 3:
            self._forms.update(dict.fromkeys(_forms(value)))

    def find(self, text: str) -> Iterator[Finding]:
        for form in self._forms:
            position = text.find(form)
            while position != -1:
                yield Finding(position, position + len(form), "known-secret")
                position = text.find(form, position + len(form))


def _forms(value: str) -> Iterator[str]:
    yield value
    yield from (
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        _SMALL.sub(_small, quote(value, safe="")),
    )
    once = json.dumps(value)[1:-1]
    yield from (once, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(once)[1:-1])
    yield from (escape(value), value.replace("'", "'\\''"))
    data = value.encode("utf-8", "replace")
    yield data.hex()
    for shift in range(3):
        # In the base64 of a longer text the value can start at any of three offsets; the
        # characters that it shares with its neighbours are left away.
        encoded = base64.b64encode(b"\0" * shift + data).decode("ascii")
        inner = encoded[(0, 2, 3)[shift] : len(encoded) - (0, 3, 2)[(len(data) + shift) % 3]]
        yield inner
        yield inner.translate(_URL_SAFE)


_SMALL = re.compile("%[0-9A-F]{2}")


def _small(found: re.Match[str]) -> str:
    return found[0].lower()


_URL_SAFE = str.maketrans("+/", "-_")

"""Secrets with a structure of their own: private keys, passwords in URLs, signatures, headers."""

import base64
import binascii
import re
from collections.abc import Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.forms import Form, find_forms, triggers_of
from cairn_memory.redact.lookalikes import is_stand_in, looks_random

_LONGEST_KEY = 40_000
"""Characters of a private key between its first and its last line."""
_SHORTEST_KEY = 60
"""Characters after the first line. With fewer, as in `-----BEGIN PRIVATE KEY-----...`, there is no key."""
_BEGIN = "BEGIN "
_DASHES = 5
"""Characters before `_BEGIN`: of PEM and PGP five dashes, of SSH2 four and a blank."""
_PEM_BEGIN = re.compile(r"----[- ]BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?[- ]----")
_PEM_END = re.compile(r"----[- ]END [A-Z0-9 ]{0,60}[- ]----")
_PEM_LINES = re.compile(
    r"(?:(?:\s|\\[nrt]|[+>|#*-] ){0,40}(?:[A-Z][A-Za-z-]{3,20}: [^\n\\]{1,200}(?=[\n\\])|[A-Za-z0-9+/=]{16,200}(?![ \w])))*"
)


def find_private_keys(text: str) -> Iterator[Finding]:
    """PEM and PGP private keys; one whose end was cut off counts as far as lines of base64 go."""
    position = text.find(_BEGIN)
    while position != -1:
        after = position + len(_BEGIN)
        if position >= _DASHES and (begin := _PEM_BEGIN.match(text, position - _DASHES)):
            limit = text.find(_BEGIN, begin.end(), begin.end() + _LONGEST_KEY)
            stop = limit - _DASHES if limit != -1 else begin.end() + _LONGEST_KEY
            end = _PEM_END.search(text, begin.end(), stop) or _PEM_LINES.match(text, begin.end(), stop)
            after = end.end() if end else begin.end()
            if after - begin.end() >= _SHORTEST_KEY:
                yield Finding(begin.start(), after, "private-key")
        position = text.find(_BEGIN, after)


def find_structures(text: str) -> Iterator[Finding]:
    yield from find_private_keys(text)
    yield from find_forms(text, FORMS, text)


def _plain(value: str) -> bool:
    return not is_stand_in(value)


def _random(value: str) -> bool:
    return looks_random(value)


def _in_url(value: str) -> bool:
    return len(value) >= 4 and not is_stand_in(value) and value.lower() not in {"pass", "pwd"}


def _unescaped(value: str) -> bool:
    return not _SPECIAL.isdisjoint(value) and _in_url(value)


def _basic(value: str) -> bool:
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return False


_SPECIAL = frozenset("/?#")
_BASE64 = "[A-Za-z0-9+/=_-]{8,2000}"

FORMS = triggers_of(
    (
        Form(
            "url-password",
            ("://",),
            re.compile(r"""://[^\s:/?#@"'<>\\]{0,200}:([^\s/?#"'<>\\]{1,200})@"""),
            _in_url,
        ),
        Form(  # a password that should have been escaped, and was not
            "url-password",
            ("://",),
            re.compile(
                r"""://[^\s:/?#@"'<>\\\[\]]{1,100}:(?!\d{1,5}(?:[/?#]|$))([^\s"'<>\\@]{1,200})@[\w.-]{1,200}(?::\d{1,5})?(?![\w@:-])"""
            ),
            _unescaped,
        ),
        Form(  # a token where the user's name would stand; the one of a Sentry DSN is public
            "url-token",
            ("://",),
            re.compile(r"""://([\w.%~-]{20,300})(?::[^\s@/"']{0,40})?@(?![\w.-]{0,100}(?:sentry|ingest))"""),
            _random,
        ),
        Form(
            "private-key",
            ("Private-Lines:",),
            re.compile(r"Private-Lines: \d{1,4}(?:\s|\\[nr]){1,8}((?:[A-Za-z0-9+/=]|\s|\\[nr]){20,20000})"),
            _plain,
        ),
        Form("docker-auth", ('"auth"',), re.compile(rf'"auth"\s{{0,4}}:\s{{0,4}}"({_BASE64})'), _basic),
        Form("docker-auth", ('"auth\\"',), re.compile(rf'"auth\\"\s{{0,4}}:\s{{0,4}}\\"({_BASE64})'), _basic),
        Form("npm-auth", ("_auth",), re.compile(rf"_auth ?= ?[\"']?({_BASE64})"), _basic),
        Form(
            "signature",
            ("sig=", "Signature="),
            re.compile(r"(?:sig|Signature)=([A-Za-z0-9%+/=_~-]{30,2000})"),
            _random,
        ),
        Form(
            "key-pair",  # a spreadsheet's line, or what people paste: the id, then its secret
            ("AKIA", "ASIA"),
            re.compile(
                r"""A[KS]IA[A-Z0-9]{16}[\\"'`]{0,3}[\s,:|;/]{1,8}[\\"'`]{0,3}([A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])"""
            ),
            _random,
        ),
        Form(
            "private-key",
            ("minisign encrypted secret key", "signify secret key", "rsign encrypted secret key"),
            re.compile(r"\w{4,8} (?:encrypted )?secret key(?:\s|\\[nr]){1,4}([A-Za-z0-9+/=]{60,400})"),
            _plain,
        ),
        Form("jwk", ('"d"',), re.compile(r'"d"\s{0,4}:\s{0,4}"([\w-]{40,2000})"'), _random),
    )
)

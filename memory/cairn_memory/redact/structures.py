"""Secrets with a structure of their own: private keys, passwords in URLs, signatures, headers."""

import base64
import binascii
import re
from collections.abc import Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.forms import Form, Shape, find_forms, triggers_of
from cairn_memory.redact.lookalikes import is_stand_in, looks_chosen, looks_random

_LONGEST_KEY = 40_000
"""Characters of a private key between its first and its last line."""
_SHORTEST_KEY = 60
"""Characters after the first line. With fewer, as in `-----BEGIN PRIVATE KEY-----...`, there is no key."""
_PEM_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,60}-----")
_PEM_LINES = re.compile(
    r"(?:(?:\s|\\[nrt]|[+>|#*-] ){0,40}(?:[A-Z][A-Za-z-]{3,20}: [^\n\\]{1,200}(?=[\n\\])|[A-Za-z0-9+/=]{16,200}(?![ \w])))*"
)


def find_private_keys(text: str) -> Iterator[Finding]:
    """PEM and PGP private keys; one whose end was cut off counts as far as lines of base64 go."""
    position = text.find("-----BEGIN ")
    while position != -1:
        begin = _PEM_BEGIN.match(text, position)
        after = position + 11
        if begin is not None:
            limit = text.find("-----BEGIN ", begin.end(), begin.end() + _LONGEST_KEY)
            stop = limit if limit != -1 else begin.end() + _LONGEST_KEY
            end = _PEM_END.search(text, begin.end(), stop) or _PEM_LINES.match(text, begin.end(), stop)
            after = end.end() if end else begin.end()
            if after - begin.end() >= _SHORTEST_KEY:
                yield Finding(position, after, "private-key")
        position = text.find("-----BEGIN ", after)


def find_structures(text: str) -> Iterator[Finding]:
    yield from find_private_keys(text)
    yield from find_forms(text, FORMS, text)
    for shape in SHAPES:
        yield from shape.find(text)


def _plain(value: str) -> bool:
    return not is_stand_in(value)


def _random(value: str) -> bool:
    return looks_random(value)


def _chosen(value: str) -> bool:
    return looks_chosen(value, bare=True)


def _in_url(value: str) -> bool:
    return len(value) >= 4 and not is_stand_in(value) and value.lower() not in {"pass", "pwd"}


def _basic(value: str) -> bool:
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return False


_BASE64 = "[A-Za-z0-9+/=_-]{8,2000}"

FORMS = triggers_of(
    (
        Form(
            "url-password",
            ("://",),
            re.compile(r"""://[^\s:/?#@"'<>\\]{0,200}:([^\s/?#"'<>\\]{1,200})@"""),
            _in_url,
        ),
        Form(
            "private-key",
            ("Private-Lines:",),
            re.compile(r"Private-Lines: \d+\s+([A-Za-z0-9+/=\r\n]{20,})"),
            _plain,
        ),
        Form("docker-auth", ('"auth"',), re.compile(rf'"auth"\s{{0,4}}:\s{{0,4}}"({_BASE64})'), _basic),
        Form("docker-auth", ('"auth\\"',), re.compile(rf'"auth\\"\s{{0,4}}:\s{{0,4}}\\"({_BASE64})'), _basic),
        Form("npm-auth", ("_auth",), re.compile(rf"_auth ?= ?[\"']?({_BASE64})"), _basic),
        Form(
            "signature",
            ("sig=", "Signature="),
            re.compile(r"(?:sig|Signature)=([A-Za-z0-9%+/=_-]{30,2000})"),
            _random,
        ),
        Form("jwk", ('"d"',), re.compile(r'"d"\s{0,4}:\s{0,4}"([\w-]{40,2000})"'), _random),
        Form(
            "password",
            (" -u", "--user"),
            re.compile(r"""(?: -u|--user)[ =]?\\?["']?[^\s:"'/\\]{1,100}:([^\s"'\\]{4,200})"""),
            _chosen,
        ),
        Form("password", ("sshpass",), re.compile(r"""sshpass -p ?\\?["']?([^\s"'\\]{4,200})"""), _plain),
    )
)
SHAPES = (
    Shape("telegram-token", ":A", re.compile(r"(?<!\d)\d{8,10}:A[\w-]{33,34}(?![\w-])"), _plain),
    Shape("azure-secret", "8Q~", re.compile(r"[\w~.-]{3}8Q~[\w~.-]{31,34}"), _plain),
)

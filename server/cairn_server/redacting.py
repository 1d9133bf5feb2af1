"""`cairn redact`: masks the secrets in what it is given, as they are masked before anything is stored. Needs no host."""

import codecs
import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from cairn_memory.redact import SecretMasker, environment_secrets
from cairn_memory.redact.stream import masked_stream
from cairn_server.terminal.exits import DONE, USAGE, CommandFailed

READ = 64_000
"""Bytes read at a time."""
LONGEST_LINE = 64_000_000
"""Bytes of one line of a batch, or of a text for `--json`. They are held in memory whole."""
_BAD = 20
"""Bad lines that are told one by one."""


class BadLine(Exception):
    """What is wrong with a line of a batch."""


def redact(options: Namespace) -> int:
    """Files, or stdin without any, masked to stdout; with `--batch` JSON lines. The environment's secrets are masked, too."""
    masker = SecretMasker(environment_secrets(os.environ))
    if options.batch:
        if options.files:
            raise CommandFailed("say either FILE or --batch FILE; nothing was masked", USAGE)
        with ExitStack() as stack:
            return _batch(_opened(options.batch, stack), masker, sys.stdout)
    return _whole(options, masker)


def _whole(options: Namespace, masker: SecretMasker) -> int:
    with ExitStack() as stack:
        files = [_opened(name, stack) for name in options.files or ["-"]]
        for file in files:
            if options.json:
                print(json.dumps(_answer({}, _all_of(file), masker)))
            else:
                _copy(masked_stream(_text(file), masker))
    return DONE


def _all_of(file: BinaryIO) -> str:
    data = file.read(LONGEST_LINE + 1)
    if len(data) > LONGEST_LINE:
        raise CommandFailed(
            f"--json holds the whole text, and takes {LONGEST_LINE:,} bytes at most; leave --json out", USAGE
        )
    return data.decode("utf-8", "surrogateescape")


def _opened(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        raise CommandFailed(
            f"{name} could not be read ({error.strerror}); nothing was masked", USAGE
        ) from error


def _text(file: BinaryIO) -> Iterator[str]:
    """What the file holds; bytes that are no UTF-8 come out as they went in."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    while data := file.read(READ):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def _copy(parts: Iterable[str]) -> None:
    for part in parts:
        sys.stdout.buffer.write(part.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def _batch(file: BinaryIO, masker: SecretMasker, out: TextIO) -> int:
    """One answer a line, in the order of the lines. What is no line of a batch is told on stderr and left out.

    Returns 2 when there was any; the others are answered all the same.
    """
    bad = 0
    for number, line in enumerate(_lines(file), 1):
        if line.isspace() or not line:
            continue
        try:
            given, text = _parsed(line)
        except BadLine as error:
            bad += 1
            if bad <= _BAD:
                print(f"cairn: line {number}: {error}; it was left out", file=sys.stderr)
            continue
        out.write(json.dumps(_answer(given, text, masker)) + "\n")
    if bad > _BAD:
        print(f"cairn: {bad - _BAD} more lines were left out", file=sys.stderr)
    out.flush()
    return USAGE if bad else DONE


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines, none held longer than its bound: of a longer one comes as much as shows that it is too long."""
    while line := file.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)


def _parsed(line: bytes) -> tuple[dict[str, Any], str]:
    """The object and its text. Raises BadLine with what is wrong."""
    if len(line) > LONGEST_LINE:
        raise BadLine(f"longer than {LONGEST_LINE:,} bytes")
    try:
        given: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine('no JSON; a line is "a text" or {"text": "...", "id": ...}') from None
    if isinstance(given, str):
        return {}, given
    if not isinstance(given, dict):
        raise BadLine('neither a string nor an object with "text"')
    fields = cast("dict[str, Any]", given)
    if not isinstance(text := fields.get("text"), str):
        raise BadLine('the object has no "text" that is a string')
    return fields, text


def _answer(given: dict[str, Any], text: str, masker: SecretMasker) -> dict[str, Any]:
    """`start` and `end` count characters of the text that was given."""
    found = masker.find(text)
    places = [{"kind": kind, "start": start, "end": end} for start, end, kind in found]
    named = {"id": given["id"]} if "id" in given else {}
    return {**named, "text": masker.put_in(text, found), "found": places}

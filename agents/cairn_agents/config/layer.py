"""One source of settings (a file, a variable), checked: what holds in it, and what is wrong with it."""

import os
import re
import stat
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from cairn_agents.config import keys
from cairn_agents.config.problems import describe
from cairn_agents.config.settings import Config

LARGEST_FILE = 1_000_000
"""Bytes. A larger file is no settings file."""


@dataclass(frozen=True, slots=True)
class Layer:
    """`table` holds only what is valid; `problems` has one line for each thing that is not.

    `digest` is the SHA-256 of the file's bytes, those that `table` was made of.
    """

    origin: str
    table: dict[str, Any] = field(default_factory=dict[str, Any])
    problems: tuple[str, ...] = ()
    digest: str = ""


def checked(origin: str, table: keys.Table) -> Layer:
    """Keeps what is valid in `table`. With a broken rule all its `allow` rules go too.

    The broken rule may have been the `deny` that took back what an `allow` gave.
    """
    kept, problems = dict(table), list[str]()
    while True:
        try:
            Config.model_validate(kept)
        except ValidationError as error:
            errors = error.errors(include_url=False)
        else:
            return Layer(origin, kept, tuple(problems))
        for details in errors:
            note = "; the allow rules of this file are off until then" if details["loc"][0] == "rules" else ""
            problems.append(f"{origin}: {describe(details)}{note}")
        for location in sorted({_whole_entry(details["loc"]) for details in errors}, key=str, reverse=True):
            kept = keys.without(kept, location)
        if any(details["loc"][0] == "rules" for details in errors):
            kept = _without_allow_rules(kept)


def read_layer(path: Path) -> Layer | None:
    """The settings in the file at `path`; None when there is no such file. Raises nothing."""
    origin = shown(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return Layer(origin, problems=(f"{origin}: not a file; move it away",))
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Layer(
            origin, problems=(f"{origin}: cannot be read ({error.strerror}); its settings are ignored",)
        )
    if len(data) > LARGEST_FILE:
        return Layer(
            origin, problems=(f"{origin}: larger than {LARGEST_FILE:,} bytes; its settings are ignored",)
        )
    try:
        return replace(checked(origin, tomllib.loads(data.decode("utf-8-sig"))), digest=_digest(data))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unread(origin, line, "not UTF-8; save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        return _unread(origin, *_place(str(error), data))


def _digest(data: bytes) -> str:
    import hashlib  # OpenSSL takes 7 ms to load, and the terminal client reads settings too

    return hashlib.sha256(data).hexdigest()


def shown(path: Path) -> str:
    """`path` as a person writes it: `~/.config/cairn/config.toml`."""
    home = os.path.expanduser("~")
    text = str(path)
    return f"~{text.removeprefix(home)}" if text.startswith(home + os.sep) else text


def _unread(origin: str, line: int, what: str) -> Layer:
    return Layer(origin, problems=(f"{origin}:{line}: {what}; none of its settings holds until then",))


def _place(message: str, data: bytes) -> tuple[int, str]:
    """The line of a syntax error, and what it is. tomllib says "(at line 3, column 5)" or "(at end of document)"."""
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if place is None:
        return data.count(b"\n") + 1, f"not TOML: {message}; mend it"
    return int(place[1]), f"not TOML: {message[: place.start()]} (column {place[2]}); mend it"


def _whole_entry(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A list loses the whole entry that has something wrong in it, and so do the language servers."""
    if location[0] == "languages":
        return location[:2]
    for number, part in enumerate(location):
        if isinstance(part, int):
            return location[: number + 1]
    return location


def _without_allow_rules(table: dict[str, Any]) -> dict[str, Any]:
    rules = cast(list[dict[str, Any]], table.get("rules", []))
    return {**table, "rules": [rule for rule in rules if rule.get("action") != "allow"]}

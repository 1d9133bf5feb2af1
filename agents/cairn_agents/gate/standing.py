"""What the user allowed in a workspace for good: answers given with "always", and trust in the project's settings.

One readable TOML file in the user's own folder for each workspace, so that no repository can bring one along.
Only the workspace's host writes it; what a person changes in it by hand holds from the next run on.
"""

import json
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cairn_memory.bounds import LINE
from cairn_memory.files import write_atomically

LARGEST_FILE = 1_000_000
"""Bytes. A larger file was not written by Cairn."""
MOST = 500
"""Answers that are kept; who needs more has rules in mind, which stand in config.toml."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class StandingGrant(_Part):
    """Calls of `tool` that match `pattern` run unasked, since somebody answered so."""

    tool: str = Field(min_length=1, max_length=200)
    pattern: str = Field(min_length=1, max_length=LINE)
    since: datetime
    by: str = Field(default="", max_length=200)

    @property
    def grant(self) -> str:
        """As the gate names it: the tool, a blank, the pattern."""
        return f"{self.tool} {self.pattern}"


class Trust(_Part):
    """The project's settings are trusted while they hash (SHA-256) to `digest`."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    since: datetime
    by: str = Field(default="", max_length=200)


class Kept(_Part):
    """The whole file."""

    workspace: str = Field(default="", max_length=4_096)
    trust: Trust | None = None
    grants: tuple[StandingGrant, ...] = Field(default=(), strict=False, max_length=MOST)


class StandingError(Exception):
    """The user is told, in one line: the file could not be read or written, and nothing was changed."""


class Standing:
    """The file of one workspace. Every call reads it anew: it is small, and a person may have changed it."""

    def __init__(self, path: Path, workspace: Path) -> None:
        self.path = path
        self._workspace = workspace

    def read(self) -> Kept:
        """What is kept; nothing when there is no file. Raises StandingError when it cannot be understood."""
        try:
            with self.path.open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
            if len(data) > LARGEST_FILE:
                raise StandingError(f"{self.path}: larger than {LARGEST_FILE:,} bytes; {_REMEDY}")
            return Kept.model_validate(tomllib.loads(data.decode("utf-8")))
        except FileNotFoundError:
            return Kept()
        except OSError as error:
            raise StandingError(f"{self.path}: cannot be read ({error.strerror}); {_REMEDY}") from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise StandingError(f"{self.path}: {where}: {first['msg']}; {_REMEDY}") from error
        except ValueError as error:  # not UTF-8, not TOML
            raise StandingError(f"{self.path}: {error}; {_REMEDY}") from error

    def problem(self) -> str:
        """What is wrong with the file, in one line; "" when nothing is. Until it is mended nothing in it holds."""
        try:
            self.read()
        except StandingError as error:
            return str(error)
        return ""

    def grants(self) -> tuple[StandingGrant, ...]:
        """The answers that hold; none when the file is broken, so that everything is asked."""
        try:
            return self.read().grants
        except StandingError:
            return ()

    def trust(self) -> Trust | None:
        """None when nothing is trusted, or the file is broken."""
        try:
            return self.read().trust
        except StandingError:
            return None

    def keep(self, tool: str, pattern: str, by: str) -> StandingGrant:
        """Keeps an answer for good; one that is kept already stays as it is. Raises StandingError."""
        kept = self.read()
        new = StandingGrant(tool=tool, pattern=pattern, since=_now(), by=by[:200])
        for grant in kept.grants:
            if grant.grant == new.grant:
                return grant
        if len(kept.grants) >= MOST:
            raise StandingError(
                f"{self.path} holds {MOST} answers, which is all it may; revoke some, or write rules into config.toml"
            )
        self._write(kept.model_copy(update={"grants": (*kept.grants, new)}))
        return new

    def revoke(self, pattern: str) -> tuple[StandingGrant, ...]:
        """Takes back what is named by its pattern, or by tool and pattern: what that was. Raises StandingError."""
        kept = self.read()
        gone = tuple(each for each in kept.grants if pattern in (each.pattern, each.grant))
        if gone:
            left = tuple(each for each in kept.grants if each not in gone)
            self._write(kept.model_copy(update={"grants": left}))
        return gone

    def set_trust(self, digest: str, by: str) -> None:
        """From now on exactly this content is trusted; "" trusts none. Raises StandingError."""
        trust = Trust(digest=digest, since=_now(), by=by[:200]) if digest else None
        self._write(self.read().model_copy(update={"trust": trust}))

    def _write(self, kept: Kept) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self.path, self._text(kept).encode(), mode=0o600 if os.name == "posix" else None)
        except OSError as error:
            raise StandingError(
                f"{self.path} could not be written ({error.strerror}); nothing was changed"
            ) from error

    def _text(self, kept: Kept) -> str:
        lines = [_HEAD, f"workspace = {_quoted(str(self._workspace))}"]
        if kept.trust is not None:
            lines += ["", "[trust]", f"digest = {_quoted(kept.trust.digest)}", *_signed(kept.trust)]
        for grant in kept.grants:
            lines += [
                "",
                "[[grants]]",
                f"tool = {_quoted(grant.tool)}",
                f"pattern = {_quoted(grant.pattern)}",
            ]
            lines += _signed(grant)
        return "\n".join(lines) + "\n"


_HEAD = "# What you allowed here for good. Cairn writes this file; `cairn grants` and `cairn trust` show and change it."
_REMEDY = "nothing in it holds until it is mended or removed"


def _signed(part: StandingGrant | Trust) -> list[str]:
    return [f"since = {part.since.astimezone(UTC).isoformat(timespec='seconds')}", f"by = {_quoted(part.by)}"]


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's, but for two characters that JSON leaves as they are."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)

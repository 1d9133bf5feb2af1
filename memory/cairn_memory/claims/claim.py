"""A claim as it is shown: what its line says, and what the log adds."""

from dataclasses import dataclass

from cairn_memory.events import By, ClaimKind, ClaimScope


@dataclass(frozen=True, slots=True)
class Claim:
    """One bullet of a MEMORY.md. `text` is word for word what stands there, secrets masked.

    `line` counts from 1; it is 0 for a claim that is no longer there, and then `ended` says since when and
    `superseded_by` what took its place; `kept` is when the user last said that it stays. Times are Unix milliseconds, `used` counts windows.
    """

    id: str
    text: str
    about: ClaimKind
    scope: ClaimScope
    line: int = 0
    sources: tuple[int, ...] = ()
    time: int = 0
    used: int = 0
    last_used: int = 0
    by: By = "user"
    session: str = ""
    ended: int = 0
    superseded_by: str = ""
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Remembered:
    """What came of `remember`. Not `added` when a claim says that already; `kept` are those it could not replace.

    Their lines are not there any more: somebody edited them by hand, and what they wrote stays.
    """

    claim: Claim
    added: bool
    kept: tuple[str, ...] = ()

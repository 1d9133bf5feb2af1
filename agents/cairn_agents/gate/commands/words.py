"""Words of a command as bash makes them, and the exception of whoever finds that a person must look."""

from dataclasses import dataclass

from cairn_memory.events import Risk


class Asked(Exception):
    """A command, or a part of one, is not provably read-only: why, in plain words, and what it may do."""

    def __init__(self, reason: str, risk: Risk = "run") -> None:
        super().__init__(reason)
        self.reason = reason
        self.risk: Risk = risk


class Unclear(Asked):
    """What bash would make of the command cannot be told for sure; so no rule for a part of it can let it run."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `raw` is its source, `value` what it is after quotes are taken off.

    `names` are the variables whose values go into it ("?" and the like too, "" for a sum of numbers);
    then, and with `globs`, `braces` or `tilde`, the value is not yet what the program gets.
    """

    raw: str
    value: str
    start: int
    end: int
    names: tuple[str, ...] = ()
    globs: bool = False
    braces: bool = False
    tilde: bool = False
    quoted: bool = False
    masked: bool = False
    """Whether a character that is special in patterns stands quoted in a word that is a pattern elsewhere."""

    @property
    def literal(self) -> bool:
        """Whether the program gets exactly `value`."""
        return not (self.names or self.globs or self.braces or self.tilde)


def named(text: str) -> frozenset[str]:
    """The names that stand in a text, blanks between them: how the tables of this package are written."""
    return frozenset(text.split())

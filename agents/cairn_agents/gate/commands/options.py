"""The options of programs that only read: exactly those that keep them so. What is not named here is asked about.

GNU programs take options after operands, several in one word (`-la`), and values joined or as the
next word; they also take the beginning of a long name, which is not taken here: unknown is asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from cairn_agents.gate.commands.reach import Place, require_no_secret_below, require_readable
from cairn_agents.gate.commands.words import Asked, Word

Operands = Literal["paths", "pattern", "data", "none", "one"]
"""Files; a pattern, then files; plain text; none at all; one file (a second one would be written)."""

_NUMBER = re.compile(r"-[0-9]+")


@dataclass(frozen=True, slots=True)
class Given:
    """What a call of a program comes to."""

    options: list[tuple[str, Word | None]] = field(default_factory=list[tuple[str, "Word | None"]])
    operands: list[Word] = field(default_factory=list[Word])

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)


@dataclass(frozen=True, slots=True)
class Reads:
    """One program that reads. `short` and `long` name its harmless options.

    In `short` each letter is an option; `:` after it says that it takes a value, `@` that the value is a file.
    In `long` each word is one, with `:` or `@` at its end, or `?` for a value that may be joined with `=`.
    """

    short: str = ""
    long: str = ""
    operands: Operands = "paths"
    number: bool = False
    """Whether `-5` is an option."""
    into: str = ""
    """Options by which it reads whole folders; "*" when it always does."""

    def judge(self, name: str, args: Sequence[Word], place: Place) -> None:
        """Raises Asked unless the call only reads what lies in the workspace."""
        given = self.parse(name, args, place)
        self.require_operands(name, given, place)

    def parse(self, name: str, args: Sequence[Word], place: Place) -> Given:
        """Options and operands. Raises Asked for an option that is not known to be harmless."""
        short, long = _letters(self.short), _names(self.long)
        given, rest = Given(), list(args)
        while rest:
            word = rest.pop(0)
            require_told(name, word)
            text = word.value
            if text == "--" and word.literal:
                given.operands.extend(rest)
                break
            if not text.startswith("-") or text == "-":
                given.operands.append(word)
                continue
            if word.globs and re.match(r"--[a-z-]+=", text):
                require_readable(word, place)  # it stays as it is, unless a file has such a name
            elif not word.literal:
                raise Asked(f"{name} {word.raw}: what the option is cannot be told")
            if self.number and _NUMBER.fullmatch(text):
                given.options.append(("#", None))
            elif text.startswith("--"):
                _long(name, word, rest, long, given, place)
            else:
                _cluster(name, word, rest, short, given, place)
        return given

    def require_operands(self, name: str, given: Given, place: Place) -> None:
        """Raises Asked unless the operands are such that it only reads."""
        operands = given.operands
        if self.operands == "data":
            return
        if self.operands == "none" and operands:
            raise Asked(f"{name} {operands[0].raw} may change something")
        if self.operands == "one" and len(operands) > 1:
            raise Asked(f"{name} writes to its second file", "write")
        if self.operands == "pattern" and not given.has(
            "-e", "-f", "--regexp", "--file", "--files", "--type-list"
        ):
            operands = operands[1:]
        for word in operands:
            require_readable(word, place)
        if self.into == "*" or (self.into and given.has(*self.into.split())):
            here = Word("", "", 0, 0)
            for word in operands or (here,):
                if not word.globs:
                    require_no_secret_below(word, place)


def require_told(name: str, word: Word) -> None:
    """Raises Asked when what a word starts with cannot be told: it could be any option."""
    if word.names:
        raise Asked(f"{name} {word.raw}: its value is known only when it runs")
    if word.braces:
        raise Asked(f"{name} {word.raw} is expanded by its braces")


def _letters(short: str) -> dict[str, str]:
    return {found[1]: found[2] for found in re.finditer(r"([^:@])([:@]?)", short)}


def _names(long: str) -> dict[str, str]:
    return {each.rstrip(":@?"): each[len(each.rstrip(":@?")) :] for each in long.split()}


def _cluster(
    name: str, word: Word, rest: list[Word], short: dict[str, str], given: Given, place: Place
) -> None:
    letters = word.value[1:]
    for number, letter in enumerate(letters, 1):
        takes = short.get(letter)
        if takes is None:
            raise Asked(f"{name} -{letter} is not known to be harmless")
        if not takes:
            given.options.append((f"-{letter}", None))
            continue
        joined = letters[number:]
        value = Word(joined, joined, word.start, word.end) if joined else _next(name, f"-{letter}", rest)
        _value(name, f"-{letter}", value, takes, given, place)
        return


def _long(name: str, word: Word, rest: list[Word], long: dict[str, str], given: Given, place: Place) -> None:
    option, equals, joined = word.value[2:].partition("=")
    takes = long.get(option)
    if takes is None or (equals and not takes):
        raise Asked(f"{name} --{option} is not known to be harmless")
    if takes in ("", "?"):
        given.options.append((f"--{option}", None))
        return
    value = Word(joined, joined, word.start, word.end) if equals else _next(name, f"--{option}", rest)
    _value(name, f"--{option}", value, takes, given, place)


def _next(name: str, option: str, rest: list[Word]) -> Word:
    if not rest:
        raise Asked(f"{name} {option} lacks its value")
    word = rest.pop(0)
    require_told(name, word)
    if word.globs or word.tilde:
        raise Asked(f"{name} {option} {word.raw}: its value is known only when it runs")
    return word


def _value(name: str, option: str, value: Word, takes: str, given: Given, place: Place) -> None:
    if takes == "@":
        require_readable(value, place)
    given.options.append((option, value))

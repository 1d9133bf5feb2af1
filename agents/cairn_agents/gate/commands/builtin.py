"""Builtins and small programs whose arguments are text, not files: echo, printf, read, set, sleep, date, command.

What changes the shell for later commands of the same line (declare, alias, shopt, trap, exec, source, eval) is not here.
"""

import re
from collections.abc import Callable, Sequence

from cairn_agents.gate.commands.options import Reads, require_told
from cairn_agents.gate.commands.reach import Place, require_readable
from cairn_agents.gate.commands.words import Asked, Word, named

HARMLESS = named(
    "? # $ ! - 0 * @ HOME PWD OLDPWD USER LOGNAME UID EUID PATH SHELL LANG TERM HOSTNAME HOSTTYPE OSTYPE MACHTYPE RANDOM "
    "SECONDS LINENO BASH_VERSION PPID EDITOR PAGER VIRTUAL_ENV TMPDIR COLUMNS LINES"
)
"""Variables that hold no secret. Their values may be printed; as an argument of anything else they are asked about."""

_OWN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_SPECIAL_LOWER = frozenset(
    ("_", "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "histchars", "auto_resume")
)
_SLEEP = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?s?")
_LONGEST_SLEEP = 600
"""Seconds."""
_NUMBER = re.compile(r"[0-9]{1,3}")
_FORMAT = re.compile(
    r"(?:[^%]|%%|%[-+ #0']*[0-9]{0,4}(?:\.[0-9]{0,4})?(?:[diouxXeEfFgGaAcsbqQ]|\([^()%]*\)T))*", re.DOTALL
)
"""What printf prints with. `%n` would set a variable, and a width of `*` or of many digits fill the memory."""


def require_own_name(name: str) -> None:
    """A variable that the command may set: one that no program or shell obeys. Raises Asked."""
    if not _OWN_NAME.fullmatch(name) or name in _SPECIAL_LOWER:
        raise Asked(f"setting {name} may change what later commands do")


def require_printable(word: Word, place: Place) -> None:
    """Raises Asked when printing the word could show a secret, or names outside the workspace."""
    for name in word.names:
        if name and not name.isdigit() and name not in HARMLESS and name not in place.variables:
            raise Asked(f"${name} may hold a secret, and it would be shown", "secret")
    if word.braces and (word.globs or ".." in word.value):
        raise Asked(f"{word.raw} may expand to very much")
    if word.braces or word.tilde:
        return
    if word.globs:
        if word.names:
            raise Asked(f"{word.raw} could match any file")
        require_readable(word, place)


def _echo(args: Sequence[Word], place: Place) -> None:
    for word in args:
        require_printable(word, place)


def _printf(args: Sequence[Word], place: Place) -> None:
    rest = list(args)
    if rest and rest[0].literal and rest[0].value == "--":
        rest.pop(0)
    if not rest:
        return
    if not rest[0].literal or rest[0].value.startswith("-"):
        raise Asked(f"printf {rest[0].raw} may set a variable")
    if not _FORMAT.fullmatch(rest[0].value):
        raise Asked(f"printf {rest[0].raw}: its format is not known to be harmless")
    _echo(rest[1:], place)


def _nothing(args: Sequence[Word], place: Place) -> None:
    for word in args:
        if word.names and any(name and name not in HARMLESS for name in word.names):
            raise Asked(f"{word.raw}: its value is known only when it runs")


def _exit(args: Sequence[Word], place: Place) -> None:
    if len(args) > 1 or (args and not _NUMBER.fullmatch(args[0].value) and args[0].names != ("?",)):
        raise Asked("exit takes one number")


def _sleep(args: Sequence[Word], place: Place) -> None:
    for word in args:
        if (
            not word.literal
            or not _SLEEP.fullmatch(word.value)
            or float(word.value.rstrip("s")) > _LONGEST_SLEEP
        ):
            raise Asked(f"sleep {word.raw} is more than {_LONGEST_SLEEP} seconds, or cannot be told")


def _set(args: Sequence[Word], place: Place) -> None:
    """Only what makes a shell stricter, or lets it say what it does."""
    rest = [word.value for word in args if word.literal]
    if not rest or len(rest) != len(args):
        raise Asked("set without plain options prints or changes variables", "secret" if not args else "run")
    while rest:
        option = rest.pop(0)
        if not re.fullmatch(r"[-+][euxo]+", option):
            raise Asked(f"set {option} changes how the shell works")
        for _ in range(option.count("o")):
            if not rest or rest.pop(0) not in ("pipefail", "errexit", "nounset", "xtrace"):
                raise Asked("set -o changes how the shell works")


def _read(args: Sequence[Word], place: Place) -> None:
    rest = list(args)
    while rest and rest[0].value.startswith("-"):
        option = rest.pop(0)
        require_told("read", option)
        found = re.fullmatch(r"-[rs]*([dnNpt])?(.*)", option.value, re.DOTALL)
        if found is None or (found[2] and not found[1]):
            raise Asked(f"read {option.raw} is not known to be harmless")
        if found[1] and not found[2]:
            if not rest:
                raise Asked(f"read {option.raw} lacks its value")
            require_told("read", rest.pop(0))
    for word in rest:
        if not word.literal:
            raise Asked(f"read {word.raw}: which variable it sets cannot be told")
        require_own_name(word.value)


def read_names(args: Sequence[Word]) -> list[str]:
    """The variables that a harmless `read` sets."""
    return [word.value for word in args if _OWN_NAME.fullmatch(word.value)]


def _command(args: Sequence[Word], place: Place) -> None:
    """`command -v name` only looks where a program lies."""
    if not args or not args[0].literal or args[0].value not in ("-v", "-V"):
        raise Asked("command runs another program")
    _plain("command", args[1:])


def _type(args: Sequence[Word], place: Place) -> None:
    _plain("type", [word for word in args if word.value not in ("-a", "-t", "-p", "-P", "-f")])


def _plain(name: str, args: Sequence[Word]) -> None:
    for word in args:
        if not word.literal or word.value.startswith("-"):
            raise Asked(f"{name} {word.raw} is not known to be harmless")


_DATE = Reads("uRI:d:r@", "utc universal date: rfc-email iso-8601? rfc-3339: reference@ version", "data")


def _date(args: Sequence[Word], place: Place) -> None:
    """An operand without `+` sets the clock."""
    shown = [word for word in args if not re.fullmatch(r"-I(date|hours|minutes|seconds|ns)?", word.value)]
    for word in _DATE.parse("date", shown, place).operands:
        if not word.literal or not word.value.startswith("+"):
            raise Asked(f"date {word.raw} sets the clock")


JUDGES: dict[str, Callable[[Sequence[Word], Place], None]] = {
    "echo": _echo,
    "printf": _printf,
    ":": _nothing,
    "exit": _exit,
    "sleep": _sleep,
    "set": _set,
    "read": _read,
    "command": _command,
    "type": _type,
    "date": _date,
}

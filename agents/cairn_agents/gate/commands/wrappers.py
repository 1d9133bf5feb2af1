"""Programs that run another one: what that is, for the reason that a person is given. Nothing is let run for it."""

import re
from collections.abc import Sequence

_VALUED: dict[str, str] = {
    "sudo": "ugCpTRDhrt", "doas": "uCa", "env": "uCS", "nice": "n", "ionice": "cnpPu", "nohup": "", "time": "fo",
    "timeout": "ks", "setsid": "", "stdbuf": "ioe", "xargs": "aEIJLnPsdR", "watch": "n", "command": "", "builtin": "",
    "exec": "a", "unshare": "", "flock": "wE", "strace": "eopsE", "ltrace": "eop", "chrt": "", "taskset": "", "caffeinate": "",
    "entr": "", "parallel": "jSna", "busybox": "", "toybox": "", "coproc": "", "gtimeout": "ks", "chronic": "", "script": "",
    "rlwrap": "", "unbuffer": "", "ts": "", "proxychains": "f", "torsocks": "", "catchsegv": "", "setarch": "", "linux64": "",
    "runuser": "ugGsc", "su": "cgGs", "pkexec": "u", "nsenter": "tSG", "chroot": "", "doas-exec": "", "winpty": "", "firejail": "",
    "setpriv": "", "eval": "",
}  # fmt: skip
"""The wrapper, and its short options that take the next word."""
_SKIPS_ONE = frozenset(("timeout", "gtimeout", "flock", "chroot", "taskset", "chrt", "nice-value", "setarch"))
"""Those whose first operand is not the program."""
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")

WRAPPERS = frozenset(_VALUED)


def inner(words: Sequence[str]) -> tuple[str, ...]:
    """What a wrapper runs; the words themselves when the program is none."""
    rest = list(words)
    for _ in range(8):
        while rest and _ASSIGNMENT.match(rest[0]):
            rest.pop(0)
        name = program(rest)
        if name not in WRAPPERS or len(rest) == 1:
            break
        rest = _behind(name, rest[1:])
    return tuple(rest)


def program(words: Sequence[str]) -> str:
    """The name of the program, without folders."""
    return words[0].rsplit("/", 1)[-1].lower() if words else ""


def _behind(name: str, rest: list[str]) -> list[str]:
    valued = _VALUED[name]
    while rest and (rest[0].startswith("-") or _ASSIGNMENT.match(rest[0])):
        option = rest.pop(0)
        if option == "--":
            break
        if re.fullmatch(rf"-[{valued or '!'}]", option) and rest:
            rest.pop(0)
    if name in _SKIPS_ONE and rest:
        rest.pop(0)
    return rest

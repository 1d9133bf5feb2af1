"""Which parts of a shell command install dependencies: the package managers people use, and how they are called."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

LOOKED_AT = 20_000
"""Characters of a command."""
DEEPEST = 4
"""Shells within shells (bash -c "...")."""

_INSTALL = frozenset(("install",))
_NODE = frozenset(("install", "i", "add", "ci", "in", "isntall", "install-test", "it"))
_MANAGERS: Mapping[str, frozenset[str]] = {
    "pip": _INSTALL,
    "pipx": _INSTALL | {"inject"},
    "pipenv": _INSTALL | {"sync"},
    "uv": frozenset(("add", "sync", "pip install", "pip sync", "tool install")),
    "poetry": frozenset(("add", "install", "sync")),
    "pdm": frozenset(("add", "install", "sync")),
    "conda": frozenset(("install", "create", "update", "env create", "env update")),
    "npm": _NODE,
    "pnpm": _NODE,
    "yarn": _NODE | {"", "global add"},
    "bun": _NODE,
    "cargo": frozenset(("add", "install", "binstall")),
    "go": frozenset(("get", "install")),
    "gem": _INSTALL,
    "bundle": frozenset(("", "install", "add")),
    "apt": _INSTALL | {"build-dep"},
    "apk": frozenset(("add",)),
    "brew": frozenset(("install", "bundle")),
    "dnf": _INSTALL,
    "zypper": _INSTALL | {"in"},
    "composer": frozenset(("require", "install")),
    "dotnet": frozenset(("add", "tool install", "package add")),
    "pacman": frozenset(),
}
_ALSO_CALLED = {
    "pip3": "pip", "mamba": "conda", "micromamba": "conda", "apt-get": "apt", "aptitude": "apt", "yum": "dnf",
    "microdnf": "dnf", "bundler": "bundle",
}  # fmt: skip
_WRAPPERS = frozenset(
    ("sudo", "doas", "env", "time", "nohup", "exec", "command", "nice", "ionice", "timeout", "stdbuf", "setsid", "!")
)  # fmt: skip
_KEYWORDS = frozenset(("then", "do", "else", "if", "while", "until", "{", "elif"))
_SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh"))
_RUNNERS = frozenset(("uv run", "poetry run", "pdm run", "pipenv run", "conda run"))
_TAKE_A_VALUE = frozenset(
    ("-C", "--prefix", "--cwd", "--dir", "--directory", "--project", "--python", "--filter", "-F", "-w", "--workspace",
     "--manifest-path", "-o", "-u", "-g", "-h", "-p", "-k", "-s", "-n", "--user", "--proxy", "--cache-dir", "--name")
)  # fmt: skip
_NO_EFFECT = frozenset(("--help", "--dry-run", "--version", "-h"))
_PYTHON = re.compile(r"(?:python|pypy|py)(?:\d[\d.]*)?(?:\.exe)?")
_NUMBERED_PIP = re.compile(r"pip\d[\d.]*")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*\+?=")
_DURATION = re.compile(r"\d[\d.]*[smhd]?")
_REDIRECTS = re.compile(r"\d*[<>]")
_PARTS = re.compile(
    r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|&&|\|\||\$\(|[;&|\n()`]|[^\s;&|()`'\"\\$]+|[ \t\r]+|.", re.DOTALL
)
_ENDS = frozenset(("&&", "||", ";", "&", "|", "\n", "(", ")", "$(", "`"))


def installs(command: str) -> tuple[str, ...]:
    """The parts of `command` that install something, each as it was called. Never fails."""
    return tuple(dict.fromkeys(_found(command[:LOOKED_AT], 0)))


def _found(command: str, depth: int) -> Iterator[str]:
    for words in _commands(command):
        bare = _unwrapped([word for word in words if not _REDIRECTS.match(word)])
        if not bare:
            continue
        program, rest = _name(bare[0]), bare[1:]
        if program in _SHELLS and depth < DEEPEST:
            for option, script in pairwise(rest):
                if option.startswith("-") and option.endswith("c"):
                    yield from _found(script, depth + 1)
        elif _installs(program, rest):
            yield " ".join([program, *rest])


def _commands(command: str) -> Iterator[list[str]]:
    """The simple commands of a line as words, quotes taken off."""
    words: list[str] = []
    word: str | None = None
    for found in _PARTS.finditer(command):
        part = found[0]
        if part in _ENDS or part.isspace():
            if word is not None:
                words.append(word)
                word = None
            if not part.isspace() or part == "\n":
                yield words
                words = []
        elif part == "\\\n":
            continue
        else:
            word = (word or "") + _plain(part)
    yield [*words, word] if word is not None else words


def _plain(part: str) -> str:
    if part[0] == "\\":
        return part[1:]
    if len(part) > 1 and part[0] == part[-1] == "'":
        return part[1:-1]
    if len(part) > 1 and part[0] == part[-1] == '"':
        return re.sub(r"\\([\"\\$`])", r"\1", part[1:-1])
    return part


def _unwrapped(words: Sequence[str]) -> list[str]:
    """Without what only says how or as whom it runs: variables, sudo, env, timeout, python -m, uv run."""
    rest = list(words)
    wrapped = False
    while rest:
        if _ASSIGNED.match(rest[0]) or rest[0] in _KEYWORDS or (wrapped and _DURATION.fullmatch(rest[0])):
            rest = rest[1:]
        elif _name(rest[0]) in _WRAPPERS:
            wrapped, rest = True, rest[1:]
        elif wrapped and rest[0].startswith("-"):
            rest = rest[2 if rest[0] in _TAKE_A_VALUE else 1 :]
        elif " ".join(rest[:2]) in _RUNNERS:
            wrapped, rest = True, rest[2:]
        elif _PYTHON.fullmatch(_name(rest[0])) and "-m" in rest[1:4]:
            rest = rest[rest.index("-m") + 1 :]
        else:
            break
    return rest


def _name(word: str) -> str:
    """A program's own name, without its folder."""
    name = word.replace("\\", "/").rpartition("/")[2].removesuffix(".exe").removesuffix(".cmd")
    return "pip" if _NUMBERED_PIP.fullmatch(name) else name


def _installs(program: str, rest: Sequence[str]) -> bool:
    if _NO_EFFECT.intersection(rest):
        return False
    if program == "pacman":
        return any(re.match(r"-S(?![a-z]*[sicgpl])|--sync$|-U|--upgrade$", word) for word in rest)
    verbs = _MANAGERS.get(_ALSO_CALLED.get(program, program))
    if verbs is None:
        return False
    said = _without_options(rest)
    return any(" ".join(said[:length]) in verbs for length in (1, 2)) if said else "" in verbs


def _without_options(words: Sequence[str]) -> list[str]:
    """The first two words that are no option and no value of one."""
    said: list[str] = []
    value = False
    for word in words:
        if not value and not word.startswith(("-", "+")):
            said.append(word)
        value = not value and word in _TAKE_A_VALUE
    return said[:2]

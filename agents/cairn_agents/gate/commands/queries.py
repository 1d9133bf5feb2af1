"""Programs that may be asked for their version, and jq: everything else they do is asked about."""

import os
import re
from collections.abc import Callable, Sequence

from cairn_agents.gate.commands.options import Reads
from cairn_agents.gate.commands.reach import Place
from cairn_agents.gate.commands.words import Asked, Word

_VERSION = {
    "bash": "--version", "bun": "--version -v", "bzip2": "--version", "clang": "--version", "clang++": "--version",
    "cargo": "--version -V version", "cc": "--version", "cmake": "--version", "curl": "--version -V", "deno": "--version -V",
    "docker": "--version -v", "dotnet": "--version", "fzf": "--version", "g++": "--version", "gcc": "--version",
    "gh": "--version", "go": "version", "gzip": "--version", "java": "-version --version", "javac": "-version --version",
    "jq": "--version", "ld": "--version", "make": "--version -v", "mvn": "", "mypy": "--version", "node": "--version -v",
    "npm": "--version -v", "npx": "--version -v", "perl": "--version -v", "php": "--version -v", "pip": "--version -V",
    "pip3": "--version -V", "pnpm": "--version -v", "pyright": "--version", "pytest": "--version -V",
    "python": "--version -V -VV", "python3": "--version -V -VV", "ruby": "--version -v", "ruff": "--version",
    "rustc": "--version -V", "rustup": "--version -V", "sqlite3": "--version -version", "ssh": "-V", "sh": "--version",
    "tar": "--version", "tsc": "--version -v", "uv": "--version -V", "wget": "--version", "xz": "--version",
    "yarn": "--version -v", "zip": "-v --version", "zsh": "--version", "psql": "--version -V", "kubectl": "",
    "terraform": "", "git-lfs": "--version", "nproc": "",
}  # fmt: skip
"""What makes a program print its version and end."""

_PINS = {
    "cargo": ("rust-toolchain", "rust-toolchain.toml"),
    "rustc": ("rust-toolchain", "rust-toolchain.toml"),
    "go": ("go.mod", "go.work"),
    "yarn": (".yarnrc", ".yarnrc.yml", "package.json"),
    "pnpm": ("package.json", "pnpm-workspace.yaml"),
    "pytest": ("conftest.py", "pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini"),
}
"""Files by which a project has another program run in the place of the one that is named."""

_JQ = Reads(
    "rceCMSsnjaR",
    "raw-output compact-output exit-status color-output monochrome-output sort-keys slurp null-input join-output "
    "ascii-output raw-input tab indent:",
)
_JQ_REACHES = re.compile(r"\benv\b|\$ENV|\bimport\b|\binclude\b|\binput_filename\b|\$__prog|\bdebug\b|\bhalt")


def _version_of(name: str, known: str) -> Callable[[Sequence[Word], Place], None]:
    def judge(args: Sequence[Word], place: Place) -> None:
        if len(args) != 1 or not args[0].literal or args[0].value not in known.split():
            raise Asked(f"{name} runs code, or changes something")
        for pin in _PINS.get(name, ()):
            if any(os.path.lexists(os.path.join(base, pin)) for base in (*place.bases, place.root)):
                raise Asked(f"{pin} may have another program run for {name}")

    return judge


def _jq(args: Sequence[Word], place: Place) -> None:
    if len(args) == 1 and args[0].value == "--version":
        return
    operands = _JQ.parse("jq", args, place).operands
    if not operands:
        raise Asked("jq without a filter")
    if not operands[0].literal or _JQ_REACHES.search(operands[0].value):
        raise Asked("the filter of jq reaches for the environment or other files", "secret")
    Reads().judge("jq", operands[1:], place)


def _unzip(args: Sequence[Word], place: Place) -> None:
    if not args or args[0].value not in ("-l", "-v", "-Z", "-Z1", "-lv"):
        raise Asked("unzip writes files", "write")
    Reads().judge("unzip", args[1:2], place)


JUDGES: dict[str, Callable[[Sequence[Word], Place], None]] = {
    **{name: _version_of(name, known) for name, known in _VERSION.items() if known},
    "jq": _jq,
    "unzip": _unzip,
}

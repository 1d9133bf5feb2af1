"""The folders a session's commands have to themselves: a temp folder and a home, kept from one command to the next."""

import subprocess
from pathlib import Path

_SECONDS = 5.0
_NAMES = (
    "user.name", "user.email", "init.defaultbranch", "core.autocrlf", "core.eol", "core.quotepath", "pull.rebase",
    "pull.ff", "push.default", "merge.conflictstyle", "diff.algorithm", "rebase.autosquash", "rebase.autostash",
)  # fmt: skip
"""What of the user's git settings a commit needs. None of them is a program, an address or a password."""


def make_private(folder: Path) -> None:
    """Makes `home` and `tmp` in `folder` unless they are there, with who the user is to git. Blocking; raises OSError."""
    home = folder / "home"
    (folder / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.is_dir():
        return
    home.mkdir(mode=0o700)
    if text := _git_settings():
        (home / ".gitconfig").write_text(text, encoding="utf-8", errors="surrogateescape")


def _git_settings() -> str:
    try:
        asked = subprocess.run(
            ["git", "config", "--global", "--includes", "--list", "-z"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):  # no git: then nobody commits
        return ""
    lines: list[str] = []
    for entry in asked.stdout.decode("utf-8", "surrogateescape").split("\0"):
        name, _, value = entry.partition("\n")
        if name in _NAMES:
            section, _, key = name.partition(".")
            lines.append(f"[{section}]\n\t{key} = {_quoted(value)}\n")
    return "".join(lines)


def _quoted(value: str) -> str:
    """As git reads it back; see "Syntax" in git-config(1)."""
    plain = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n").replace("\t", r"\t")
    return f'"{plain}"'

"""The shell of this machine, and the environment its commands get."""

import os
import shutil
from collections.abc import Collection, Mapping
from functools import lru_cache

from cairn_agents.tools.base import ToolError

_QUIET = {
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "TERM": "dumb",
    "PYTHONUNBUFFERED": "1",
}
"""Nobody sits at the terminal: no pager, no question, no buffer that a kill would lose."""
_GIT_BASH = r"C:\Program Files\Git\bin\bash.exe"


def find_bash() -> str:
    """The path of bash; on Windows that of Git, not the one that starts a Linux. Raises ToolError."""
    for place in (_which("bash"), _GIT_BASH):
        if place and os.access(place, os.X_OK) and "system32" not in place.lower():
            return place
    raise ToolError(
        "there is no bash on this machine; install it (on Windows: Git for Windows, which brings one)"
    )


def find_sh() -> str:
    """The smallest shell there is: the wrapper around a command should cost nothing."""
    return _which("dash") or _which("sh") or find_bash()


def _which(name: str) -> str | None:
    """Where a program is. Looked for once for each PATH, and anew when it was not there or is gone."""
    path = os.environ.get("PATH")
    place = _place(name, path)
    return place if place and os.access(place, os.X_OK) else shutil.which(name, path=path)


@lru_cache(maxsize=32)
def _place(name: str, path: str | None) -> str | None:
    return shutil.which(name, path=path)


def environment(own: Mapping[str, str], withheld: Collection[str]) -> dict[str, str]:
    """What a command gets of the host's `own`: no keys of model providers, nor what else is `withheld`."""
    names = {name.upper() for name in withheld}
    kept = {name: value for name, value in own.items() if not _is_secret(name) and name.upper() not in names}
    return kept | _QUIET


@lru_cache(maxsize=1_024)
def _is_secret(name: str) -> bool:
    """Keys of model providers, and Cairn's own; a token of git or a cloud is the command's business."""
    name = name.upper()
    if name.startswith("CAIRN_"):
        return name.endswith(("TOKEN", "KEY", "SECRET"))
    return name.endswith(("API_KEY", "API_KEYS"))

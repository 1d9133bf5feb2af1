"""Which session is meant by a few letters of its id, or by none."""

from collections.abc import Collection, Iterable
from pathlib import Path

from cairn_agents.info import RunInfo
from cairn_agents.outfit import RunError


def find(prefix: str, names: Collection[str], root: Path) -> str:
    """The one of `names` that begins with `prefix`. Raises RunError when there is none or several."""
    if prefix in names:
        return prefix
    found = sorted(name for name in names if name.startswith(prefix))
    if len(found) == 1:
        return found[0]
    if not found:
        raise RunError(f"no session {prefix!r} in {root}; `cairn sessions` lists them")
    raise RunError(f"{prefix!r} could be {', '.join(found[:5])}; give more of the id")


def newest_open(infos: Iterable[RunInfo], root: Path) -> str:
    """The first that is not done. Raises RunError when there is none."""
    for info in infos:
        if info.state != "done":
            return info.session
    raise RunError(f"no session in {root} is left to resume; `cairn sessions` lists them")

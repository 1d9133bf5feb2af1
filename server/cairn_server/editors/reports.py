"""What is said to be wrong in the files: by whom, about which, and whether it is news since a change."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from cairn_agents.editors import Diagnostic

QUIET = 0.2
"""Seconds after a first good word: a server says what it parsed before what it understood."""
IN_VAIN = 2
"""Times that nothing came in time, after which nobody waits for files of this kind until something comes."""
FILES = 2_000
"""Files of one teller that are remembered; then the one told longest ago is forgotten."""


class Reports:
    """Every teller (an editor, a language server) speaks for itself; together they are what is known."""

    def __init__(self) -> None:
        self._told: dict[object, dict[Path, Sequence[Diagnostic]]] = {}
        self._at: dict[Path, float] = {}
        """When something was last told of a file, and when it last changed (monotonic)."""
        self._changed: dict[Path, float] = {}
        self._vain: dict[str, int] = {}
        self._moved = asyncio.Event()

    def tell(self, teller: object, path: Path, found: Sequence[Diagnostic]) -> None:
        """All that `teller` has to say of a file now, in the place of what it said before."""
        told = self._told.setdefault(teller, {})
        told.pop(path, None)
        told[path] = found
        if len(told) > FILES:
            del told[next(iter(told))]
        self._at[path] = time.monotonic()
        self._vain.pop(path.suffix, None)
        self._moved.set()
        self._moved = asyncio.Event()

    def change(self, path: Path) -> None:
        """The file was changed: what was told of it until now is old."""
        self._changed[path] = time.monotonic()

    def forget(self, teller: object) -> None:
        """`teller` is gone, and with it what it said."""
        self._told.pop(teller, None)

    def drop(self, teller: object, path: Path) -> None:
        """`teller` looks at that file no more."""
        self._told.get(teller, {}).pop(path, None)

    def has(self, path: Path) -> bool:
        """Whether anybody has said anything of the file, be it that nothing is wrong."""
        return any(path in told for told in self._told.values())

    def known(self, paths: Iterable[Path] | None = None) -> list[Diagnostic]:
        """Everything that is said of these files (None: of all); what two say alike stands there once."""
        wanted = None if paths is None else set(paths)
        found = (
            one
            for told in self._told.values()
            for path, diagnostics in told.items()
            if wanted is None or path in wanted
            for one in diagnostics
        )
        return list(dict.fromkeys(found))

    async def news(self, path: Path, wait: float) -> None:
        """Returns when something was told of the file since its last change, after `wait` seconds at the latest."""
        changed = self._changed.get(path)
        if not wait or changed is None or self._vain.get(path.suffix, 0) >= IN_VAIN:
            return
        try:
            async with asyncio.timeout(wait):
                await self._until_told(path, changed)
                while not self.known((path,)):  # a first word that nothing is wrong may not be the last
                    before = self._at[path]
                    await self._until_told(path, before, QUIET)
                    if self._at[path] == before:
                        return
        except TimeoutError:
            if self._at.get(path, 0.0) <= changed:
                self._vain[path.suffix] = self._vain.get(path.suffix, 0) + 1

    async def _until_told(self, path: Path, since: float, wait: float | None = None) -> None:
        """Until something is told of `path` after `since`, or `wait` is over."""
        end = None if wait is None else time.monotonic() + wait
        while self._at.get(path, 0.0) <= since:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return
            waiting = asyncio.ensure_future(self._moved.wait())
            try:
                await asyncio.wait([waiting], timeout=left)
            finally:
                waiting.cancel()

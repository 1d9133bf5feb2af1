"""The recorded states of a workspace's work trees, as everybody in a host shares them."""

import asyncio
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from cairn_agents.config.settings import SnapshotSettings
from cairn_agents.rewind.recorder import Recorder
from cairn_memory.errors import StoreError
from cairn_memory.places import Workspace
from cairn_memory.snapshots import Repository, States, WorkTree
from cairn_memory.snapshots.collecting import Limits, collect
from cairn_memory.snapshots.git import NO_GIT, program
from cairn_memory.snapshots.repository import FOLDER
from cairn_memory.snapshots.restoring import JOURNAL, Restorer
from cairn_memory.snapshots.tree import LARGEST

logger = logging.getLogger(__name__)

SETTLED_SECONDS = 60.0
"""For a state that is being recorded: of a large work tree the first takes some seconds."""

OFF = "states of the work tree are not recorded (snapshots.enabled = false in your config.toml), so nothing can be taken back"


class Store:
    """Made once for a workspace, on one event loop."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Callable[[], SnapshotSettings],
        passing: Callable[[], Collection[Path]] = tuple,
    ) -> None:
        """`passing` names folders that a sandbox lets stand in a work tree for a moment."""
        self._settings = settings
        self._passing = passing
        self._workspace = workspace
        self._trees: dict[Path, WorkTree] = {}
        self._largest = LARGEST
        self._recording: set[asyncio.Task[Any]] = set()
        self.repository = Repository(workspace.local / FOLDER)
        self.states = States(self.repository)
        self.restorer = Restorer(self.states, workspace.local / JOURNAL)

    @property
    def why_not(self) -> str:
        """Why states are not recorded; "" when they are."""
        if not self._settings().enabled:
            return OFF
        return "" if program() else NO_GIT

    def tree(self, root: Path) -> WorkTree:
        """The work tree at `root`; the same one for all who ask."""
        if root not in self._trees:
            self._trees[root] = WorkTree(self.repository, root, lambda: self._largest, self._passing)
        return self._trees[root]

    def recorder(self, session: str, root: Path, show: Callable[[str], None]) -> Recorder:
        """For a session that is taken up in `root`."""
        why_not = self.why_not
        self._largest = self._settings().largest_file * 1_000_000
        return Recorder(session, None if why_not else self.tree(root), show, why_not, self._recording)

    async def settled(self) -> None:
        """Returns when what is being recorded now is recorded: a state that comes late would outlive its session."""
        if self._recording:
            await asyncio.wait(set(self._recording), timeout=SETTLED_SECONDS)

    async def collect(self) -> None:
        """Lets go of what is old or too much, and of what no session needs any more. What goes wrong is logged."""
        settings = self._settings()
        if not self.repository.exists or not program():
            return
        try:
            limits = Limits(settings.keep_days, settings.keep_mb)
            gone = await asyncio.to_thread(collect, self.repository, limits)
        except StoreError as error:
            logger.warning("old states of the work tree stay: %s", error)
        else:
            if gone:
                logger.info("%d old states of the work tree were let go", gone)

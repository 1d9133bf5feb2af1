"""All sandboxes of a workspace: one for each session, of the kind this machine has."""

import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from cairn_agents.config.settings import SandboxSettings
from cairn_agents.sandbox.base import Kind, Sandbox
from cairn_agents.sandbox.detect import detect
from cairn_agents.sandbox.guards import Guards
from cairn_agents.sandbox.layout import Surveyor, Wishes
from cairn_agents.sandbox.unheld import Unheld
from cairn_memory.places import UserFolders, Workspace

OFF = "it is switched off in the settings (sandbox.enabled)"

_MOST = 64
"""Sessions whose networks are held; of more the one longest unused is let go."""


def home_folder() -> Path:
    """The home of who runs this, links followed. Where there is none, one that only a sandbox has."""
    try:
        home = Path.home().resolve()
    except (OSError, RuntimeError):
        return Path("/tmp/home")
    return home if home.is_dir() and home != Path("/") else Path("/tmp/home")


@dataclass
class Sandboxes:
    """Owned by the host: `close` lets go of what the sessions hold."""

    workspace: Workspace
    user: UserFolders
    _guards: Guards = field(init=False)
    _kept: dict[tuple[str, Path, SandboxSettings], Sandbox] = field(
        default_factory=dict[tuple[str, Path, SandboxSettings], Sandbox], init=False
    )

    def __post_init__(self) -> None:
        self._guards = Guards(self.workspace.local / "sandbox")

    def passing(self) -> list[Path]:
        """Empty folders that stand in work trees only while commands run. Blocking."""
        return self._guards.standing()

    def kind(self, settings: SandboxSettings) -> Kind:
        """What commands of this workspace run in. Blocking the first time, some milliseconds."""
        return detect().kind if settings.enabled else "none"

    def of(
        self, session: str, root: Path, settings: SandboxSettings, withheld: Collection[str] = ()
    ) -> Sandbox:
        """The session's sandbox for the work tree `root`; the same one as long as neither changes."""
        key = session, root, settings
        sandbox = self._kept.pop(key, None) or self._new(session, root, settings, withheld)
        self._kept[key] = sandbox
        while len(self._kept) > _MOST:
            self._kept.pop(next(iter(self._kept))).close()
        return sandbox

    def close(self) -> None:
        while self._kept:
            self._kept.popitem()[1].close()

    def _new(self, session: str, root: Path, settings: SandboxSettings, withheld: Collection[str]) -> Sandbox:
        folder = self.workspace.session(session)
        return self.make(root, folder / "private", settings, withheld, shown=(folder / "calls",))

    def make(
        self,
        root: Path,
        private: Path,
        settings: SandboxSettings,
        withheld: Collection[str] = (),
        shown: tuple[Path, ...] = (),
    ) -> Sandbox:
        """A sandbox that is nobody's but the caller's, who closes it. `private` is where its temp folder and home lie."""
        if not settings.enabled:
            return Unheld(OFF, withheld)
        found = detect()
        if found.kind == "none":
            return Unheld(found.note, withheld)
        surveyor = Surveyor(root.resolve(), home_folder(), self._state(), shown, _wishes(settings))
        if refusal := surveyor.refusal():
            return Unheld(refusal, withheld)
        if found.kind == "bubblewrap":
            from cairn_agents.sandbox.bubblewrap import Bubblewrap

            return Bubblewrap(
                found, surveyor, private, self._guards, settings.env, withheld, settings.network
            )
        if found.kind == "landlock":
            from cairn_agents.sandbox.landlock import Landlock

            return Landlock(surveyor, private, found.note, settings.env, withheld)
        from cairn_agents.sandbox.seatbelt import Seatbelt

        return Seatbelt(found.program, surveyor, private, settings.env, withheld)

    def _state(self) -> tuple[Path, ...]:
        """Everything that is Cairn's own, wherever it lies."""
        user = self.user
        folders = (
            self.workspace.local,
            user.config,
            user.data,
            user.runtime,
            user.socket(self.workspace).parent,
        )
        return tuple(dict.fromkeys(folder for folder in folders if folder != Path(tempfile.gettempdir())))


def _wishes(settings: SandboxSettings) -> Wishes:
    def absolute(names: tuple[str, ...]) -> tuple[Path, ...]:
        paths = (Path(name).expanduser() for name in names)
        return tuple(path for path in paths if path.is_absolute())

    return Wishes(absolute(settings.writable), absolute(settings.readable))

"""Where things lie: which workspace a folder belongs to, and the files and folders of both.

Standard library only, and no process is started: the terminal client asks this
at every start and must be quick.
"""

import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple  # not dataclasses: they cost every start of the terminal client 20 ms

SOCKET_PATH_LIMIT = 100
"""Bytes. A Unix socket's path holds 107 on Linux and 103 on macOS."""

IGNORE = "# Written by Cairn: what is private stays out of your commits.\n/.gitignore\n/local/\n"


class Workspace(NamedTuple):
    """A folder the agent works in.

    `root` is the work tree at hand. `home` is where `.cairn/` lies: the main work
    tree of the repository, so that all its worktrees share one memory and one
    host; `root` itself where there is no git.
    """

    root: Path
    home: Path

    @classmethod
    def of(cls, folder: Path) -> "Workspace":
        """The workspace that `folder` lies in. Raises FileNotFoundError when there is no such folder."""
        real = folder.resolve(strict=True)
        if not real.is_dir():
            raise NotADirectoryError(f"{folder} is not a folder; give Cairn the folder it shall work in")
        for candidate in (real, *real.parents):
            git = candidate / ".git"
            if git.is_dir():
                return cls(candidate, candidate)
            if git.is_file():
                return cls(candidate, _main_work_tree(candidate, git))
        return cls(real, real)

    @property
    def folder(self) -> Path:
        """`.cairn/`: project memory and configuration; a team may commit parts of it."""
        return self.home / ".cairn"

    @property
    def local(self) -> Path:
        """`.cairn/local/`: private to this machine and user."""
        return self.folder / "local"

    @property
    def database(self) -> Path:
        return self.local / "cairn.db"

    @property
    def blobs(self) -> Path:
        return self.local / "blobs"

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def key(self) -> str:
        """A short name for this workspace, the same for every process that asks."""
        return _digest(self.home, 16)

    def session(self, session: str) -> Path:
        """The private folder of one session: its run document, notes, command output."""
        return self.local / "sessions" / session

    def proposal(self, session: str) -> Path:
        """What the session proposes: `files/` as it would have them, `base/` as they were."""
        return self.local / "proposals" / session

    def create(self) -> None:
        """Makes the folders. Raises OSError when the workspace cannot be written."""
        self.folder.mkdir(exist_ok=True)
        self.local.mkdir(mode=0o700, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text(IGNORE, encoding="utf-8")


def _main_work_tree(root: Path, git_file: Path) -> Path:
    """A linked worktree's `.git` is a file that leads to the common git dir; a submodule's has none."""
    try:
        pointer = git_file.read_text(encoding="utf-8").strip().removeprefix("gitdir:").strip()
        git_dir = (root / pointer).resolve()
        common = (git_dir / (git_dir / "commondir").read_text(encoding="utf-8").strip()).resolve()
        back = (git_dir / (git_dir / "gitdir").read_text(encoding="utf-8").strip()).resolve()
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
        return root
    if back != git_file.resolve():
        return root  # git knows of no work tree here: a `.git` file may not claim another project's memory
    return common.parent if common.name == ".git" else common


def moved(path: str, old: str, new: str) -> str:
    """An absolute path below the folder `old`, as it is now that the folder is `new`; any other path as it is.

    `old` may come from another system: with drive letter and backslashes.
    """
    pure = PurePosixPath if old.startswith("/") else PureWindowsPath
    if not old:
        return path
    try:
        return str(Path(new, *pure(path).relative_to(pure(old)).parts))
    except ValueError:
        return path


class UserFolders(NamedTuple):
    """The user's own folders, all under CAIRN_HOME when that is set."""

    config: Path
    data: Path
    runtime: Path

    @classmethod
    def find(cls) -> "UserFolders":
        if home := os.environ.get("CAIRN_HOME"):
            base = Path(home).expanduser().absolute()
            return cls(base, base, base / "run")
        import warnings

        import platformdirs  # 25 ms, and only needed without CAIRN_HOME

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where XDG_RUNTIME_DIR is not set, a folder in /tmp does
            return cls(
                platformdirs.user_config_path("cairn", appauthor=False),
                platformdirs.user_data_path("cairn", appauthor=False),
                platformdirs.user_runtime_path("cairn", appauthor=False),
            )

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def prices_file(self) -> Path:
        return self.config / "prices.toml"

    def permissions(self, workspace: Workspace) -> Path:
        """What the user allowed in `workspace` for good: outside of it, so that no repository brings it along."""
        return self.data / "workspaces" / workspace.key / "permissions.toml"

    def socket(self, workspace: Workspace) -> Path:
        """Where the host of `workspace` listens; short enough for a Unix socket."""
        path = self.runtime / f"{workspace.key}.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
            return path
        import tempfile  # 10 ms, and only needed for a long path

        user = os.getuid() if hasattr(os, "getuid") else 0
        name = Path(f"cairn-{user}-{_digest(self.runtime, 8)}") / f"{workspace.key}.sock"
        short = Path(tempfile.gettempdir()) / name
        return short if len(os.fsencode(short)) <= SOCKET_PATH_LIMIT else Path("/tmp") / name


def _digest(path: Path, length: int) -> str:
    import hashlib  # OpenSSL takes 7 ms to load, and clients do not need it

    return hashlib.sha256(os.fsencode(path)).hexdigest()[:length]

"""What a command sees of the machine: which folders are hidden, shown to be read, or may be written.

Worked out for one work tree, and the same for every kind of sandbox. Nothing is changed here.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cairn_agents.sandbox.gitdirs import GitDirs
from cairn_agents.sandbox.protected import AT_THE_TOP, found
from cairn_agents.sandbox.toolchains import toolchains

_HIDDEN = ("/home", "/root", "/Users", "/run", "/tmp", "/var/tmp", "/mnt", "/media", "/private/tmp")
"""Where people and programs keep what is theirs: homes, sockets, other commands' files, other disks."""
_SECRET_FOLDERS = ("/etc/ssl/private", "/etc/wireguard", "/etc/openvpn", "/etc/NetworkManager/system-connections",
                   "/etc/sudoers.d", "/var/lib/docker", "/var/lib/containerd", "/var/spool/cron")  # fmt: skip
_SECRET_FILES = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers",
                 "/etc/security/opasswd", "/etc/krb5.keytab", "/etc/ssh/ssh_host_rsa_key",
                 "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key")  # fmt: skip
"""Those that only root may read: masked, since root may be who runs the host."""
_LOOKED_AT = 30.0
"""Seconds for which it holds what a look into the work tree's folders has found."""
_NESTED = 16
"""Repositories inside of the work tree that are looked after."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the settings say: folders a command may write or read besides, all absolute."""

    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """All paths are absolute, and no symlinks. Where two lie in each other the deeper one counts."""

    root: Path
    home: Path
    temp: tuple[Path, ...]
    """Folders that become the session's private temp folder."""
    hidden: tuple[Path, ...]
    masked: tuple[Path, ...]
    """Files in whose place there is an empty one."""
    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    protected: tuple[Path, ...]
    """To be read only, within what may be written."""
    missing: tuple[Path, ...]
    """Not there, and not to be made."""
    git: tuple[Path, ...] = ()
    """Git dirs that no other one shares."""


@dataclass
class Surveyor:
    """Works the layout out, anew for every command: what is there changes. `state` is Cairn's own, to be hidden."""

    root: Path
    home: Path
    state: tuple[Path, ...]
    shown: tuple[Path, ...] = ()
    """What of the state may be read all the same: the session's own output."""
    wishes: Wishes = Wishes()
    _seen: tuple[float, tuple[Path, ...]] = field(default=(-_LOOKED_AT, ()), init=False)

    def refusal(self) -> str:
        """Why commands in this work tree cannot be held, "" when they can."""
        if self.home.is_relative_to(self.root):
            return f"the workspace {self.root} holds your home folder; work in a folder below it to have a sandbox"
        return ""

    def layout(self) -> Layout:
        """Reads folders and files. Blocking: a millisecond, now and then some more."""
        git = GitDirs.of(self.root)
        nested, steering = self._look()
        hidden = tuple(self._hidden())
        everything = [git, *nested]
        present = [*steering, *(path for each in everything for path in each.protected)]
        absent = [path for name in AT_THE_TOP if not _is_there(path := self.root / name)] + [
            path for each in everything for path in each.missing
        ]
        return Layout(
            root=self.root,
            home=self.home,
            temp=tuple(path for path in hidden if path in _TEMP),
            hidden=hidden,
            masked=tuple(Path(name) for name in _SECRET_FILES if os.access(name, os.R_OK)),
            readable=tuple(_outermost(self._readable(hidden))),
            writable=tuple(
                _once(
                    [
                        self.root,
                        *_real(self.wishes.writable),
                        *(p for each in everything for p in each.writable),
                    ]
                )
            ),
            protected=tuple(_once(present)),
            missing=tuple(_once(absent)),
            git=tuple(_once(each.writable[0] for each in everything if each.writable)),
        )

    def _hidden(self) -> Iterable[Path]:
        """Every folder once, and none that lies in another, unless it lies in the work tree."""
        secret = [name for name in _SECRET_FOLDERS if os.access(name, os.X_OK)]
        wanted = [*map(Path, (*_HIDDEN, *secret)), self.home, *self.state]
        real = _once(_real(wanted))
        for path in real:
            around = [other for other in real if other != path and path.is_relative_to(other)]
            if not around or path == self.home or path.is_relative_to(self.root):
                yield path

    def _readable(self, hidden: tuple[Path, ...]) -> Iterable[Path]:
        yield from toolchains(self.home, os.environ.get("PATH", ""), hidden)
        yield from _real((*self.wishes.readable, *self.shown))
        resolver = Path(
            "/etc/resolv.conf"
        ).resolve()  # often a link into /run; without it no name has an address
        if resolver.is_file() and any(resolver.is_relative_to(folder) for folder in hidden):
            yield resolver

    def _look(self) -> tuple[list[GitDirs], list[Path]]:
        """Repositories inside of the work tree, and what steers other programs."""
        now = time.monotonic()
        if now - self._seen[0] >= _LOOKED_AT:
            self._seen = now, tuple(found(self.root))
        there = [path for path in self._seen[1] if _is_there(path)]
        there += [
            path for name in AT_THE_TOP if (path := self.root / name).exists() and not path.is_symlink()
        ]
        repositories = [path.parent for path in there if path.name == ".git"][:_NESTED]
        return [GitDirs.of(folder) for folder in repositories], [
            path for path in there if path.name != ".git"
        ]


_TEMP = (Path("/tmp"), Path("/var/tmp"), Path("/private/tmp"))


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _real(paths: Iterable[Path]) -> list[Path]:
    """Those that are folders, with every symlink followed."""
    return [path.resolve() for path in paths if path.is_dir()]


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Without those that lie in another one."""
    every = _once(paths)
    return [
        path for path in every if not any(path != other and path.is_relative_to(other) for other in every)
    ]


def _once(paths: Iterable[Path]) -> list[Path]:
    return list(dict.fromkeys(paths))

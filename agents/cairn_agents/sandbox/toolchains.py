"""Compilers, interpreters and tools that live in the user's home, where a command must still find them.

Home is hidden from commands. Shown again, to be read and run only, are the folders of well-known
version managers, without their credentials, and those that PATH names.
"""

import os
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

_KNOWN = (
    ".pyenv", ".rbenv", ".nodenv", ".jenv", ".goenv", ".asdf", ".nvm", ".volta", ".fnm", ".sdkman", ".rye",
    ".rustup", ".cargo/bin", ".cargo/registry", ".cargo/git", "go/bin", "go/pkg", ".gvm", ".swiftly", ".elan",
    ".local/bin", ".local/lib", ".local/pipx", ".local/share/uv", ".local/share/pipx", ".local/share/mise",
    ".local/share/fnm", ".local/share/pnpm", ".local/share/virtualenvs", ".local/share/hatch", ".bun/bin",
    ".deno/bin", ".dotnet", ".juliaup", ".ghcup/bin", ".ghcup/ghc", ".cabal/bin", ".stack/programs", ".opam",
    ".conda/envs", "miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".pixi/bin",
    ".pixi/envs", ".nix-profile", ".proto/bin", ".proto/shims", ".proto/tools", ".pub-cache/bin", "flutter",
    ".cache/pypoetry/virtualenvs", ".npm-global/bin", ".npm-global/lib", ".yarn/bin",
    ".config/yarn/global/node_modules", ".composer/vendor", ".config/composer/vendor",
)  # fmt: skip
_SIGNS = ("lib", "lib64", "libexec", "pkg", "pyvenv.cfg", "conda-meta")
"""What a folder above `bin` has when it is an installed toolchain, and not somebody's project."""
_LINKS = 400
"""Entries of a folder on PATH that are looked at for where they lead."""


@lru_cache(maxsize=32)
def toolchains(home: Path, path: str, hidden: tuple[Path, ...]) -> tuple[Path, ...]:
    """What of the `hidden` folders must be readable, for a PATH of `path`. Reads folders; nothing is asked of a project."""
    found = [home / name for name in _KNOWN if (home / name).is_dir()]
    for entry in dict.fromkeys(path.split(os.pathsep)):
        folder = Path(entry)
        if entry.startswith(os.sep) and _below(folder, hidden) and folder.is_dir():
            found += _installed(folder, home)
    return tuple(each for each in dict.fromkeys(found) if _below(each, hidden))


def _installed(folder: Path, home: Path) -> Iterator[Path]:
    """A folder on PATH, the installation around it, and those that its links lead to."""
    if folder == home:
        return  # a home on PATH is no reason to show it
    yield _whole(folder, home)
    with os.scandir(folder) as entries:
        links = [Path(entry.path) for entry in islice(entries, _LINKS) if entry.is_symlink()]
    for link in links:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):
            continue
        if target.is_file() and target.parent.name in ("bin", "sbin"):
            yield _whole(target.parent, home)


def _whole(folder: Path, home: Path) -> Path:
    """The installation that `folder` is the `bin` of; only itself where other things may lie around it."""
    above = folder.parent
    if folder.name not in ("bin", "sbin", "shims", "Scripts") or home.is_relative_to(above):
        return folder
    hidden_in_home = above.parent == home and above.name.startswith(".")
    if hidden_in_home or (above / ".git").exists():
        return folder
    return above if any((above / sign).exists() for sign in _SIGNS) else folder


def _below(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)

"""A layout as arguments for bubblewrap: mounts from the root down, so that the deeper one counts."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cairn_agents.sandbox.layout import Layout

_KERNEL = (
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/irq",
    "/proc/bus",
    "/proc/fs",
    "/proc/acpi",
    "/proc/scsi",
)
"""Settings of the kernel: it lets root write them from inside a user namespace, without any capability."""
_EMPTY_FILE = "/dev/null"


def mounts(layout: Layout, private: Path, empty: Path, guards: Iterable[Path]) -> list[str]:
    """`private` holds the session's `home` and `tmp`; `empty` is mounted on each of the `guards`."""
    every = list(_every(layout, private, empty, guards))
    every.sort(key=lambda mount: len(mount[-1].parts))  # stable: of two at one place the later one counts
    flat = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for path in filter(os.path.exists, _KERNEL if os.geteuid() == 0 else ()):
        flat += ("--ro-bind", path, path)
    for option, *paths in every:
        flat += (str(option), *map(str, paths))
    return flat


def _every(
    layout: Layout, private: Path, empty: Path, guards: Iterable[Path]
) -> Iterator[tuple[str, Path] | tuple[str, Path, Path]]:
    for path in layout.hidden:
        if path in layout.temp:
            yield "--bind", private / "tmp", path
        elif path == layout.home:
            yield "--bind", private / "home", path
        else:
            yield "--tmpfs", path
    for path in layout.masked:
        yield "--ro-bind", Path(_EMPTY_FILE), path
    for path in layout.readable:
        yield "--ro-bind-try", path.resolve(), path
    for path in layout.writable:
        yield "--bind", path, path
    for path in layout.protected:
        yield "--ro-bind-try", path, path
    for path in guards:
        yield "--ro-bind", empty, path

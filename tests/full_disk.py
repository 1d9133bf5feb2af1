"""A disk that takes nothing more, for one process: its files may not grow over a size.

The system refuses the write with EFBIG where a full disk says ENOSPC; both are "no room" to whoever writes,
and unlike a full disk this needs no rights and harms no other process. Linux only.
"""

import resource
from collections.abc import Callable


def within(size: int) -> Callable[[], None]:
    """For a child between fork and exec: no file of it, or of what it starts, grows over `size` bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return limit


def fill(process: int, size: int = 0) -> None:
    """From now on no file of a running process grows over `size` bytes."""
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def make_room(process: int) -> None:
    """Ends what `fill` began."""
    resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

"""How much memory this process holds."""

import os
import sys
from pathlib import Path


def resident_megabytes() -> float:
    """Resident memory in MB (10^6 bytes): now on Linux, the most so far on other Unixes, 0 where unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return _most_so_far()


if sys.platform == "win32":

    def _most_so_far() -> float:
        return 0.0

else:
    import resource

    def _most_so_far() -> float:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / 1e6 if sys.platform == "darwin" else most / 1e3  # bytes on macOS, else kilobytes

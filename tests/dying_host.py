"""A real host that kills itself in the midst of a deletion: it is committed, and no file is removed yet.

python tests/dying_host.py --workspace DIR
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from cairn_memory import rewriting
from cairn_memory.leftovers import Leftover
from cairn_server.host import main


def die(folder: Path, leftovers: Iterable[Leftover], in_use: Callable[[], set[str]]) -> None:
    """Stands in for the removal of what a rewriting left."""
    if list(leftovers):
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    rewriting.clear_away = die
    sys.exit(main(sys.argv[1:]))

"""A real host whose warm-up goes on when all else has ended, and then leaves a file `warmed` in the workspace.

It leaves `warming` as the warm-up begins.

python tests/slow_warming_host.py --workspace DIR
"""

import sys
import threading
from pathlib import Path

from cairn_agents.model import client
from cairn_server.host import main


def slowly() -> None:
    """Stands in for the import of the SDK."""
    (Path(sys.argv[2]) / "warming").touch()
    threading.main_thread().join()
    (Path(sys.argv[2]) / "warmed").touch()


if __name__ == "__main__":
    client.warm_up = slowly
    sys.exit(main(sys.argv[1:]))

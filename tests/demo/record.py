"""Makes the recording of `cairn demo` anew: plays the script through the whole demo and exports the session.

    python tests/demo/record.py

Needed when the script (turns.toml, tests/demo_harbours.py), the demo's project or the format changed.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent.parent))

from demo_script import script

from cairn_server.demo.perform import perform
from cairn_server.demo.run import PACE, RECORDING
from cairn_server.demo.table import show


def main() -> int:
    console = Console()
    with tempfile.TemporaryDirectory(prefix="cairn-demo-") as folder:
        story = asyncio.run(perform(Path(folder).resolve(), script(), PACE, console))
    show(story, console)
    if not all(promise.kept for promise in story.promises()):
        return 1
    RECORDING.write_text(story.exported.dump(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

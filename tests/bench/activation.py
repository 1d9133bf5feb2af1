"""How quick Cairn shows in a real VS Code: `python activation.py [ROUNDS] [FOLDER]`, 5 rounds without an argument.

Needs what `make test-editor` has set up. Opens a window on a workspace with two tasks, with no host running (cold) and
with one (warm), and takes the time from when VS Code began to read the extension until the task's row is drawn in the Tasks
view. In the warm windows another task is renamed elsewhere, again and again: the time from each event in the log until
its row is drawn. A FOLDER is a workspace with a history, made by editor.py. Writes into editor.md.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from editor import RESULTS
from host_ending import end_host
from scale import at, yardstick
from sections import as_installed, measured, publish

from cairn_memory.places import Workspace
from cairn_server import launch

RIG = Path(os.environ.get("CAIRN_RIG", Path(__file__).parents[2] / ".rig"))
CAIRN = Path(sys.executable).with_name("cairn")
TASK = "Lay the first stone"
OTHER = "Turn the second stone"
CHANGES = 12
"""In each warm window."""


class Windows:
    """VS Code on `folder`, one window after another; each knows which views the one before had open.

    A line before the extension's own says when it began to be read: nothing of what VS Code shows tells that.
    """

    def __init__(self, folder: Path, scratch: Path, port: int) -> None:
        self._folder, self._port, self._scratch = folder, port, scratch
        self._loaded = scratch / "loaded"
        self._extensions = scratch / "extensions"
        shutil.copytree(RIG / "extensions", self._extensions)
        (program,) = self._extensions.glob("cairn*/dist/extension.js")
        note = f"require('node:fs').writeFileSync({json.dumps(str(self._loaded))}, String(Date.now()));"
        program.write_text(f"{note}\n{program.read_text(encoding='utf-8')}", encoding="utf-8")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The host's answer; it is started when none runs."""
        channel = launch.connect(Workspace.of(self._folder), "rpc", "bench", 60.0)
        try:
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            channel.socket.sendall(json.dumps(request).encode("utf-8") + b"\n")
            return json.loads(channel.reader.readline())["result"]
        finally:
            channel.close()

    def task(self, title: str) -> str:
        """The number of a task, created unless it is there."""
        there = self.ask("cairn/task/list")["tasks"]
        made = [task["id"] for task in there if task["title"].startswith(title)]
        return (
            made[0] if made else self.ask("cairn/task/change", action="create", title=title)["tasks"][0]["id"]
        )

    def open(self, **given: Any) -> dict[str, Any]:
        """What the window measured. Raises RuntimeError with what it said when it failed."""
        facts = {
            "rig": str(RIG),
            "extensions": os.path.relpath(self._extensions, RIG),
            "loaded": str(self._loaded),
            "folder": str(self._folder),
            "scratch": str(self._scratch),
            "port": self._port,
        }
        facts |= {"server": [str(CAIRN)], "task": TASK, "titles": [], "prepare": False}
        script = Path(__file__).with_suffix(".mjs")
        run = subprocess.run(
            ["node", str(script), json.dumps(facts | given)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if run.returncode:
            raise RuntimeError(run.stdout + run.stderr)
        return {} if given.get("prepare") else json.loads(run.stdout.splitlines()[0])


def measure(windows: Windows, folder: Path, rounds: int) -> str:
    windows.task(TASK)
    other = windows.task(OTHER)
    windows.open(prepare=True)
    cold, warm, panels = list[float](), list[float](), list[float]()
    for number in range(rounds):
        end_host(folder)
        cold.append(windows.open()["first"])
        titles = [f"{OTHER}, {os.getpid()} {number} {time}" for time in range(CHANGES)]
        found = windows.open(other=other, titles=titles)
        warm.append(found["first"])
        panels += found["panels"]
    rows = "\n".join(
        f"| {name} | {at(times, 0.5):.0f} | {at(times, 0.95):.0f} | {max(times):.0f} |"
        for name, times in (
            ("activation to first row, no host runs", cold),
            ("activation to first row, a host runs", warm),
            ("event to its row", panels),
        )
    )
    return f"| drawn in VS Code | p50 | p95 | longest |\n|---|---|---|---|\n{rows}"


def main(rounds: int, folder: Path, scratch: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    as_installed()
    os.environ["CAIRN_HOME"] = str(scratch / "home")
    try:
        table = measure(Windows(folder, scratch, 21_000 + os.getpid() % 10_000), folder, rounds)
    finally:
        end_host(folder)
    text = f"""\
## The views in VS Code

{measured("tests/bench/activation.py")} `import openai` takes {yardstick():.0f} ms of processor time here (420 on the machine
of the aims). Milliseconds, of {rounds} windows each and {rounds * CHANGES} events:

{table}
"""
    print(text)
    publish("activation", text, RESULTS)


if __name__ == "__main__":
    count = int(sys.argv[1]) if sys.argv[1:] else 5
    with tempfile.TemporaryDirectory() as name:
        place = Path(sys.argv[2]) if sys.argv[2:] else Path(name) / "work"
        place.mkdir(parents=True, exist_ok=True)
        scratch = Path(name) / "scratch"
        scratch.mkdir()
        main(count, place, scratch)

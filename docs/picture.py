"""Draws `docs/run.svg` from a real `cairn demo` in a real (pseudo) terminal: `python docs/picture.py`.

Unix only. It keeps the first rows, the rows around the kill and the last ones, and says how many it left out.
"""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

WIDTH = 118
SHOWN = Path(__file__).with_name("run.svg")
_CONTROL = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-ln-z])|\r|\n")
"""Cursor movements, erasures, line ends; colours (those that end in `m`) stay in the text."""


def terminal_output(command: list[str], rows: int = 40) -> str:
    """All that `command` writes to a terminal of WIDTH columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(WIDTH), "LINES": str(rows), "TERM": "xterm-256color"}
    environment["COLORTERM"] = "truecolor"
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        written = bytearray()
        try:
            while piece := os.read(ours, 65_536):
                written += piece
        except OSError:  # Linux: the other end is closed
            pass
        os.close(ours)
        if process.wait() != 0:
            sys.exit(f"{' '.join(command)} failed:\n{written[-2_000:].decode('utf-8', 'replace')}")
    return written.decode("utf-8", "replace")


def final_rows(output: str) -> list[str]:
    """What stands on the terminal in the end, colours kept. Knows the few controls that rich's Live uses."""
    rows, row, position, fresh = [""], 0, 0, False

    def write(text: str) -> None:
        nonlocal fresh
        if text:
            rows[row] = text if fresh else rows[row] + text
            fresh = False

    for control in _CONTROL.finditer(output):
        write(output[position : control.start()])
        position = control.end()
        match control[0], control[2]:
            case "\n", _:
                row, fresh = row + 1, False
                rows += [""] * (row == len(rows))
            case "\r", _:
                fresh = True
            case _, "A":
                row = max(0, row - int(control[1] or 1))
            case _, "K":
                rows[row] = ""
            case _:
                pass
    write(output[position:])
    return rows


def chosen(rows: list[str]) -> list[str]:
    """The beginning, the kill, and the end."""
    texts = [Text.from_ansi(row).plain for row in rows]
    kill = next(number for number, text in enumerate(texts) if "SIGKILL" in text)
    end = next(number for number, text in enumerate(texts) if text.strip() == "What happened")
    last = next(number for number, text in enumerate(texts) if text.startswith("To give a real model"))
    picture: list[str] = []
    before = 0
    for first, after in ((0, 24), (kill - 4, kill + 9), (end - 6, last - 1)):
        first = max(first, before)
        if first > before:
            picture.append(f"\x1b[2m  ⋮  {first - before} rows\x1b[0m")
        picture += rows[first:after]
        before = after
    return picture


def main() -> None:
    rows = final_rows(terminal_output([sys.executable, "-m", "cairn_server.cli", "demo"]))
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(
            record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="truecolor"
        )
        console.print(Text("$ make demo", style="bold"))
        for row in chosen(rows):
            console.print(Text.from_ansi(row), soft_wrap=True)
        svg = console.export_svg(title="cairn demo", theme=MONOKAI, unique_id="run")
    without_fonts = re.sub(
        r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL
    )  # they point at another's server
    SHOWN.write_text(without_fonts, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

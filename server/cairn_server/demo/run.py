"""`cairn demo`: the command, what it says first and last, and its exit code."""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from cairn_agents.recording import Recording, RecordingError, read
from cairn_server.demo import editor
from cairn_server.demo.command import CommandFailed
from cairn_server.demo.perform import perform
from cairn_server.demo.table import show

RECORDING = Path(__file__).parent / "recording.jsonl"
PACE = 0.03
"""Seconds a turn takes, so that a person can follow."""

_OPENING = """\
[bold]Cairn demo.[/] The model's turns are [bold]replayed from a recording[/], written for this
demo: no model is asked, no key is needed. Everything else is real: the host,
the HTTP, the tools, the files, the tests, the rebuilds of a small window,
the kill and the resume.
"""

_CLOSING = """
To give a real model a real task, in any git repository:

  export OPENAI_BASE_URL=https://api.openai.com/v1   # or a compatible one
  export OPENAI_API_KEY=...                          # a local one needs none
  export CAIRN_MODEL=...                             # a model it has
  cairn run "Make the failing tests pass"
"""


def main(argv: list[str]) -> int:
    """The command. Returns 0 when everything it promises was so, 1 when not."""
    parser = argparse.ArgumentParser(
        prog="cairn demo", description="A long recorded run in a small window, killed and resumed."
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="work in this new or empty folder and keep it"
    )
    parser.add_argument("--fast", action="store_true", help="as fast as it goes, not as fast as one can read")
    parser.add_argument(
        "--new", type=Path, metavar="DIR", help="for editors: make the short demo's project in DIR"
    )
    parser.add_argument("--stdio", action="store_true", help="for editors: speak LSP for that project")
    options = parser.parse_args(argv)
    console = Console()
    try:
        if options.new is not None:
            return editor.new(options.new)
        if options.stdio:
            return editor.stdio(Path.cwd())
        recording = read(RECORDING)
        pace = 0.0 if options.fast else PACE
        if options.keep is None:
            return _in_passing(recording, pace, console)
        return _demo(_empty(options.keep), recording, pace, console)
    except (RecordingError, CommandFailed, editor.NoDemo, OSError, subprocess.SubprocessError) as error:
        print(f"cairn demo: {_why(error, options.new or options.keep)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _why(error: Exception, folder: Path | None) -> str:
    """In one line, with what to do about it."""
    if isinstance(error, FileNotFoundError) and error.filename == "git":
        return "git is not on PATH and the demo's project is a repository: install git"
    if isinstance(error, OSError) and folder and _concerns(error, folder.absolute()):
        return f"no project can be made in {folder}: {error.strerror}; name a folder that can be written"
    return str(error)


def _concerns(error: OSError, folder: Path) -> bool:
    """Whether it is of a file in the folder, or of what the folder lies in."""
    if not error.strerror or not isinstance(error.filename, str):
        return False
    place = Path(error.filename).absolute()
    return place.is_relative_to(folder) or folder.is_relative_to(place)


def _in_passing(recording: Recording, pace: float, console: Console) -> int:
    folder = Path(tempfile.mkdtemp(prefix="cairn-demo-")).resolve()
    try:
        return _demo(folder, recording, pace, console)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: give --keep a new folder")
    return folder.resolve()


def _demo(folder: Path, recording: Recording, pace: float, console: Console) -> int:
    console.print(_OPENING, soft_wrap=True)
    story = asyncio.run(perform(folder, recording, pace, console))
    show(story, console)
    console.print(_CLOSING, highlight=False)
    return 0 if all(promise.kept for promise in story.promises()) else 1

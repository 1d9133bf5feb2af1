"""A results file of several benchmarks: each replaces its own section and leaves the others as they are."""

import os
import platform
import time
from pathlib import Path

MEMORY = Path(__file__).with_name("memory.md")
"""Where what concerns memory is written down."""


def publish(name: str, text: str, file: Path = MEMORY) -> None:
    """Puts `text` (Markdown, with its heading) in place of the section `name`, or at the end when there is none."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    before = file.read_text(encoding="utf-8") if file.exists() else "# Memory, measured\n"
    head, found, rest = before.partition(begin)
    if found:
        _, _, tail = rest.partition(end)
        file.write_text(f"{head}{section}{tail}", encoding="utf-8")
    else:
        file.write_text(f"{before.rstrip()}\n\n{section}\n", encoding="utf-8")


def as_installed() -> None:
    """Processes started after this keep what Python compiles, as a user's do; some containers forbid it."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""


def measured(by: str) -> str:
    """One line: when, by what, and on which machine."""
    return (
        f"Measured {time.strftime('%Y-%m-%d')} by `{by}` on {platform.system()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}."
    )

"""What stdin and stdout are: a person's terminal, or not."""

import os
import sys


def is_live() -> bool:
    """Whether stdout is a terminal that may be drawn on."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def has_person() -> bool:
    """Whether somebody sees what is written and can press keys."""
    return sys.stdin.isatty() and sys.stdout.isatty()

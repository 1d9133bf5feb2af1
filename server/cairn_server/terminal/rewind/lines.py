"""Lines on stdout: in colours for a person's terminal, plain for a pipe."""

import sys
from collections.abc import Sequence

from cairn_server.terminal.line import Line, plain
from cairn_server.terminal.screen import is_live


def write(lines: Sequence[Line]) -> None:
    """Writes them all; long ones are left to the terminal, so that a diff stays one."""
    if not is_live():
        sys.stdout.write(plain(lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    for each in lines:
        text = Text()
        for span in each.spans:
            text.append(span.text, span.style)
        console.print(text)

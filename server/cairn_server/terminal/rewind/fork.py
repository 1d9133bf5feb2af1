"""`cairn fork`: another session goes on from a place in this one, and is followed."""

import json
from argparse import Namespace
from typing import Any

from cairn_server.terminal.choices import Choices
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import FAILED
from cairn_server.terminal.line import Span, line
from cairn_server.terminal.rewind.lines import write
from cairn_server.terminal.rewind.rewind import PATIENCE, told
from cairn_server.terminal.run import follow
from cairn_server.terminal.sessions import pick, reach


def fork(dial: Dial, options: Namespace) -> int:
    """`cairn fork CHECKPOINT [PROMPT]`. Exits as `run` does; with 1 when --files overlaps: then nothing was begun."""
    connection = reach(dial)
    choices = Choices.of(options)
    source = pick(connection, options.session)["session"]
    params = {
        "session": source,
        "at": options.at,
        "prompt": options.prompt,
        "files": options.files,
        "settings": choices.settings(),
    }
    begun: dict[str, Any] = connection.request("cairn/fork/start", params, PATIENCE)
    if not begun["session"]:
        write(told(begun["rewind"])) if not options.json else print(json.dumps(begun))
        return FAILED
    if not options.json:
        files = (
            "the work since then was taken back in the files"
            if options.files
            else "the files stay as they are"
        )
        said = f"{begun['session']} goes on from {options.at} (e{begun['at']}) of {source}; {files}"
        write([line("", Span(said, "bold"))])
    return follow(
        dial, connection, begun["session"], begun["since"], choices, typed=options.prompt or "", known=True
    )

"""The options of `cairn gate`; imported at every start of the client, so it imports little."""

import argparse

from cairn_server.terminal.options import as_json, commands_of, flag, folder


def gate(parser: argparse.ArgumentParser) -> None:
    """What may be asked of the gate."""

    def check(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "cmd", nargs="?", default="", metavar="CMD", help="a shell command, as one argument"
        )
        parser.add_argument(
            "--batch", metavar="FILE", help="a command a line, or JSON lines with `command`; - for stdin"
        )
        parser.add_argument("--tool", metavar="NAME", help="another tool than bash, with --path")
        parser.add_argument("--path", metavar="PATH", help="the file of a call of that tool")
        parser.add_argument("--mode", choices=("build", "plan", "propose"), help="as in that mode")

    parser.set_defaults(batch=None, tool=None, path=None, network=False, unsandboxed=False)
    table = {
        "check": (
            "Say what the gate would do with a command or a file call.",
            check,
            flag("--network", "as if the command asked for the network"),
            flag("--unsandboxed", "as if the command asked to run outside the sandbox"),
            as_json,
            folder,
        )
    }
    commands_of(parser, "WHAT", "what", table)

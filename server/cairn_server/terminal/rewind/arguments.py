"""The options of `cairn diff`, `cairn rewind` and `cairn fork`. Scripts rely on them."""

import argparse

PLACE = "a step (s12), a checkpoint (c3), an event (e123), a task (T1.2), or start"


def diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("of", metavar="WHAT", nargs="?", default="",
                        help="a step (s12) or task (T1.2), or since a checkpoint (c3) or event (e123); everything by default")  # fmt: skip
    _session(parser)
    parser.add_argument("--stat", action="store_true", default=False, help="only which files, and how much")


def rewind(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("to", metavar="TO", nargs="?", default="", help=PLACE)
    _session(parser)
    parser.add_argument("--files", action="store_true", default=False, help="only the files")
    parser.add_argument("--conversation", action="store_true", default=False, help="only the conversation")
    parser.add_argument(
        "--preview", action="store_true", default=False, help="show what it would do; change nothing"
    )
    parser.add_argument(
        "--undo", action="store_true", default=False, help="put back what the last rewind took"
    )


def fork(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("at", metavar="CHECKPOINT", help=PLACE)
    parser.add_argument("prompt", metavar="PROMPT", nargs="?", default=None,
                        help="what the new session is to do; the goal of the old one by default")  # fmt: skip
    _session(parser)
    parser.add_argument("--files", action="store_true", default=False,
                        help="take the work since then back in the files, too; without it they stay as they are")  # fmt: skip


def _session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--session", metavar="SESSION", default=None,
                        help="its id, or the beginning of it; the working or newest one by default")  # fmt: skip

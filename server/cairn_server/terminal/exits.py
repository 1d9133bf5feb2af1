"""Exit codes, which scripts rely on, and the exception that ends a command with one of them."""

DONE = 0
FAILED = 1
USAGE = 2
WAITING = 3
BUDGET = 4
INTERRUPTED = 130

BY_STATE = {
    "done": DONE,
    "failed": FAILED,
    "waiting": WAITING,
    "budget": BUDGET,
    "interrupted": INTERRUPTED,
}
"""The exit code of a run, by the state in which its session came to rest."""


class CommandFailed(Exception):
    """The person reacts: the command ends with `code` and this one line on stderr."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code

"""Which action of `cairn memory` does what."""

from argparse import Namespace
from collections.abc import Callable

from cairn_server.terminal.connection import Dial

Action = Callable[[Dial, Namespace], int]


def memory(dial: Dial, options: Namespace) -> int:
    """Does the action that `options` name. Returns the exit code."""
    from cairn_server.terminal.memory import claims, deleting, files, health, policy, searching

    actions: dict[str, Action] = {
        "list": claims.listed,
        "search": searching.search,
        "show": claims.show,
        "remember": claims.remember,
        "forget": claims.forget,
        "edit": files.edit,
        "files": files.files,
        "log": files.log,
        "diff": files.diff,
        "undo": files.undo,
        "proposals": claims.proposals,
        "accept": claims.accept,
        "reject": claims.reject,
        "reindex": health.reindex,
        "doctor": health.doctor,
        "where": policy.where,
        "export": policy.export,
        "import": policy.imports,
        "delete": deleting.delete,
        "expire": deleting.expire,
    }
    return actions[options.action](dial, options)

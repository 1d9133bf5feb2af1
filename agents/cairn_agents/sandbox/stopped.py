"""Tells from a failed command's output whether the sandbox stopped it, and says so in one plain sentence."""

import re

from cairn_agents.sandbox.base import Grant, Kind

_NETWORK = re.compile(
    r"network is unreachable|ENETUNREACH|could not resolve (host|proxy)|temporary failure in name resolution|"
    r"name or service not known|EAI_AGAIN|getaddrinfo (ENOTFOUND|failed)|no address associated with hostname|"
    r"failed to (lookup|establish a new connection)|unable to resolve|nodename nor servname|"
    r"is not among the hosts that commands may reach|Tunnel connection failed: 403|CONNECT tunnel failed, response 403",
    re.IGNORECASE,
)
_FILES = re.compile(r"read-only file system|EROFS|device or resource busy|EBUSY", re.IGNORECASE)
_RIGHTS = re.compile(
    r"operation not permitted|\bEPERM\b|permission denied|\bEACCES\b|PermissionError", re.IGNORECASE
)
_SETUP = re.compile(r"\A(bwrap|nsenter|sandbox-exec|cairn sandbox): ")
_LOOKED_AT = 20_000
"""Characters from each end of an output."""


def stopped(text: str, code: int | None, kind: Kind, grant: Grant) -> str:
    """The sentence, "" when nothing points to the sandbox. It is a guess from words: the output stands beside it."""
    if kind == "none" or not code:
        return ""
    if _SETUP.match(text):
        return "The sandbox could not be made, so the command did not run. `unsandboxed: true` would run it without one, after a person allowed it."
    ends = text if len(text) <= 2 * _LOOKED_AT else f"{text[:_LOOKED_AT]}\n{text[-_LOOKED_AT:]}"
    if not grant.network and _NETWORK.search(ends):
        return (
            "The sandbox gives commands no network. If this one needs it, call it again with `network: true`."
        )
    if _FILES.search(ends):
        return (
            "The sandbox lets commands write only the work tree (not its .git settings, .cairn, editor and agent "
            "files) and /tmp. Use `write` or `edit` for such a file, or `unsandboxed: true`; a person is asked."
        )
    if _RIGHTS.search(ends):
        return (
            "Perhaps the sandbox stopped this: it hides the home folder, other processes and Unix sockets. If the "
            "command must reach them, call it again with `unsandboxed: true`; a person is asked."
        )
    return ""

"""The host itself on the wire: how it stands, its settings, and its end."""

from typing import Any

from cairn_server.protocol.base import Wire
from cairn_server.protocol.sessions import SessionInfo


class HostStatus(Wire):
    """`cairn/host/status`. `background` names commands that outlive their step, each as session/call."""

    version: str
    protocol: int
    pid: int
    workspace: str
    address: str
    uptime: float
    clients: int
    last_seq: int
    memory_mb: float
    running: list[SessionInfo]
    background: list[str]
    approvals: int
    model: str
    base_url: str
    sandbox: str
    problems: list[str]


class StopHost(Wire):
    """`cairn/host/stop`: refused while runs go on, unless `force`; they can be resumed later."""

    force: bool = False


class Stopped(Wire):
    """`stopped` is false when the host stays because of the `running` sessions. `background` ends with the host."""

    stopped: bool
    running: list[str]
    background: list[str]


class ConfigReport(Wire):
    """`cairn/host/config`: the settings in force, where each comes from, and what is wrong."""

    effective: dict[str, Any]
    origins: dict[str, str]
    """For every key with its dots (`model.name`): "built-in", a file, or an environment variable."""
    files: list[str]
    problems: list[str]

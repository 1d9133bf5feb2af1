"""One call of a method: untrusted params in, a result or one error out, the same on both faces."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from pydantic import ValidationError

from cairn_agents.gate.contract import ContractError
from cairn_agents.gate.rights import TrustRefused
from cairn_agents.gate.standing import StandingError
from cairn_agents.gate.why import WhyError
from cairn_agents.mentions import MentionError
from cairn_agents.runs import RunError, Runs
from cairn_memory.errors import ClaimError, StoreError
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.tasks import TaskError
from cairn_server import protocol as wire
from cairn_server.connection import Connection
from cairn_server.editors.editors import OpenEditors
from cairn_server.views.news import ViewNews

TOLD = (
    RunError,
    StoreError,
    ClaimError,
    TaskError,
    ContractError,
    StandingError,
    TrustRefused,
    WhyError,
    MentionError,
)
"""Errors that say in one line what whoever asked must know."""
FAILED = -32001
"""The method was understood and could not be done; the message says why and what to do."""
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

log = logging.getLogger(__name__)


class HostControl(Protocol):
    """What the methods ask of the process they run in."""

    workspace: Workspace
    editors: OpenEditors
    views: ViewNews

    def status(self) -> wire.HostStatus: ...

    def stop(self) -> None:
        """Begins to stop; returns at once."""
        ...

    async def document(self, session: str) -> Path:
        """The Markdown file of a session, written up to now and kept up with the run."""
        ...

    def document_line(self, session: str, seq: int) -> int:
        """The line (from 0) of a session's document, once it was asked for, that tells of event `seq`."""
        ...

    async def rewritten(self) -> None:
        """The log was rewritten: what was made of it is made anew."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler works with, and who asked."""

    host: HostControl
    runs: Runs
    log: EventLog
    connection: Connection


P = TypeVar("P", bound=wire.Wire)
R = TypeVar("R", bound=wire.Wire)


@dataclass(frozen=True, slots=True)
class Method(Generic[P, R]):
    """One method: its name on the wire, what goes in, what comes out, who does it."""

    name: str
    params: type[P]
    result: type[R]
    handler: Callable[[Context, P], Awaitable[R]]


class CallError(Exception):
    """The client is told: a JSON-RPC error with a `code` and one line."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = " ".join(message.split())[:2_000]


async def call(method: Method[Any, Any], context: Context, params: object) -> dict[str, Any]:
    """Does what a client asked, from untrusted params to the JSON of the result. Raises CallError only."""
    try:
        result = await method.handler(context, _checked(method, params))
    except TOLD as error:
        raise CallError(FAILED, str(error)) from error
    except CallError:
        raise
    except Exception as error:  # the edge between a client and the host, for both faces
        log.exception("%s failed", method.name)
        raise CallError(
            INTERNAL_ERROR, f"{method.name} failed inside the host; host.log has the details"
        ) from error
    return cast(wire.Wire, result).model_dump(mode="json")


def _checked(method: Method[Any, Any], params: object) -> wire.Wire:
    if params is None:
        params = {}
    if not isinstance(params, dict):
        raise CallError(INVALID_PARAMS, f"params of {method.name} must be an object")
    try:
        return method.params.model_validate(params)
    except ValidationError as error:
        raise CallError(INVALID_PARAMS, f"{method.name}: {_explain(error)}") from None


def _explain(error: ValidationError) -> str:
    """The first thing wrong, by the field's name. Values are not repeated: one may be a key."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])[:200].encode("utf-8", "replace").decode("utf-8")
    what = "there is no such field" if first["type"] == "extra_forbidden" else first["msg"]
    more = error.error_count() - 1
    return f"{field}: {what}" + (f" (and {more} more)" if more else "")

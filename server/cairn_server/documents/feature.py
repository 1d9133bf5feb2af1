"""What a language feature is: one LSP request, answered for our pages and for nothing else."""

import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from cairn_server.call import FAILED, TOLD
from cairn_server.documents.desk import Desk

log = logging.getLogger(__name__)


class Feature(NamedTuple):
    """`answer` gets the desk and the request's params; `nothing` is the answer when it fails."""

    method: str
    answer: Callable[[Desk, Any], Awaitable[Any]]
    options: Any = None
    nothing: Any = None


@contextmanager
def told() -> Generator[None]:
    """What a person can do something about goes to the editor as an error of one line."""
    try:
        yield
    except TOLD as error:
        raise JsonRpcException(" ".join(str(error).split()), FAILED) from error


def mount(server: LanguageServer, desk: Desk, features: Sequence[Feature]) -> None:
    """Has pygls announce and serve them."""
    for feature in features:
        server.feature(feature.method, feature.options)(_guarded(feature, desk))


def _guarded(feature: Feature, desk: Desk) -> Callable[[Any], Awaitable[Any]]:
    async def answer(params: Any) -> Any:
        try:
            with told():
                return await feature.answer(desk, params)
        except JsonRpcException:
            raise
        except Exception:  # an editor pops up what a code lens fails with, and asks again ten times a second
            log.exception("%s could not be answered", feature.method)
            return feature.nothing

    return answer

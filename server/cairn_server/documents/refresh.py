"""Refresh: an editor asks for lenses, hints and colours when a text changes, and must be told when the memory behind it did."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from cairn_server.documents.desk import Desk

PATIENCE = 10.0
"""Seconds for the editor to say that it has heard."""


class Refresh:
    """Has one editor ask again. Not for diagnostics, which are told to it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self) -> None:
        """Returns when the editor has heard, or did not answer in time. One that cannot do this is left alone."""
        with contextlib.suppress(TimeoutError, ConnectionError, JsonRpcException):
            async with asyncio.timeout(PATIENCE):
                for ask in self._understood():
                    await ask(None)

    def _understood(self) -> list[Callable[[None], Awaitable[None]]]:
        server = self._desk.server
        workspace = server.client_capabilities.workspace or types.WorkspaceClientCapabilities()
        pairs = [
            (workspace.code_lens, server.workspace_code_lens_refresh_async),
            (workspace.inlay_hint, server.workspace_inlay_hint_refresh_async),
            (workspace.semantic_tokens, server.workspace_semantic_tokens_refresh_async),
        ]
        return [ask for can, ask in pairs if can is not None and can.refresh_support]

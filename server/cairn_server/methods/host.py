"""The host itself: how it stands, its end, its settings."""

import asyncio
from typing import Any

from cairn_agents.sandbox.detect import detect
from cairn_server import protocol as wire
from cairn_server.call import Context, Method


async def _status(context: Context, params: wire.Nothing) -> wire.HostStatus:
    await asyncio.to_thread(detect)  # tries it out the first time
    return context.host.status()


async def _stop(context: Context, params: wire.StopHost) -> wire.Stopped:
    running = [run.session for run in context.runs.running()]
    background = list(context.runs.background())
    if running and not params.force:
        return wire.Stopped(stopped=False, running=running, background=background)
    context.host.stop()
    return wire.Stopped(stopped=True, running=running, background=background)


async def _config(context: Context, params: wire.Nothing) -> wire.ConfigReport:
    loaded = context.runs.config()
    return wire.ConfigReport(
        effective=loaded.config.model_dump(mode="json"),
        origins=loaded.origins,
        files=[str(path) for path in loaded.files],
        problems=loaded.problems,
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/host/status", wire.Nothing, wire.HostStatus, _status),
    Method("cairn/host/stop", wire.StopHost, wire.Stopped, _stop),
    Method("cairn/host/config", wire.Nothing, wire.ConfigReport, _config),
)

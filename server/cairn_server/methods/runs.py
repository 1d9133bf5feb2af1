"""Runs: begin one, take one up, interrupt it, read its document."""

import os
from pathlib import Path
from typing import Any

from cairn_agents.gate.contract import ContractFile
from cairn_agents.runs import RunSettings
from cairn_memory.places import Workspace
from cairn_server import protocol as wire
from cairn_server.call import FAILED, INVALID_PARAMS, CallError, Context, Method


async def _start(context: Context, params: wire.StartRun) -> wire.RunStarted:
    root = _root(context.host.workspace, params.root)
    session, since = await context.runs.start(params.prompt, root, params.mode, run_settings(params.settings))
    return wire.RunStarted(session=session, since=since)


async def _resume(context: Context, params: wire.ResumeRun) -> wire.RunStarted:
    session = None if params.session is None else context.runs.find(params.session)
    session, since = await context.runs.resume(session, params.prompt, run_settings(params.settings))
    return wire.RunStarted(session=session, since=since)


async def _interrupt(context: Context, params: wire.SessionRef) -> wire.Interrupted:
    session = context.runs.find(params.session)
    interrupted = await context.runs.interrupt(session, context.connection.client)
    return wire.Interrupted(interrupted=interrupted)


async def _document(context: Context, params: wire.SessionRef) -> wire.Document:
    return wire.Document(path=str(await context.host.document(context.runs.find(params.session))))


def run_settings(chosen: wire.Settings) -> RunSettings:
    """What a client chose for a run."""
    return RunSettings(
        model=chosen.model,
        base_url=chosen.base_url,
        api_key=chosen.api_key,
        window=chosen.window,
        max_steps=chosen.max_steps,
        max_tokens=chosen.max_tokens,
        max_cost=chosen.max_cost,
        max_seconds=chosen.max_seconds,
        unattended=chosen.unattended,
        deny_after=chosen.deny_after,
        approve_all=chosen.approve_all,
        contract=ContractFile(chosen.contract.file, chosen.contract.text) if chosen.contract else None,
    )


def _root(workspace: Workspace, chosen: str | None) -> Path:
    """The work tree a run is to work in: the host's, or another work tree of the same repository."""
    if chosen is None:
        return workspace.root
    if not os.path.isabs(chosen):
        raise CallError(INVALID_PARAMS, "root: give an absolute path")
    try:
        found = Workspace.of(Path(chosen))
    except (OSError, ValueError) as error:
        raise CallError(FAILED, f"root {chosen} is no folder that can be worked in: {error}") from error
    if found.home != workspace.home:
        raise CallError(
            FAILED, f"root {chosen} belongs to another workspace ({found.home}); ask that one's host"
        )
    return found.root


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/run/start", wire.StartRun, wire.RunStarted, _start),
    Method("cairn/run/resume", wire.ResumeRun, wire.RunStarted, _resume),
    Method("cairn/run/interrupt", wire.SessionRef, wire.Interrupted, _interrupt),
    Method("cairn/run/document", wire.SessionRef, wire.Document, _document),
)

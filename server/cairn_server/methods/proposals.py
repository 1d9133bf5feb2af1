"""What agents propose, and a person's answers, part by part."""

from collections.abc import Sequence
from typing import Any

from cairn_agents.proposals.hunks import Hunk
from cairn_agents.proposals.proposals import Answer, Proposal, ProposedFile
from cairn_server import protocol as wire
from cairn_server import words
from cairn_server.call import Context, Method
from cairn_server.views.row import LABEL, short
from cairn_server.visible import visible

TITLE = 50
"""Characters of a goal in the title of a tab."""
LINES = 400
"""Lines of each side of a part that are sent; a client that wants all asks for the texts."""


async def _list(context: Context, params: wire.ListChanges) -> wire.ChangesList:
    found = await context.runs.proposals.all()
    return wire.ChangesList(proposals=[_info(context, each) for each in found])


async def _show(context: Context, params: wire.ShowChanges) -> wire.ChangesShown:
    found = await context.runs.proposals.show(params.session)
    info = context.runs.info(found.session)
    files = [_file(each, params.texts) for each in found.files if params.path in ("", each.name)]
    return wire.ChangesShown(
        session=found.session,
        goal=info.goal,
        title=short(info.goal, TITLE),
        state=info.state,
        changed=found.changed,
        files=files,
    )


async def _accept(context: Context, params: wire.AcceptChanges) -> wire.ChangesAnswer:
    session, by = context.runs.find(params.session), context.connection.client
    return _answer(session, await context.runs.proposals.accept(session, params.path, params.parts, by))


async def _reject(context: Context, params: wire.RejectChanges) -> wire.ChangesAnswer:
    session, by = context.runs.find(params.session), context.connection.client
    answer = await context.runs.proposals.reject(session, params.path, params.parts, params.words, by)
    return _answer(session, answer)


async def _edit(context: Context, params: wire.EditChanges) -> wire.ChangesAnswer:
    session, by = context.runs.find(params.session), context.connection.client
    return _answer(session, await context.runs.proposals.edit(session, params.path, params.text, by))


def _info(context: Context, proposal: Proposal) -> wire.ChangesInfo:
    info = context.runs.info(proposal.session)
    parts = sum(len(each.parts) for each in proposal.files)
    return wire.ChangesInfo(
        session=proposal.session,
        goal=info.goal,
        title=short(info.goal, LABEL),
        told=f"{words.counted(parts, 'change')} in {words.counted(len(proposal.files), 'file')}",
        state=info.state,
        files=[each.name for each in proposal.files],
        parts=parts,
        changed=proposal.changed,
    )


def _file(file: ProposedFile, texts: bool) -> wire.ProposedFile:
    return wire.ProposedFile(
        path=file.name,
        file=str(file.path),
        new=file.new,
        label=f"Why {short(file.name, LABEL)} changes",
        parts=[_part(part, said) for part, said in zip(file.parts, _once(file.reasons), strict=True)],
        base=file.base if texts else "",
        text=file.text if texts else "",
    )


def _once(reasons: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without those that the part before has too."""
    return [() if number and said == reasons[number - 1] else said for number, said in enumerate(reasons)]


def _part(part: Hunk, reasons: Sequence[str]) -> wire.ProposedPart:
    more = max(len(part.old) - LINES, 0) + max(len(part.new) - LINES, 0)
    return wire.ProposedPart(
        id=part.id,
        start=part.start,
        end=part.end,
        first=part.first,
        last=part.last,
        old=list(part.old[:LINES]),
        new=list(part.new[:LINES]),
        more=more,
        reasons=[visible(reason) for reason in reasons],
    )


def _answer(session: str, answer: Answer) -> wire.ChangesAnswer:
    return wire.ChangesAnswer(
        session=session,
        files=[wire.AnsweredFile(path=path, parts=parts) for path, parts in answer.taken.items()],
        refused=[wire.RefusedPart(part=part, why=why) for part, why in answer.refused.items()],
        unsaved=[str(path) for path in answer.unsaved],
        left=answer.left,
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/proposal/list", wire.ListChanges, wire.ChangesList, _list),
    Method("cairn/proposal/show", wire.ShowChanges, wire.ChangesShown, _show),
    Method("cairn/proposal/accept", wire.AcceptChanges, wire.ChangesAnswer, _accept),
    Method("cairn/proposal/reject", wire.RejectChanges, wire.ChangesAnswer, _reject),
    Method("cairn/proposal/edit", wire.EditChanges, wire.ChangesAnswer, _edit),
)

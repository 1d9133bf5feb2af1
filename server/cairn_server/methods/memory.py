"""What is remembered: claims, proposals, and the search over them and over all that happened."""

import time
from typing import Any

from cairn_agents.runs import RunError
from cairn_memory.checkup import checkup
from cairn_memory.claims import Claim
from cairn_memory.claims.book import Proposal
from cairn_memory.memory import Memory
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.methods.locating import spot_of
from cairn_server.methods.showing import shown


async def _list(context: Context, params: wire.ListClaims) -> wire.ClaimList:
    memory = context.runs.memory
    scope = None if params.scope == "all" else params.scope
    claims = await memory.claims.all(scope, history=params.history)
    return wire.ClaimList(
        claims=[claim_info(claim) for claim in claims],
        problems=list(memory.claims.problems),
        proposals=len(await memory.proposals.all()),
    )


async def _search(context: Context, params: wire.SearchMemory) -> wire.SearchAnswers:
    session = None if params.session is None else context.runs.find(params.session)
    index = await context.runs.memory.index()
    found = await index.search_all(params.queries, params.scope, params.limit, session, params.literal)
    answers = [
        wire.SearchAnswer(
            query=query,
            hits=[wire.SearchHit.model_validate(hit, from_attributes=True) for hit in each.hits],
            problems=list(each.problems),
        )
        for query, each in zip(params.queries, found, strict=True)
    ]
    return wire.SearchAnswers(answers=answers)


async def _show(context: Context, params: wire.ShowMemory) -> wire.Shown:
    return await shown(context.runs, params.ref.strip())


async def _locate(context: Context, params: wire.Locate) -> wire.Located:
    spot = await spot_of(context, params.ref.strip())
    return wire.Located(path=str(spot.path), line=spot.line + 1)


async def _remember(context: Context, params: wire.Remember) -> wire.RememberedClaim:
    memory = context.runs.memory
    replaces = [(await the_claim(memory, each)).id for each in params.replaces]
    kept = await memory.claims.remember(params.text, params.about, params.scope, by="user", replaces=replaces)
    return wire.RememberedClaim(claim=claim_info(kept.claim), added=kept.added, kept=list(kept.kept))


async def _forget(context: Context, params: wire.Forget) -> wire.Forgotten:
    memory = context.runs.memory
    claim = await the_claim(memory, params.id)
    await memory.claims.forget(claim.id, by="user", reason=params.reason or "the user had it forgotten")
    return wire.Forgotten(claim=claim_info(claim))


async def _proposals(context: Context, params: wire.Nothing) -> wire.ProposalList:
    waiting = await context.runs.memory.proposals.all()
    return wire.ProposalList(proposals=[_proposal_info(each) for each in waiting])


async def _answer(context: Context, params: wire.AnswerProposal) -> wire.AnsweredProposal:
    proposals = context.runs.memory.proposals
    found = [each for each in await proposals.all() if each.id.startswith(params.id)]
    if len(found) != 1:
        raise RunError(_not_one("proposal", params.id, [each.id for each in found], "cairn memory proposals"))
    claim = await proposals.answer(found[0].id, params.accepted)
    return wire.AnsweredProposal(
        proposal=_proposal_info(found[0]), claim=None if claim is None else claim_info(claim)
    )


async def _reindex(context: Context, params: wire.Nothing) -> wire.Reindexed:
    memory = context.runs.memory
    began = time.monotonic()
    problem = await (await memory.index()).reindex()
    return wire.Reindexed(
        events=memory.log.last_seq, seconds=round(time.monotonic() - began, 3), problem=problem
    )


async def _doctor(context: Context, params: wire.Nothing) -> wire.MemoryFindings:
    found = await checkup(context.runs.memory)
    return wire.MemoryFindings(
        findings=[wire.MemoryFinding(level=each.level, what=each.what, advice=each.advice) for each in found]
    )


async def the_claim(memory: Memory, prefix: str) -> Claim:
    """The one claim whose id begins so; the same one in two files counts once. Raises RunError."""
    found = await memory.claims.find(prefix)
    ids = sorted({claim.id for claim in found})
    if len(ids) != 1:
        raise RunError(_not_one("claim", prefix, ids, "cairn memory list"))
    return found[0]


def claim_info(claim: Claim) -> wire.ClaimInfo:
    """A claim as clients see it."""
    return wire.ClaimInfo.model_validate(claim, from_attributes=True)


def _proposal_info(proposal: Proposal) -> wire.ProposalInfo:
    return wire.ProposalInfo.model_validate(proposal, from_attributes=True)


def _not_one(what: str, prefix: str, ids: list[str], lists: str) -> str:
    if not ids:
        return f"no {what} {prefix!r}; `{lists}` shows all"
    return f"{prefix!r} could be {', '.join(ids[:5])}; give more of the id"


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/memory/list", wire.ListClaims, wire.ClaimList, _list),
    Method("cairn/memory/search", wire.SearchMemory, wire.SearchAnswers, _search),
    Method("cairn/memory/show", wire.ShowMemory, wire.Shown, _show),
    Method("cairn/memory/locate", wire.Locate, wire.Located, _locate),
    Method("cairn/memory/remember", wire.Remember, wire.RememberedClaim, _remember),
    Method("cairn/memory/forget", wire.Forget, wire.Forgotten, _forget),
    Method("cairn/memory/proposals", wire.Nothing, wire.ProposalList, _proposals),
    Method("cairn/memory/answer", wire.AnswerProposal, wire.AnsweredProposal, _answer),
    Method("cairn/memory/reindex", wire.Nothing, wire.Reindexed, _reindex),
    Method("cairn/memory/doctor", wire.Nothing, wire.MemoryFindings, _doctor),
)

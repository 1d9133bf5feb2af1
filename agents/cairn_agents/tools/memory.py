"""memory: what is remembered across sessions; the agent may look it up, add to it and take from it."""

from typing import ClassVar, Literal

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.history import shown
from cairn_agents.tools.lists import Words
from cairn_agents.tools.masking import first_line
from cairn_memory.claims import said_by_user
from cairn_memory.errors import ClaimError, StoreError
from cairn_memory.events import ClaimKind, ClaimScope, UserMessage
from cairn_memory.memory import Memory as Remembered

TITLE = 80
FOUND = 10
USER_MESSAGES = 2_000
"""Newest messages of the user that are looked through for the words of a rule."""


class MemoryArguments(Arguments):
    action: Literal["search", "remember", "forget"]
    text: str = Field(default="", max_length=2_000)
    kind: ClaimKind = "fact"
    scope: ClaimScope = "project"
    id: str = Field(default="", max_length=40)
    replaces: Words = Field(default_factory=tuple, max_length=10)


class Memory:
    """What a rule is, only the user says: a rule that the user did not say becomes a proposal."""

    name: ClassVar[str] = "memory"
    kind: ClassVar[Kind] = "note"
    Args = MemoryArguments

    async def plan(self, call: str, args: MemoryArguments, scope: Scope) -> Plan[MemoryArguments]:
        if args.action == "forget" and not args.id.strip():
            raise ToolError("memory forget needs the id of a claim, such as c3fa9c; memory search shows ids")
        if args.action != "forget" and not args.text.strip():
            raise ToolError(f"memory {args.action} needs a text")
        return Plan(call, args, first_line(f"memory {args.action} {args.id or args.text}", TITLE, scope.mask))

    async def run(self, plan: Plan[MemoryArguments], scope: Scope) -> Result:
        memory, args = scope.memory, plan.args
        if memory is None:
            raise ToolError("nothing is remembered here: the user switched it off; go on without")
        try:
            if args.action == "search":
                found = await (await memory.index()).search(args.text, "memory", FOUND)
                return Result(shown(list(found.hits), found.problems), summary=f"{len(found.hits)} found")
            if scope.remember == "deny":
                raise ToolError(
                    "the user's settings let you remember and forget nothing; leave a note instead"
                )
            if args.action == "forget":
                return await _forget(memory, args, scope)
            return await _remember(memory, args, scope)
        except (ClaimError, StoreError) as error:
            raise ToolError(str(error)) from error

    async def recover(self, plan: Plan[MemoryArguments], scope: Scope) -> Result | None:
        return None  # what is remembered already is not added twice


async def _remember(memory: Remembered, args: MemoryArguments, scope: Scope) -> Result:
    said = await memory.log.read(
        session=scope.session, kinds=(UserMessage.kind,), newest=True, limit=USER_MESSAGES
    )
    sources = tuple(event.seq for event in said[-1:])
    reason = ""
    if args.kind == "rule":
        by_user = [event for event in said if isinstance(event.payload, UserMessage)]
        telling = [event.seq for event in by_user if said_by_user(args.text, [_text(event.payload)])]
        sources = tuple(telling[-1:])
        reason = "" if telling else "a rule, and not in the user's own words"
    if not reason and scope.remember == "ask":
        reason = "what is remembered is for the user to say"
    if reason:
        proposal = await memory.proposals.propose(
            args.text,
            args.kind,
            args.scope,
            reason=reason,
            sources=sources,
            replaces=args.replaces,
            session=scope.session,
        )
        return Result(
            f"Proposed as {proposal.id}: it holds once the user accepts it ({reason}). Go on without it.",
            summary=f"proposed {proposal.id}",
        )
    kept = await memory.claims.remember(
        args.text, args.kind, args.scope, sources=sources, replaces=args.replaces, session=scope.session
    )
    text = (
        f"Remembered as {kept.claim.id}."
        if kept.added
        else f"That is remembered already, as {kept.claim.id}."
    )
    if kept.kept:
        text += f" {', '.join(kept.kept)} was changed by hand meanwhile and stays."
    return Result(text, summary=kept.claim.id)


async def _forget(memory: Remembered, args: MemoryArguments, scope: Scope) -> Result:
    found = await memory.claims.find(args.id.strip())
    if len({claim.id for claim in found}) != 1:
        raise ToolError(f"no single claim is called {args.id}; memory search shows ids")
    claim = found[0]
    if scope.remember == "ask" or claim.about == "rule" or claim.by == "user":
        reason = "the agent would have it forgotten"
        await memory.proposals.propose_to_forget(claim.id, reason=reason, session=scope.session)
        return Result(f"Proposed: {claim.id} stays until the user agrees.", summary=f"proposed {claim.id}")
    await memory.claims.forget(claim.id, by="agent", reason="the agent forgot it", session=scope.session)
    return Result(f"Forgotten: {claim.text}", summary=claim.id)


def _text(payload: object) -> str:
    return payload.text if isinstance(payload, UserMessage) else ""

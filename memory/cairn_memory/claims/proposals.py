"""Claims that wait for the user's yes: to remember one, or to forget one."""

from collections.abc import Sequence

from cairn_memory.claims.book import Proposal
from cairn_memory.claims.claim import Claim
from cairn_memory.claims.claims import Claims
from cairn_memory.claims.text import name, one_line
from cairn_memory.errors import ClaimError
from cairn_memory.events import By, ClaimAnswered, ClaimKind, ClaimProposed, ClaimScope
from cairn_memory.log import EventLog
from cairn_memory.versions import NO_SESSION


class Proposals:
    """What somebody would have remembered or forgotten. An answer and what comes of it are stored as one."""

    def __init__(self, claims: Claims, log: EventLog) -> None:
        self._claims = claims
        self._log = log

    async def propose(
        self,
        text: str,
        about: ClaimKind,
        scope: ClaimScope = "project",
        *,
        reason: str = "",
        sources: Sequence[int] = (),
        replaces: Sequence[str] = (),
        by: By = "agent",
        session: str = NO_SESSION,
    ) -> Proposal:
        """Asks to have `text` remembered. Raises ClaimError when it is no claim, or is remembered already."""
        line = one_line(text, self._log.masker.mask)
        standing = await self._claims.all()
        id = name(line, self._claims.book.names)
        if any(claim.id == id and claim.scope == scope for claim in standing):
            raise ClaimError(f"that is remembered already, as {id}")
        proposal = ClaimProposed(
            claim=id,
            text=line,
            about=about,
            scope=scope,
            sources=tuple(sources),
            replaces=tuple(replaces),
            reason=reason,
            by=by,
        )
        return await self._put(proposal, session)

    async def propose_to_forget(
        self, id: str, *, reason: str, by: By = "agent", session: str = NO_SESSION
    ) -> Proposal:
        """Asks to have a claim forgotten. Raises ClaimError when there is no such claim."""
        claim = next((each for each in await self._claims.all() if each.id == id), None)
        if claim is None:
            raise ClaimError(f"there is no claim {id} to forget; look at the list of claims")
        proposal = ClaimProposed(
            claim=id, text=claim.text, about=claim.about, scope=claim.scope, forget=True, reason=reason, by=by
        )
        return await self._put(proposal, session)

    async def all(self) -> list[Proposal]:
        """Those that wait for an answer, oldest first."""
        await self._claims.open()
        return list(self._claims.book.proposals.values())

    async def answer(
        self, id: str, accepted: bool, *, by: str = "user", session: str = NO_SESSION
    ) -> Claim | None:
        """The user's yes or no; the claim that was remembered, if one was. `by` is who answered.

        Raises ClaimError when nothing of that name waits, StoreError when the file cannot be written: then
        the proposal goes on waiting.
        """
        proposal = next((each for each in await self.all() if each.id == id), None)
        if proposal is None:
            raise ClaimError(f"no proposal {id} waits for an answer; look at the list of proposals")
        answered = ClaimAnswered(claim=id, accepted=accepted, by=by)
        if accepted and not proposal.forget:
            return await self._remember(proposal, answered, session)
        standing = {claim.id for claim in await self._claims.all()}
        if accepted and id in standing:
            await self._claims.forget(
                id, by="user", reason=proposal.reason, session=session, also=(answered,)
            )
        else:
            await self._log.append(session, answered)
        return None

    async def _remember(self, proposal: Proposal, answered: ClaimAnswered, session: str) -> Claim:
        known = {id for _, id in self._claims.book.records}
        remembered = await self._claims.remember(
            proposal.text,
            proposal.about,
            proposal.scope,
            sources=proposal.sources,
            by=proposal.by,
            replaces=[id for id in proposal.replaces if id in known],
            session=session,
            also=(answered,),
        )
        return remembered.claim

    async def _put(self, proposal: ClaimProposed, session: str) -> Proposal:
        await self._log.append(session, proposal)
        await self._claims.open()
        return self._claims.book.proposals[proposal.claim]

"""What the user allows in a workspace, as clients see and change it: grants, trust, and the reasons of decisions."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.config import LoadedConfig
from cairn_agents.config.trust import Beyond
from cairn_agents.gate.grants import brought_up_to_date
from cairn_agents.gate.past import Past, past_calls, read_past
from cairn_agents.gate.standing import Standing, StandingError
from cairn_agents.gate.why import Why, why
from cairn_agents.session import Session
from cairn_memory.events import ContractSet, GateDecided, Payload, PermissionRevoked, TrustChanged
from cairn_memory.log import EventLog
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.sessions import SessionFold
from cairn_memory.versions import NO_SESSION

logger = logging.getLogger(__name__)

_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class GrantUse:
    """A grant with how often calls ran by it. `session` is "" for one for good; times are Unix milliseconds, 0 for never."""

    tool: str
    pattern: str
    session: str
    since: int
    by: str
    used: int = 0
    last_used: int = 0


@dataclass(frozen=True, slots=True)
class ProjectTrust:
    """The project's settings file: what it wants beyond tightening, and whether the user trusts what it says now.

    `digest` is "" where there is no such file. `since` is Unix milliseconds, 0 for untrusted. `changed`: it was
    trusted, and says something else now.
    """

    file: Path
    digest: str
    trusted: bool
    changed: bool
    since: int
    beyond: tuple[Beyond, ...]
    problems: tuple[str, ...]


class TrustRefused(Exception):
    """The user is told in one line why nothing was trusted."""


class Rights:
    """One for each workspace. `live` gives the sessions at work: what is taken back, they lose at once."""

    def __init__(
        self,
        workspace: Workspace,
        user: UserFolders,
        log: EventLog,
        live: Callable[[], Iterable[Session]],
        config: Callable[[], LoadedConfig],
    ) -> None:
        self.standing = Standing(user.permissions(workspace), workspace.home)
        self._workspace = workspace
        self._files = (user.config_file, workspace.config)
        self._log = log
        self._live = live
        self._config = config

    async def beginning(
        self, fold: SessionFold, loaded: LoadedConfig, contract: ContractSet | None
    ) -> list[Payload]:
        """What a session must know before it works: the contract, the answers for good, and trust that is void."""
        try:
            voided = await asyncio.to_thread(self._voided, loaded)
        except StandingError as error:  # the trust is void all the same, and told again next time
            logger.warning("%s", error)
            voided = []
        grants = brought_up_to_date(fold, await asyncio.to_thread(self.standing.grants))
        return [*([contract] if contract else []), *grants, *voided]

    async def grants(self) -> list[GrantUse]:
        """All that hold: those for good, and those of sessions at work. Raises StandingError, StoreError."""
        kept = await asyncio.to_thread(self.standing.read)
        found = {
            each.grant: GrantUse(each.tool, each.pattern, "", round(each.since.timestamp() * 1_000), each.by)
            for each in kept.grants
        }
        for session in self._live():
            for grant, event in session.fold.granted.items():
                if event.scope == "session":
                    found.setdefault(grant, GrantUse(event.tool, event.pattern, session.id, 0, event.by))
        return await self._with_uses(found) if found else []

    async def revoke(self, pattern: str, by: str) -> list[GrantUse]:
        """Takes back every grant of this pattern (or of this tool and pattern), also in sessions at work. Raises StandingError."""
        gone = await asyncio.to_thread(self.standing.revoke, pattern)
        found = {
            each.grant: GrantUse(each.tool, each.pattern, "", round(each.since.timestamp() * 1_000), each.by)
            for each in gone
        }
        for session in self._live():
            for grant in sorted(session.fold.grants):
                tool, _, own = grant.partition(" ")
                if pattern in (own, grant):
                    session.emit(PermissionRevoked(tool=tool, pattern=own, by=by))
                    await session.commit()
                    found.setdefault(grant, GrantUse(tool, own, session.id, 0, ""))
        for each in found.values():
            if not each.session:
                await self._log.append(
                    NO_SESSION, PermissionRevoked(tool=each.tool, pattern=each.pattern, by=by)
                )
        return list(found.values())

    async def past(self, tool: str, pattern: str, root: Path) -> Past:
        """The past calls, of all sessions, that the pattern would have let run unasked. Raises StoreError."""
        events = await read_past(self._log)
        kind = "run" if tool == "bash" else "write" if tool in ("write", "edit") else "read"
        return await asyncio.to_thread(past_calls, events, tool, kind, pattern, root)

    async def why(self, session: str, event: int = 0, call: str = "") -> Why:
        """The decision behind an event or a call. Raises WhyError, StoreError."""
        return await why(self._log, session, event, call, self._files)

    async def session_of(self, event: int) -> str:
        """Whose event that is; "" when there is none. Raises StoreError."""
        found = await self._log.read(event - 1, limit=1)
        return found[0].session if found and found[0].seq == event else ""

    # --- trust --------------------------------------------------------------------------------

    async def trust(self) -> ProjectTrust:
        """How the project's settings file stands. Raises StandingError."""
        kept, loaded = await asyncio.to_thread(lambda: (self.standing.read(), self._config()))
        project, trust = loaded.project, kept.trust
        trusted = project is not None and project.trusted
        return ProjectTrust(
            file=self._workspace.config,
            digest=project.digest if project else "",
            trusted=trusted,
            changed=trust is not None and project is not None and not trusted,
            since=round(trust.since.timestamp() * 1_000) if trust and trusted else 0,
            beyond=project.beyond if project else (),
            problems=tuple(loaded.problems),
        )

    async def set_trust(self, digest: str, by: str) -> ProjectTrust:
        """Trusts the file if it has exactly this content; "" trusts it no more. Raises TrustRefused, StandingError."""
        shown = await self.trust()
        if digest and digest != shown.digest:
            what = (
                "says something else than what was shown"
                if shown.digest
                else "cannot be read as settings, or is not there"
            )
            raise TrustRefused(f"{shown.file} {what}; look at it again with `cairn trust`")
        await asyncio.to_thread(self.standing.set_trust, digest, by)
        changed = TrustChanged(
            root=str(self._workspace.home), digest=digest or shown.digest, trusted=bool(digest), by=by
        )
        await self._log.append(NO_SESSION, changed)
        return await self.trust()

    def _voided(self, loaded: LoadedConfig) -> list[Payload]:
        """Takes trust back from a file that says something else now, and tells it; once. Blocking. Raises StandingError."""
        trust = self.standing.trust()
        if trust is None or loaded.project is None or loaded.project.trusted:
            return []
        self.standing.set_trust("", "")
        return [
            TrustChanged(
                root=str(self._workspace.home),
                digest=loaded.project.digest,
                trusted=False,
                by="its content changed",
            )
        ]

    async def _with_uses(self, found: dict[str, GrantUse]) -> list[GrantUse]:
        used: dict[str, list[int]] = {}
        since = 0
        while page := await self._log.read(since, kinds=(GateDecided.kind,), limit=_PAGE):
            for event in page:
                rule = event.payload.rule if isinstance(event.payload, GateDecided) else ""
                if rule.startswith("granted: "):
                    used.setdefault(rule.removeprefix("granted: "), []).append(event.time)
            since = page[-1].seq
        return [
            GrantUse(
                g.tool, g.pattern, g.session, g.since, g.by, len(used.get(name, ())), max(used.get(name, [0]))
            )
            for name, g in found.items()
        ]

"""What is remembered: the claims in MEMORY.md of the project and of the user.

The files are the truth, so an edit by hand counts at once. The log adds what a line of text
does not tell: when a claim came to be, from which events, how often it was of use. What the
log has not heard of yet is told to it whenever the files are looked at.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache

from cairn_memory.claims.book import KINDS, Book, Record
from cairn_memory.claims.changes import Addition, Change, Removal
from cairn_memory.claims.claim import Claim, Remembered
from cairn_memory.claims.merge import merge
from cairn_memory.claims.page import Bullet, Page
from cairn_memory.claims.text import one_line
from cairn_memory.errors import ClaimError, StoreError
from cairn_memory.events import By, ClaimForgotten, ClaimKept, ClaimKind, ClaimRemembered, ClaimScope, Payload
from cairn_memory.log import EventLog
from cairn_memory.memory_files import MemoryFile
from cairn_memory.versions import NO_SESSION, Version, Versions

_PAGE = 500
_KEPT = 8
"""Texts of pages that are not taken apart again: the files as they are and will be, and what editors hold."""
_REASON = 80
"""Characters of a claim in the reason of a version."""


class Claims:
    """The claims of a workspace, and of its user. `files` says where each scope's MEMORY.md lies."""

    def __init__(self, versions: Versions, log: EventLog, files: Mapping[ClaimScope, MemoryFile]) -> None:
        self.problems: tuple[str, ...] = ()
        """One line for each file that could not be taken when the claims were last looked at."""
        self.book = Book()
        self._versions = versions
        self._log = log
        self._files = files
        self._followed = 0
        self._pages: dict[ClaimScope, Page] = {}
        """Of the files that could be taken."""
        self._told: dict[ClaimScope, tuple[Page, int]] = {}
        self._shown: dict[ClaimScope, tuple[tuple[Page, int], list[Claim]]] = {}
        self._read = lru_cache(maxsize=_KEPT)(self._make)
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Reads what the log says of claims. Raises StoreError."""
        async with self._lock:
            await self._follow()

    @asynccontextmanager
    async def anew(self) -> AsyncGenerator[None]:
        """Nobody looks at claims inside, or changes one; after it counts what log and files say then."""
        async with self._lock:
            try:
                yield
            finally:
                self.book, self._followed = Book(), 0
                self._pages.clear()
                self._told.clear()
                self._shown.clear()
                self._read.cache_clear()

    async def all(self, scope: ClaimScope | None = None, *, history: bool = False) -> list[Claim]:
        """The claims in the order of their files, the project's first; with `history` also those that left them.

        A file that cannot be taken is left out, and `problems` says why. Raises StoreError for the log.
        """
        async with self._lock:
            await self._look()
            found = [
                each for where in self._scopes() if scope in (None, where) for each in self._standing(where)
            ]
            if history:
                ended = [each for each in self.book.records.values() if each.ended]
                found += [self._claim(each) for each in ended if scope in (None, each.scope)]
            return found

    def page(self, text: str) -> Page:
        """A MEMORY.md that somebody has open, saved or not. Taken apart once, however often it is asked for."""
        return self._read(text)

    async def find(self, prefix: str) -> list[Claim]:
        """The claims whose name begins so; one that stands in both files comes twice."""
        return [claim for claim in await self.all() if claim.id.startswith(prefix)]

    async def remember(
        self,
        text: str,
        about: ClaimKind,
        scope: ClaimScope = "project",
        *,
        sources: Sequence[int] = (),
        by: By = "agent",
        replaces: Sequence[str] = (),
        session: str = NO_SESSION,
        also: Sequence[Payload] = (),
    ) -> Remembered:
        """Writes a claim down, unless one says it already; those it `replaces` leave their files.

        Whether a rule may be written is the caller's to say: see `said_by_user`. `also` are events that are
        stored with it. Raises ClaimError for a text that is none, StoreError when the file cannot be written.
        """
        line = one_line(text, self._log.masker.mask)
        claim = ClaimRemembered(
            claim="",
            text=line,
            about=about,
            scope=scope,
            sources=tuple(sources),
            replaces=tuple(replaces),
            by=by,
        )
        async with self._lock:
            await self._look()
            self._check_known(replaces)
            addition = Addition(claim, self._read, also)
            await self._edit(scope, addition, by, f"remember: {line[:_REASON]}", session)
            gone = {addition.id, *addition.replaced}
            for where in self._scopes():
                removal = Removal(set(replaces) - gone, where, self._read, by, "superseded", addition.id)
                await self._edit(where, removal, by, f"superseded by {addition.id}", session)
                gone.update(removal.removed)
            await self._look()
            found = next(each for each in self._standing(scope) if each.id == addition.id)
            return Remembered(found, addition.added, tuple(id for id in replaces if id not in gone))

    async def forget(
        self,
        id: str,
        *,
        by: By,
        reason: str,
        scope: ClaimScope | None = None,
        session: str = NO_SESSION,
        also: Sequence[Payload] = (),
    ) -> None:
        """Takes a claim out of every file it stands in, or only that of `scope`. Raises ClaimError when there is none, StoreError."""
        async with self._lock:
            await self._look()
            scopes: list[ClaimScope] = [where for where in self._with(id) if scope in (None, where)]
            if not scopes:
                raise ClaimError(f"there is no claim {id} to forget; look at the list of claims")
            for where in scopes:
                removal = Removal({id}, where, self._read, by, reason, also=also)
                await self._edit(where, removal, by, f"forget {id}: {reason}", session)
                also = ()

    async def keep(self, id: str) -> None:
        """The user says that a claim stays as it is. Raises ClaimError when there is none, StoreError."""
        async with self._lock:
            await self._look()
            if not (scopes := self._with(id)):
                raise ClaimError(f"there is no claim {id} to keep; look at the list of claims")
            await self._log.append(NO_SESSION, *(ClaimKept(claim=id, scope=where) for where in scopes))
            await self._follow()

    async def import_text(
        self, text: str, scope: ClaimScope, *, by: By = "user", session: str = NO_SESSION
    ) -> list[Claim]:
        """Takes another MEMORY.md in, see `merge`; the claims that came. Its rules become ours: ask the user first."""
        safe = self._log.masker.mask(text)
        before = {claim.id for claim in await self.all(scope)}
        async with self._lock:
            await self._versions.edit(
                self._files[scope], lambda ours: merge(ours, safe), by=by, reason="import", session=session
            )
        return [claim for claim in await self.all(scope) if claim.id not in before]

    def _scopes(self) -> list[ClaimScope]:
        """Those whose file could be taken."""
        return [scope for scope in self._files if scope in self._pages]

    def _with(self, id: str) -> list[ClaimScope]:
        """Those whose file has this claim."""
        return [where for where in self._scopes() if id in self._pages[where].bullets]

    def _check_known(self, ids: Collection[str]) -> None:
        known = {id for _, id in self.book.records}
        if unknown := [id for id in ids if id not in known]:
            raise ClaimError(f"there is no claim {', '.join(unknown)} to replace; look at the list of claims")

    async def _edit(self, scope: ClaimScope, change: Change, by: By, reason: str, session: str) -> None:
        """Events of a change that left the file as it is are stored all the same."""
        told: list[Sequence[Payload]] = []

        def also() -> Sequence[Payload]:
            told.append(change.events())
            return told[-1]

        file = self._files[scope]
        await self._versions.edit(file, change.apply, by=by, reason=reason, session=session, also=also)
        if not told and (events := change.events()):
            await self._log.append(session, *events)

    async def _look(self) -> None:
        """Brings pages and book up to date with the files and the log, and the log with the files."""
        await self._follow()
        problems: list[str] = []
        for scope, file in self._files.items():
            try:
                text = await self._versions.look(file)
            except StoreError as error:
                problems.append(str(error))
                self._pages.pop(scope, None)
                continue
            page = self._pages.get(scope)
            if page is None or page.document.text != text:
                page = self._pages[scope] = self._read(text)
            if self._told.get(scope) != (page, self.book.revision):
                await self._tell(scope, page, self._versions.newest(file))
                self._told[scope] = page, self.book.revision
        self.problems = tuple(problems)

    async def _tell(self, scope: ClaimScope, page: Page, version: Version) -> None:
        """Tells the log of claims that came and went without it: by hand, or by an undo."""
        known = {record.id: record for record in self.book.standing(scope)}
        came = [bullet for id, bullet in page.bullets.items() if id not in known]
        went = [record for id, record in known.items() if id not in page.bullets]
        if not came and not went:
            return
        edited = len(came) == len(went) == 1
        events = [
            *(self._came(scope, each, version.by, went if edited else ()) for each in came),
            *(self._went(each, version, came if edited else ()) for each in went),
        ]
        await self._log.append(NO_SESSION, *events)
        await self._follow()

    def _came(self, scope: ClaimScope, bullet: Bullet, by: By, replaces: Sequence[Record]) -> ClaimRemembered:
        before = self.book.records.get((scope, bullet.id))
        return ClaimRemembered(
            claim=bullet.id,
            text=bullet.text,
            about=bullet.about,
            scope=scope,
            sources=before.sources if before else (),
            replaces=tuple(each.id for each in replaces),
            by=before.by if before else by,
        )

    def _went(self, record: Record, version: Version, by_what: Sequence[Bullet]) -> ClaimForgotten:
        return ClaimForgotten(
            claim=record.id,
            text=record.text,
            scope=record.scope,
            reason=version.reason,
            replaced_by="".join(each.id for each in by_what),
            by=version.by,
        )

    async def _follow(self) -> None:
        while self._followed < self._log.last_seq:
            end = self._log.last_seq
            events = await self._log.read(self._followed, kinds=KINDS, limit=_PAGE)
            for event in events:
                self.book.apply(event)
            self._followed = events[-1].seq if len(events) == _PAGE else end

    def _make(self, text: str) -> Page:
        return Page(text, self._log.masker.mask, self.book.names)

    def _standing(self, scope: ClaimScope) -> list[Claim]:
        """The claims of a file, made anew only when it or the log said something new."""
        state = self._pages[scope], self.book.revision
        shown = self._shown.get(scope)
        if shown is None or shown[0] != state:
            bullets = self._pages[scope].bullets
            claims = [self._claim(self.book.records[scope, id], bullet) for id, bullet in bullets.items()]
            shown = self._shown[scope] = state, claims
        return shown[1]

    def _claim(self, record: Record, bullet: Bullet | None = None) -> Claim:
        used, last_used = self.book.uses.get(record.id, (0, 0))
        return Claim(
            record.id,
            bullet.text if bullet else record.text,
            bullet.about if bullet else record.about,
            record.scope,
            bullet.line if bullet else 0,
            record.sources,
            record.time,
            used,
            last_used,
            record.by,
            record.session,
            record.ended,
            record.superseded_by,
            record.kept,
        )

"""The two changes of a MEMORY.md, a claim more and claims less, with the events that tell of them.

Each is applied to whatever text is there today, perhaps more than once: what counts is the last time.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from cairn_memory.claims.page import Page, remembering
from cairn_memory.errors import ClaimError
from cairn_memory.events import By, ClaimForgotten, ClaimRemembered, ClaimScope, Payload

Reader = Callable[[str], Page]
"""Makes a page of a text, with the masker and the names of the workspace."""


class Change(Protocol):
    """A change of a page's text, and what the log is told of it."""

    def apply(self, text: str) -> str: ...

    def events(self) -> Sequence[Payload]: ...


class Addition:
    """`claim` comes in, unless the page says so already, and what it replaces goes. Its name is found on the way."""

    def __init__(self, claim: ClaimRemembered, read: Reader, also: Sequence[Payload] = ()) -> None:
        self.id = ""
        self.added = False
        self.replaced: tuple[str, ...] = ()
        self._claim = claim
        self._read = read
        self._also = tuple(also)
        self._old: dict[str, str] = {}

    def apply(self, text: str) -> str:
        """Raises ClaimError when the text, put in, would not be read as the claim that it is."""
        page, claim = self._read(text), self._claim
        self.id = page.name_of(claim.text)
        self.added = self.id not in page.bullets
        self.replaced = tuple(id for id in claim.replaces if id in page.bullets and id != self.id)
        self._old = {id: page.bullets[id].text for id in self.replaced}
        new = remembering(page, claim.text, claim.about, self.replaced).text
        if self.id not in self._read(new).bullets:
            raise ClaimError(f"{claim.text[:40]!r} cannot be written as one bullet; say it in plain words")
        return new

    def events(self) -> Sequence[Payload]:
        scope, by = self._claim.scope, self._claim.by
        came = self._claim.model_copy(update={"claim": self.id, "replaces": self.replaced})
        went = (
            ClaimForgotten(claim=id, text=text, scope=scope, reason="superseded", replaced_by=self.id, by=by)
            for id, text in self._old.items()
        )
        return *((came,) if self.added else ()), *went, *self._also


class Removal:
    """The claims `ids` go from the page of `scope`, as far as they stand there."""

    def __init__(
        self,
        ids: Collection[str],
        scope: ClaimScope,
        read: Reader,
        by: By,
        reason: str,
        replaced_by: str = "",
        also: Sequence[Payload] = (),
    ) -> None:
        self.removed: tuple[str, ...] = ()
        self._ids = ids
        self._told = ClaimForgotten(claim="", scope=scope, reason=reason, replaced_by=replaced_by, by=by)
        self._read = read
        self._also = tuple(also)
        self._old: dict[str, str] = {}

    def apply(self, text: str) -> str:
        page = self._read(text)
        self._old = {id: page.bullets[id].text for id in self._ids if id in page.bullets}
        self.removed = tuple(self._old)
        return page.without(self._old).text if self._old else text

    def events(self) -> Sequence[Payload]:
        went = (
            self._told.model_copy(update={"claim": id, "text": text[:2_000]})
            for id, text in self._old.items()
        )
        return *went, *self._also

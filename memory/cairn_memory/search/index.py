"""The search over a workspace's log and memory files: what the other rooms use of it."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from cairn_memory.errors import StoreError, explain
from cairn_memory.log import EventLog
from cairn_memory.search.indexer import Indexer
from cairn_memory.search.reader import Question, Reader
from cairn_memory.search.sections import Sections, no_sections
from cairn_memory.search.shape import is_damage
from cairn_memory.search.texts import Found, Hit, Scope, Unit
from cairn_memory.store import DATABASE

logger = logging.getLogger(__name__)

T = TypeVar("T")

INDEX = "index.db"
CATCH_UP = 2.0
"""Seconds that a search waits for the index to take in the newest events."""
MOST = 100
"""Hits of one search, and messages on each side of one, at most."""
_LONGEST = 2_000
"""Characters of a question."""


class SearchIndex:
    """Finds messages, tool results, claims and sections by words or by an exact text.

    `await SearchIndex.open(folder, log, sections, tell)`: `folder` is the log's, `tell` gets one line
    when the index file had to be made anew. Nothing here holds up the log or the loop.
    """

    def __init__(self, folder: Path, log: EventLog, sections: Sections, tell: Callable[[str], None]) -> None:
        self._path, self._database = folder / INDEX, folder / DATABASE
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._reader: Reader | None = None
        self._indexer = Indexer(self._path, self._database, log, sections, tell, self._release)

    @classmethod
    async def open(
        cls,
        folder: Path,
        log: EventLog,
        sections: Sections = no_sections,
        tell: Callable[[str], None] = logger.warning,
    ) -> "SearchIndex":
        """The search, following the log from now on. Raises StoreError when the index cannot be written."""
        index = cls(folder, log, sections, tell)
        await index._indexer.open()
        return index

    async def close(self) -> None:
        """Lets go of the files; the log may be closed afterwards."""
        await self._indexer.close()
        self._thread.shutdown(wait=False)

    async def search(
        self,
        query: str,
        scope: Scope = "all",
        limit: int = 10,
        session: str | None = None,
        literal: bool = False,
    ) -> Found:
        """What answers `query`, best first; any of its words suffices.

        `literal` looks for `query` itself, letter by letter, newest first; so does a question of words that
        stand everywhere ("what was it"). `session` narrows to one session. Raises StoreError.
        """
        (found,) = await self.search_all((query,), scope, limit, session, literal)
        return found

    async def search_all(
        self,
        queries: Sequence[str],
        scope: Scope = "all",
        limit: int = 10,
        session: str | None = None,
        literal: bool = False,
    ) -> list[Found]:
        """One answer a query, see `search`. What is new is looked for once, before the first."""
        problem = await self._indexer.catch_up(CATCH_UP)
        answers: list[Found] = []
        for query in queries:
            text = query[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
            question = Question(text, scope, max(1, min(limit, MOST)), session, literal)
            found = await self._ask(lambda reader, asked=question: reader.search(asked))
            answers.append(Found(found.hits, (problem, *found.problems)) if problem else found)
        return answers

    async def around(self, seq: int, count: int = 3) -> list[Hit]:
        """The message of event `seq` and up to `count` on each side of it in its session. Raises StoreError."""
        await self._indexer.catch_up(CATCH_UP)
        return await self._ask(lambda reader: reader.near(seq, max(0, min(count, MOST))))

    async def get(self, seq: int) -> Unit | None:
        """The whole text of event `seq`; None when there is none, or nothing in it to read. Raises StoreError."""
        return await self._ask(lambda reader: reader.unit(seq))

    async def reindex(self, seconds: float = 600.0) -> str:
        """Makes the index anew from nothing; returns "" or what is missing after `seconds`. Raises StoreError."""
        await self._indexer.start_over("")
        return await self._indexer.catch_up(seconds)

    async def catch_up(self, seconds: float = CATCH_UP) -> str:
        """Takes in what is new; returns "" or what is missing after `seconds`."""
        return await self._indexer.catch_up(seconds)

    async def _ask(self, ask: Callable[[Reader], T]) -> T:
        """Asks in the readers' thread. When the file shows to be damaged it is made anew, and asked again."""
        try:
            return await self._run(ask)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise explain(error, "the search index could not be read") from error
            await self._indexer.start_over(f"it is damaged ({error})")
            await self._indexer.catch_up(CATCH_UP)
        try:
            return await self._run(ask)
        except sqlite3.Error as error:
            raise StoreError(
                f"the search index could not be read again after it was made anew: {error}"
            ) from error

    async def _run(self, ask: Callable[[Reader], T]) -> T:
        def asked() -> T:
            if self._reader is None:
                self._reader = Reader(self._path, self._database)
            return ask(self._reader)

        return await asyncio.get_running_loop().run_in_executor(self._thread, asked)

    async def _release(self) -> None:
        def release() -> None:
            if self._reader is not None:
                self._reader.close()
            self._reader = None

        await asyncio.get_running_loop().run_in_executor(self._thread, release)

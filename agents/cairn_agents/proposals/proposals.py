"""All proposals of a workspace: shown, accepted and rejected part by part, edited; one answer at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cairn_agents.editors import Editors
from cairn_agents.info import RunInfo
from cairn_agents.outfit import RunError
from cairn_agents.proposals.accepting import Refused, carry_out, look, plan, was_done
from cairn_agents.proposals.folder import Folder, Texts
from cairn_agents.proposals.hunks import Hunk, hunks, shown, with_parts, without_parts
from cairn_agents.proposals.reasons import Reasons, by_file, replaced
from cairn_agents.rewind.store import Store
from cairn_agents.tools.diff import unified
from cairn_agents.tools.proposed import LARGEST
from cairn_agents.worktree import root_now
from cairn_memory.errors import explain
from cairn_memory.events import Payload, ProposalAnswered, ProposalMade
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.sessions import SessionFold

EVENTS = 1_000
"""Of one session that are read for the reasons, the newest ones."""


class Sessions(Protocol):
    """What must be known of the sessions, and how one is told something."""

    def find(self, prefix: str) -> str: ...

    def info(self, session: str) -> RunInfo: ...

    def list(self) -> Sequence[RunInfo]: ...


Tell = Callable[[str, ProposalAnswered], Awaitable[None]]
"""Puts an answer into a session's log, and tells its agent as soon as it can hear it."""


@dataclass(frozen=True, slots=True)
class ProposedFile:
    """What is proposed for one file. `path` is absolute; `parts` are the open hunks, `reasons` the model's words to each."""

    name: str
    path: Path
    new: bool
    base: str
    text: str
    parts: tuple[Hunk, ...]
    reasons: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """`changed` is Unix milliseconds."""

    session: str
    root: Path
    changed: int
    files: tuple[ProposedFile, ...]


@dataclass
class Answer:
    """What became of an answer: the parts that were taken, by file; why others were not, by id (or by file)."""

    taken: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    unsaved: list[Path] = field(default_factory=list[Path])
    """Files that stand changed in an editor and were saved before: nobody's other work is in them."""
    left: int = 0


class Proposals:
    """For one workspace, on the host's event loop. What is not as asked raises RunError, in one line."""

    def __init__(
        self,
        workspace: Workspace,
        sessions: Sessions,
        log: EventLog,
        states: Store,
        editors: Callable[[], Editors],
        tell: Tell,
    ) -> None:
        self._workspace = workspace
        self._sessions = sessions
        self._log = log
        self._states = states
        self._editors = editors
        self._tell = tell
        self._alone = asyncio.Lock()

    async def all(self) -> list[Proposal]:
        """Those with open parts, the newest first."""
        top = self._workspace.local / "proposals"
        named = {each.name for each in top.iterdir()} if top.is_dir() else set[str]()
        found = [await self._look(info) for info in self._sessions.list() if info.session in named]
        return sorted((each for each in found if each.files), key=lambda each: -each.changed)

    async def show(self, session: str) -> Proposal:
        """A session's proposal; without files when nothing is open."""
        return await self._look(self._sessions.info(self._sessions.find(session)))

    async def accept(self, session: str, name: str, parts: Sequence[str], by: str) -> Answer:
        """Takes parts into the files: all of a file without `parts`, all of the proposal without `name`.

        Each file is changed as a whole or not at all; a part that touches what others changed since is refused.
        """
        async with self._alone:
            wanted = await self._wanted(session, name, parts)
            answer = Answer()
            for each, chosen in wanted.files:
                await self._accept(wanted, each, chosen, by, answer)
            return await self._counted(wanted, answer)

    async def reject(self, session: str, name: str, parts: Sequence[str], words: str, by: str) -> Answer:
        """Takes parts out of the proposal, for the reason given in `words`; the files stay as they are."""
        async with self._alone:
            wanted = await self._wanted(session, name, parts)
            answer = Answer()
            for each, chosen in wanted.files:
                text = without_parts(each.base, each.text, chosen)
                going = [part for part in each.parts if part.id in chosen]
                await self._propose(wanted.folder, each.name, text)
                answer.taken[each.name] = list(chosen)
                more = {"hunks": chosen, "diff": "\n".join(map(shown, going)), "words": words}
                await self._say(wanted, each.name, "rejected", by, (each.text, text), more)
            return await self._counted(wanted, answer)

    async def edit(self, session: str, name: str, text: str, by: str) -> Answer:
        """The user's own text instead of what was proposed for one file."""
        async with self._alone:
            wanted = await self._wanted(session, name, ())
            each = wanted.files[0][0]
            if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
                raise RunError(f"{name} would have more than {LARGEST:,} bytes; nothing was changed")
            text = text.replace("\r\n", "\n") if "\r" not in each.text else text
            if text != each.text:
                await self._propose(wanted.folder, name, text)
                diff = unified(name, each.text, text, self._log.masker.mask)
                await self._say(wanted, name, "edited", by, (each.text, text), {"diff": diff})
            return await self._counted(wanted, Answer())

    async def finish(self) -> list[str]:
        """Brings to an end what a kill interrupted; a line for each thing a person should know."""
        said: list[str] = []
        for place in sorted((self._workspace.local / "proposals").glob("*/*accepting.json*")):
            folder = Folder(place.parent)
            folder.tidy()
            note = folder.note()
            info = next((each for each in self._sessions.list() if each.session == folder.path.name), None)
            if note is None or info is None:
                place.unlink(missing_ok=True)
                continue
            if await asyncio.to_thread(was_done, note, self._root(info)):
                folder.land(note)
                if not await self._knows(info.session, note.event):
                    await self._tell(info.session, note.event)
                said.append(f"an acceptance that a kill interrupted was finished: {note.path}")
            folder.end(note)
        return said

    # --- one answer ---------------------------------------------------------------------------

    async def _accept(
        self, wanted: "_Wanted", each: ProposedFile, chosen: Sequence[str], by: str, answer: Answer
    ) -> None:
        texts = wanted.folder.texts(each.name)
        if texts is None:
            return
        event = self._event(wanted, each.name, "accepted", by)
        editors, root = self._editors(), wanted.proposal.root
        try:
            now = await asyncio.to_thread(look, root, each.name, texts, editors)
            acceptance = await asyncio.to_thread(plan, now, each.name, texts, chosen, event)
            base = with_parts(each.base, each.text, acceptance.note.event.hunks)
            session = wanted.proposal.session
            note = await carry_out(acceptance, wanted.folder, base, editors, session, self._states)
        except Refused as refused:
            answer.refused.update(dict.fromkeys(chosen, str(refused)))
            return
        except OSError as error:
            raise explain(error, f"the proposal for {each.name} could not be answered") from error
        answer.taken[each.name] = list(note.event.hunks)
        answer.refused.update(acceptance.refused)
        if now.buffer is not None and not now.buffer.unsaved:
            answer.unsaved.append(now.path)
        left = await asyncio.to_thread(wanted.folder.left, each.name)
        await self._tell(wanted.proposal.session, note.event.model_copy(update={"left": left}))
        await asyncio.to_thread(wanted.folder.end, note)

    async def _propose(self, folder: Folder, name: str, text: str) -> None:
        try:
            await asyncio.to_thread(folder.propose, name, text)
        except UnicodeEncodeError as error:
            raise RunError(f"{name} is {error.encoding} and cannot hold {text[error.start]!r}") from error
        except OSError as error:
            raise explain(error, f"the proposal for {name} could not be changed") from error

    async def _say(
        self,
        wanted: "_Wanted",
        name: str,
        what: str,
        by: str,
        texts: tuple[str, str],
        more: Mapping[str, object],
    ) -> None:
        """The event of an answer that made of one proposed text another one."""
        left = await asyncio.to_thread(wanted.folder.left, name)
        known = {"left": left, "ranges": await asyncio.to_thread(replaced, *texts)}
        event = self._event(wanted, name, what, by).model_copy(update={**more, **known})
        await self._tell(wanted.proposal.session, event)

    def _event(self, wanted: "_Wanted", name: str, what: str, by: str) -> ProposalAnswered:
        step = self._sessions.info(wanted.proposal.session).steps
        proposed = str(wanted.folder.place(name))
        return ProposalAnswered.model_validate(
            {"path": name, "answer": what, "by": by, "proposed": proposed, "step": step}
        )

    async def _counted(self, wanted: "_Wanted", answer: Answer) -> Answer:
        shown = await self.show(wanted.proposal.session)
        answer.left = sum(len(each.parts) for each in shown.files)
        return answer

    # --- what there is ------------------------------------------------------------------------

    async def _wanted(self, session: str, name: str, parts: Sequence[str]) -> "_Wanted":
        proposal = await self.show(session)
        files = [each for each in proposal.files if name in ("", each.name)]
        if not files:
            what = f"nothing is proposed for {name} any more" if name else "nothing is proposed any more"
            raise RunError(f"{what} in session {proposal.session}; `cairn proposals` lists what there is")
        known = {part.id for each in files for part in each.parts}
        if missing := [part for part in parts if part not in known]:
            raise RunError(
                f"there is no part {missing[0]} any more: it was answered, or is another one now; "
                f"look again with `cairn proposals show {proposal.session}`"
            )
        chosen = [
            (each, tuple(part.id for part in each.parts if not parts or part.id in parts)) for each in files
        ]
        folder = Folder(self._folder(proposal.session))
        return _Wanted(proposal, folder, [each for each in chosen if each[1]])

    async def _look(self, info: RunInfo) -> Proposal:
        kinds = (ProposalMade.kind, ProposalAnswered.kind)
        events = await self._log.read(session=info.session, kinds=kinds, newest=True, limit=EVENTS)
        reasons = by_file(
            event.payload for event in events if isinstance(event.payload, ProposalMade | ProposalAnswered)
        )
        folder = Folder(self._folder(info.session))
        try:
            return await asyncio.to_thread(_read, folder, info.session, self._root(info), reasons)
        except OSError as error:
            raise explain(error, f"the proposal of {info.session} could not be read") from error

    async def _knows(self, session: str, answered: Payload) -> bool:
        kinds = (ProposalAnswered.kind,)
        newest = await self._log.read(session=session, kinds=kinds, newest=True, limit=1)
        known = newest[-1].payload if newest else None
        return (
            isinstance(known, ProposalAnswered)
            and isinstance(answered, ProposalAnswered)
            and (known.path, known.hunks, known.after) == (answered.path, answered.hunks, answered.after)
        )

    def _root(self, info: RunInfo) -> Path:
        """Where the session's work tree lies now."""
        return root_now(SessionFold(info.session, root=info.root), self._workspace)

    def _folder(self, session: str) -> Path:
        return self._workspace.proposal(session).resolve()


@dataclass(frozen=True, slots=True)
class _Wanted:
    proposal: Proposal
    folder: Folder
    files: list[tuple[ProposedFile, tuple[str, ...]]]


def _read(folder: Folder, session: str, root: Path, reasons: Mapping[str, Reasons]) -> Proposal:
    files: list[ProposedFile] = []
    for name in folder.names():
        texts = folder.texts(name)
        parts = _parts(texts) if texts else ()
        if texts is None or not parts:
            continue
        path = root.joinpath(*name.split("/"))
        heard = reasons.get(name, Reasons())
        said = tuple(heard.of(part) for part in parts)
        new = texts.base is None
        files.append(ProposedFile(name, path, new, texts.before, texts.text.text, parts, said))
    return Proposal(session, root, round(folder.changed() * 1_000), tuple(files))


def _parts(texts: Texts) -> tuple[Hunk, ...]:
    return tuple(hunks(texts.before, texts.text.text))

"""One thing of the memory in full, whatever it is: a claim, an event, a task, a page, a section of one."""

import json
import re

from cairn_agents.runs import RunError, Runs
from cairn_memory.claims import Claim
from cairn_memory.markdown import Document
from cairn_memory.tasks import number_in, task_lines
from cairn_server import protocol as wire
from cairn_server.methods.naming import the_file

_EVENT = re.compile(r"e?(\d{1,15})")
_CLAIM = re.compile(r"c[0-9a-f]{2,}")


async def shown(runs: Runs, ref: str) -> wire.Shown:
    """What `ref` names. Raises RunError when nothing is called so."""
    if event := _EVENT.fullmatch(ref):
        return await _event(runs, int(event[1]))
    if (task := runs.memory.tasks.get(number_in(ref))) is not None:
        lines = task_lines(runs.memory.tasks, runs.memory.tasks.order(task.id))
        facts = [
            *(f"done when: {each}" for each in task.criteria),
            *([f"note: {task.note}"] if task.note else []),
        ]
        return _shown(
            task.id, "task", task.title, "\n".join(lines), facts, session=task.session, time=task.changed
        )
    if _CLAIM.fullmatch(ref) and (found := await _claims(runs, ref)):
        return _claim(found)
    return await _page(runs, ref)


async def _event(runs: Runs, seq: int) -> wire.Shown:
    events = await runs.memory.log.read(seq - 1, limit=1) if seq else []
    if not events or events[0].seq != seq:
        raise RunError(f"there is no event e{seq}; the newest is e{runs.memory.log.last_seq}")
    event = events[0]
    unit = await (await runs.memory.index()).get(seq)
    text = unit.passage.text if unit else json.dumps(json.loads(event.text), indent=2, ensure_ascii=False)
    title = unit.passage.title if unit else event.kind
    return _shown(f"e{seq}", event.kind, title, text, [], session=event.session, event=seq, time=event.time)


async def _claims(runs: Runs, prefix: str) -> list[Claim]:
    every = await runs.memory.claims.all(history=True)
    found = [claim for claim in every if claim.id.startswith(prefix)]
    ids = sorted({claim.id for claim in found})
    if len(ids) > 1:
        raise RunError(f"{prefix!r} could be {', '.join(ids[:5])}; give more of the id")
    return found


def _claim(found: list[Claim]) -> wire.Shown:
    claim = found[0]
    facts: list[str] = []
    for each in found:
        where = f"{each.scope}/MEMORY.md"
        facts.append(f"{where} line {each.line}" if each.line else f"no longer in {where}")
    facts += [
        f"by the {claim.by}" if claim.by in ("user", "agent") else f"by {claim.by}",
        *([f"from {', '.join(f'e{seq}' for seq in claim.sources)}"] if claim.sources else []),
        *([f"in {claim.used} window{'' if claim.used == 1 else 's'}"] if claim.used else []),
        *([f"superseded by {claim.superseded_by}"] if claim.superseded_by else []),
    ]
    return _shown(claim.id, "claim", claim.about, claim.text, facts, session=claim.session, time=claim.time)


async def _page(runs: Runs, ref: str) -> wire.Shown:
    name, _, heading = ref.partition("#")
    file = the_file(runs, name)
    text = await runs.memory.versions.look(file)
    newest = runs.memory.versions.newest(file)
    if not text:
        raise RunError(f"{file.path} is not there yet, or empty; `cairn memory files` lists what there is")
    text = runs.memory.log.masker.mask(text)
    if heading:
        document = Document(text)
        section = document.section(heading.strip())
        if section is None:
            raise RunError(f"{file.name} has no section {heading!r}")
        text = "".join(document.lines[section.body : section.end]).strip("\n")
    facts = [str(file.path), f"version {newest.number} by {newest.by}: {newest.reason}"]
    return _shown(
        ref, "file", file.name, text, facts, session=newest.session, event=newest.seq, time=newest.time
    )


def _shown(
    ref: str,
    kind: str,
    title: str,
    text: str,
    facts: list[str],
    session: str = "",
    event: int = 0,
    time: int = 0,
) -> wire.Shown:
    return wire.Shown(
        ref=ref, kind=kind, title=title, text=text, facts=facts, session=session, event=event, time=time
    )

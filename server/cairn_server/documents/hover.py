"""Hover: the evidence behind a line, and when it was last of use."""

from lsprotocol import types

from cairn_memory.claims import Claim
from cairn_memory.events import Event
from cairn_memory.tasks import Task
from cairn_server.documents.ages import age
from cairn_server.documents.bullets import bullet_at
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature
from cairn_server.documents.markdown import code, plain
from cairn_server.documents.marks import Mark

QUOTE = 400
"""Characters of an event or a file that are shown."""
SOURCES = 3
SOON = 0.03
"""Seconds that a hover waits for what a task cost."""
AROUND = 3
"""Lines of a file on each side of the one that is meant."""


async def hover(desk: Desk, params: types.HoverParams) -> types.Hover | None:
    """What stands behind the mark under the cursor, else behind the whole claim."""
    document = desk.document(params.text_document.uri)
    if document is None:
        return None
    if (mark := desk.mark(document, params.position)) is not None:
        text = await _of_mark(desk, mark)
        span = desk.range(document, params.position.line, mark.start, mark.end)
        return _shown(text, span) if text else None
    found = await bullet_at(desk, document, params.position.line)
    if found is None or found.claim is None:
        return None
    return _shown(await _of_claim(desk, found.claim), desk.whole(document, params.position.line))


async def _of_mark(desk: Desk, mark: Mark) -> str:
    if mark.kind == "event":
        event = await desk.event(int(mark.name))
        return await _of_event(desk, event) if event else f"There is no event e{mark.name}."
    if mark.kind == "task":
        task = desk.memory.tasks.get(mark.name)
        return await _of_task(desk, task) if task else f"There is no task {mark.name}."
    if mark.kind == "claim":
        found = [one for one in await desk.memory.claims.all(history=True) if one.id.startswith(mark.name)]
        return await _of_claim(desk, found[0]) if found else ""
    return _of_path(desk, mark)


async def _of_claim(desk: Desk, claim: Claim) -> str:
    by = f"by {'the ' if claim.by in ('user', 'agent') else ''}{claim.by}"
    since = f", {age(claim.time)} ago" if claim.time else ""
    lines = [f"**{claim.about.capitalize()}** {code(claim.id)} ({claim.scope}), remembered {by}{since}"]
    times = "once" if claim.used == 1 else f"{claim.used} times"
    lines.append(
        f"Told to a window {times}, last {age(claim.last_used)} ago"
        if claim.used
        else "Told to no window yet"
    )
    if claim.superseded_by:
        lines.append(f"Superseded by {code(claim.superseded_by)}")
    for seq in claim.sources[:SOURCES]:
        if (event := await desk.event(seq)) is not None:
            lines.append(await _of_event(desk, event))
    return "\n\n".join(lines)


async def _of_event(desk: Desk, event: Event) -> str:
    text = ""
    if desk.memory.enabled():
        unit = await (await desk.memory.index()).get(event.seq)
        text = unit.passage.text if unit else ""
    head = f"**e{event.seq}** {code(event.kind)}, {age(event.time)} ago, session {code(event.session)}"
    cut = plain(text, QUOTE)
    return f"{head}\n\n> {cut}" if cut else head


async def _of_task(desk: Desk, task: Task) -> str:
    lines = [f"**{task.id}** {plain(task.title, QUOTE)}: {task.state}"]
    lines += [f"- done when: {plain(each, QUOTE)}" for each in task.criteria]
    if task.needs:
        lines.append(f"- needs {', '.join(task.needs)}")
    if task.evidence:
        lines.append(f"- shown by {', '.join(f'e{seq}' for seq in task.evidence[:10])}")
    if task.note:
        lines.append(f"- {plain(task.note, QUOTE)}")
    spending = await desk.memory.spending.soon(SOON)
    if spending and (spent := spending.total(task.id)).usage.total:
        lines.append(f"- {spent.usage.total:,} tokens, ${spent.cost:.3f}, tasks below it included")
    return "\n".join([lines[0], "", *lines[1:]])


def _of_path(desk: Desk, mark: Mark) -> str:
    path = desk.place(mark.name)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = file.readlines(200_000)
    except IsADirectoryError:
        return f"{code(mark.name)} is a folder."
    except (OSError, ValueError):
        return f"{code(mark.name)} is not there."
    if not mark.line:
        return f"{code(mark.name)}: {len(lines):,} lines"
    if mark.line > len(lines):
        return f"{code(mark.name)} has only {len(lines):,} lines."
    first = max(mark.line - 1 - AROUND, 0)
    shown = "".join(lines[first : mark.line + AROUND]).rstrip()
    masked = desk.memory.log.masker.mask(shown)
    return f"{code(f'{mark.name}:{mark.line}')}\n\n````{path.suffix.lstrip('.')}\n{masked[: QUOTE * 4]}\n````"


def _shown(text: str, span: types.Range) -> types.Hover:
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), span)


FEATURES = (Feature(types.TEXT_DOCUMENT_HOVER, hover),)

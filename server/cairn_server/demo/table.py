"""The closing tables of the demo."""

from textwrap import shorten

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cairn_server.demo.story import RULE, WINDOW, Story

_TITLE = 60
"""Characters of a command that tell it from others."""
_NAMES = 120
"""Characters of the list of files."""
_CARRIED = {
    "words": "said",
    "rules": "rules",
    "tasks": "tasks",
    "checkpoint": "judged",
    "files": "files",
    "memory": "claims",
    "notes": "notes",
    "newest steps": "steps",
}
"""Sections of a receipt, and what they are called in the table."""
_CAPTION = """\
said: messages of the user, whole; tasks: open ones; judged: lines of the
checkpoint; files: also names in use; steps: the newest, as they were
"""


def show(story: Story, console: Console) -> None:
    """Prints what happened, and which promise was kept."""
    console.print()
    console.print(_facts(story))
    console.print(_rebuilds(story))
    console.print(_memory(story))
    console.print(_promises(story))


def _facts(story: Story) -> Table:
    kill = story.kill
    tools = ", ".join(f"{name} {count}" for name, count in story.tools.most_common())
    table = Table(title="What happened", show_header=False, title_style="bold", title_justify="left")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    table.add_row("the model", "no model was asked: its turns were replayed from a recording")
    table.add_row("steps", str(len(story.replies)))
    table.add_row("tool calls", f"{story.tools.total()}: {tools}")
    table.add_row("tests before", str(story.before))
    table.add_row("tests after", str(story.after))
    named = shorten(", ".join(story.changed), _NAMES, placeholder=" ...")
    table.add_row("files changed", f"{len(story.changed)}: {named}")
    table.add_row("the kill", f"SIGKILL to host {kill.host} in step {kill.step}, after event {kill.last_seq}")
    table.add_row("what ran then", shorten(kill.title, _TITLE, placeholder=" ..."))
    if (result := story.survivor) is not None:
        table.add_row(
            "what became of it",
            f"{result.outcome}: {result.summary}; it ran on, the next host found its result",
        )
    table.add_row(
        "the resume",
        f"host {story.next_host} wrote {story.after_kill} more events; "
        f"events lost: {story.lost}, calls run twice: {len(story.run_twice)}",
    )
    for problem in story.damage:
        table.add_row("damage", f"{problem.kind} {problem.where}: {problem.detail}")
    table.add_row("time", f"{story.seconds:.0f} s")
    return table


def _rebuilds(story: Story) -> Table:
    """What each new window was made of, out of its receipt."""
    table = Table(
        title="What each rebuild carried",
        title_style="bold",
        title_justify="left",
        caption=_CAPTION,
        caption_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),  # it fits 80 columns like this
    )
    table.add_column("step", justify="right")
    table.add_column("tokens", justify="right", no_wrap=True)
    for heading in _CARRIED.values():
        table.add_column(heading, justify="right")
    for rebuild in story.rebuilds:
        kept = (str(rebuild.part(section).kept) for section in _CARRIED)
        table.add_row(str(rebuild.step), f"{rebuild.before:,} -> {rebuild.after:,}", *kept)
    return table


def _memory(story: Story) -> Table:
    """The rule, and what the windows cost."""
    beside = [request for request in story.requests if request.side]
    table = Table(title="Memory", show_header=False, title_style="bold", title_justify="left")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    table.add_row("the rule", f'stood in {story.with_rule} of {len(story.requests)} requests: "{RULE}"')
    table.add_row("the window", f"{WINDOW:,} tokens, rebuilt {len(story.rebuilds)} times")
    table.add_row(
        "checkpoints",
        f"{len(story.checkpoints)}: {story.judged} with a new judgement of the writer, "
        f"{len(story.checkpoints) - story.judged} by code on top of the last one",
    )
    table.add_row(
        "left out",
        f"{story.left_out} lines of the writer that the log did not bear out, or that stood already",
    )
    table.add_row(
        "tokens sent",
        f"{story.sent:,} ({sum(request.tokens for request in beside):,} of them by the {len(beside)} requests of the writer)",
    )
    more = f"{story.without_memory / story.sent:.1f} times as much" if story.sent else "nothing was sent"
    table.add_row(
        "without memory",
        f"{story.without_memory:,}, {more}: computed, as if all requests of this run had gone into one window with no end",
    )
    table.add_row(
        "sent again", f"{story.again:.0%} of all bytes began the request before, too: a cache spares them"
    )
    return table


def _promises(story: Story) -> Table:
    table = Table(title="What was promised", show_header=False, title_style="bold", title_justify="left")
    table.add_column()
    table.add_column()
    for promise in story.promises():
        table.add_row("[green]kept[/]" if promise.kept else "[bold red]BROKEN[/]", promise.text)
    return table

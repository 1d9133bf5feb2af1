"""The closing table of the demo."""

from textwrap import shorten

from rich.console import Console
from rich.table import Table

from cairn_server.demo.story import Story

_TITLE = 60
"""Characters of a command that tell it from others."""


def show(story: Story, console: Console) -> None:
    """Prints what happened, and which promise was kept."""
    console.print()
    console.print(_facts(story))
    console.print(_promises(story))


def _facts(story: Story) -> Table:
    kill, usage = story.kill, story.usage
    tools = ", ".join(f"{name} {count}" for name, count in story.tools.most_common())
    table = Table(title="What happened", show_header=False, title_style="bold", title_justify="left")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    table.add_row("the model", "no model was asked: its turns were replayed from a recording")
    table.add_row("steps", str(len(story.replies)))
    table.add_row("tool calls", f"{story.tools.total()}: {tools}")
    table.add_row(
        "tokens replayed",
        f"{usage.prompt:,} prompt ({usage.cached:,} cached), {usage.completion:,} completion",
    )
    table.add_row("tests before", str(story.before))
    table.add_row("tests after", str(story.after))
    table.add_row("files changed", f"{len(story.changed)}: {', '.join(story.changed)}")
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


def _promises(story: Story) -> Table:
    table = Table(title="What was promised", show_header=False, title_style="bold", title_justify="left")
    table.add_column()
    table.add_column()
    for promise in story.promises():
        table.add_row("[green]kept[/]" if promise.kept else "[bold red]BROKEN[/]", promise.text)
    return table

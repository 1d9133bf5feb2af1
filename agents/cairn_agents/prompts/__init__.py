"""The words sent to the model, each a Markdown file beside this one."""

from functools import cache
from importlib.resources import files


@cache
def prompt(name: str) -> str:
    """The text of `<name>.md`, without the line break at its end."""
    return files("cairn_agents.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8").rstrip("\n")

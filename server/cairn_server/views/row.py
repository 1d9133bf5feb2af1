"""One row of a view: its texts bounded and made visible, its look by its state."""

from collections.abc import Iterable, Sequence
from typing import Any

from cairn_server.protocol.views import RowAction, ViewRow
from cairn_server.visible import exact, exact_line

ROWS = 500
"""Rows of one view at most."""
LABEL, LINE, TOOLTIP = 200, 300, 2_000
"""Characters of the texts of a row at most."""

LOOKS: dict[str, tuple[str, str]] = {
    "open": ("circle-large-outline", ""),
    "working": ("loading~spin", "charts.blue"),
    "paused": ("debug-pause", "charts.yellow"),
    "blocked": ("circle-slash", "list.warningForeground"),
    "done": ("pass", "testing.iconPassed"),
    "abandoned": ("close", "disabledForeground"),
    "running": ("loading~spin", "charts.blue"),
    "waiting": ("bell-dot", "list.warningForeground"),
    "interrupted": ("debug-pause", "charts.yellow"),
    "budget": ("watch", "list.warningForeground"),
    "failed": ("error", "list.errorForeground"),
    "judged": ("milestone", "charts.green"),
    "facts": ("milestone", ""),
    "expired": ("milestone", "disabledForeground"),
    "rule": ("law", ""),
    "claim": ("note", ""),
    "proposal": ("lightbulb", "list.warningForeground"),
    "file": ("markdown", ""),
    "found": ("search", ""),
    "group": ("list-tree", ""),
    "more": ("ellipsis", ""),
}
"""State -> icon, and a theme colour where colour means something. The word itself is said too."""


def row(
    id: str,
    label: str,
    state: str,
    kinds: Iterable[str] = (),
    description: str = "",
    tooltip: str = "",
    children: Sequence[ViewRow] = (),
    action: RowAction = "",
    ref: str = "",
    session: str = "",
    at: int = 0,
    closed: bool = False,
) -> ViewRow:
    """A row that is ready to be shown, of texts as they come."""
    icon, color = LOOKS[state]
    return ViewRow(
        id=id,
        label=short(label, LABEL),
        description=short(description, LINE),
        tooltip=cut(exact(tooltip[: 2 * TOOLTIP] or label[: 2 * LABEL]), TOOLTIP),
        state=state,
        icon=icon,
        color=color,
        kinds=" ".join(kinds),
        children=list(children),
        action=action,
        ref=ref,
        session=session,
        at=at,
        closed=closed,
    )


def group(id: str, name: str, children: Sequence[ViewRow], **more: Any) -> list[ViewRow]:
    """Rows below one of their own; none where there are none."""
    kinds = more.pop("kinds", ("group",))
    return [row(id, name, "group", kinds, f"{len(children)}", children=children, **more)] if children else []


def bounded(rows: Sequence[ViewRow], left: int, where: str, id: str = "more") -> list[ViewRow]:
    """The rows, and one that counts those that are left out and says where they are."""
    return [*rows, row(id, f"{left:,} more", "more", ("more",), where, where)] if left > 0 else list(rows)


def short(text: str, most: int) -> str:
    """One line of at most `most` characters."""
    return cut(exact_line(text[: 4 * most]).strip(), most)


def cut(text: str, most: int) -> str:
    """At most `most` characters; what is cut ends with a mark."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def lines(*parts: str) -> str:
    """The parts that say something, a line each."""
    return "\n".join(part for part in parts if part)

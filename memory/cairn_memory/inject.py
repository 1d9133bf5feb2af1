"""What a new session is told of what is remembered: rules whole, the rest by how much it matters for the first words."""

from collections.abc import Sequence
from dataclasses import dataclass

from cairn_memory.events import ReceiptItem
from cairn_memory.recall.compose import Remembered
from cairn_memory.recall.measure import tokens
from cairn_memory.recall.parts import Filling


@dataclass(frozen=True, slots=True)
class Row:
    """One part: `share` is its part of the budget, what it leaves goes to the next."""

    name: str
    title: str
    share: float


TABLE = (
    Row("rules", "Rules (binding)", 0.5),
    Row("memory", "What is remembered of this project and its user", 0.3),
    Row("tasks", "Tasks that are open in this workspace", 0.1),
    Row("sessions", "Sessions before this one", 0.1),
)
"""In the order in which they are served and shown."""


@dataclass(frozen=True, slots=True)
class Injected:
    """The text, "" when nothing is remembered, and the receipt's items."""

    text: str
    tokens: int
    items: tuple[ReceiptItem, ...]


def inject(parts: dict[str, Sequence[Remembered]], budget: int) -> Injected:
    """The lines of each part of TABLE, best first, that fit into `budget` tokens. A line goes in whole or not at all."""
    left, texts, items = 0.0, list[str](), list[ReceiptItem]()
    for row in TABLE:
        lines = parts.get(row.name, ())
        left += row.share * budget
        if not lines:
            continue
        filling = Filling(left - tokens(f"## {row.title}\n\n"))
        kept = [line.text for line in lines if filling.take(line.text, line.ref)]
        text = f"## {row.title}\n" + "\n".join(kept) if kept else ""
        left -= tokens(text)
        items.append(
            ReceiptItem(
                section=row.name,
                kept=len(kept),
                dropped=len(lines) - len(kept),
                tokens=tokens(text),
                budget=round(row.share * budget),
                refs=tuple(filling.refs),
                left_out=tuple(filling.left_out),
            )
        )
        if text:
            texts.append(text)
    text = "\n\n".join(texts)
    return Injected(text, tokens(text), tuple(items))

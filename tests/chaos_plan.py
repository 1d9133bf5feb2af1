"""What goes wrong in a disturbed run, and where: drawn once from a seed, so that a failure can be had again."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kill = Literal["asked", "answered", "started", "finished"]
"""When the host dies: as it asks the model, in mid-reply, or as its clients hear of a call's start or end."""
Spell = Literal["nothing", "little"]
"""How much a full disk still takes: not a byte, or a few thousand at the end of files."""

PROVIDER: tuple[str | int, ...] = (
    429,
    500,
    502,
    503,
    529,
    "refuse",
    "drop_mid_stream",
    "drop_before_done",
    "half_event",
    "half_tool_drop",
    "not_json",
    "bad_utf8",
    "error_in_stream",
    "empty_choices",
)
"""Faults that pass."""
STALLS = ("stall", "silent")
"""Those that cost a deadline each."""


@dataclass(frozen=True, slots=True)
class Disturbances:
    """For each step what befalls it. `exceeded` are steps from which on a long request is refused once."""

    kills: dict[int, Kill]
    faults: dict[int, tuple[str | int, ...]]
    spells: dict[int, Spell]
    drops: frozenset[int]
    exceeded: Sequence[int]


QUIET = Disturbances({}, {}, {}, frozenset(), ())


def drawn(seed: int, steps: int) -> Disturbances:
    """The disturbances of a run of `steps` steps: one step in five has one, some have several."""
    chance = random.Random(seed)
    within = range(2, steps - 2)

    def some(one_in: int) -> list[int]:
        return sorted(chance.sample(within, max(steps // one_in, 1)))

    kills: tuple[Kill, ...] = ("asked", "answered", "started", "finished")
    spells: tuple[Spell, ...] = ("nothing", "little")
    faults = {step: tuple(chance.choices(PROVIDER, k=chance.choice((1, 1, 2)))) for step in some(12)}
    faults |= {step: (chance.choice(STALLS),) for step in some(120)}
    return Disturbances(
        kills={step: chance.choice(kills) for step in some(20)},
        faults=faults,
        spells={step: chance.choice(spells) for step in some(40)},
        drops=frozenset(some(15)),
        exceeded=(steps * 6 // 10, steps * 8 // 10),
    )

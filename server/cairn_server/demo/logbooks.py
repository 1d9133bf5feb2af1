"""The logbooks of the demo's harbours: made by rule, the same each time, and long enough to fill a small window."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

HARBOURS = (
    ("aro", "Ærø Brygge"),
    ("brimnes", "Brimnes"),
    ("dunvik", "Dunvik"),
    ("elvik", "Élvik"),
    ("fagerholm", "Fagerholm"),
    ("grimsund", "Grimsund"),
    ("hvitey", "Hvítey"),
    ("isvaer", "Isvær"),
    ("jutholm", "Jutholm"),
    ("kvalnes", "Kvalnes"),
    ("lyngoy", "Lyngøy"),
    ("molvik", "Molvik"),
    ("nordhavn", "Nordhavn"),
    ("ormsund", "Ormsund"),
    ("rossvik", "Rossvik"),
    ("skarvhamn", "Skarvhamn"),
    ("strassnes", "Straßnes"),
    ("torsholm", "Torsholm"),
    ("ulvsund", "Ulvsund"),
    ("vestre", "Vestre Havn"),
)
"""File name and name of each harbour."""

_VESSELS = ("Grete", "Måken", "Alken", "Lunde", "Havørn", "Ærfugl", "Terne", "Star of the Sea")
_WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_REMARKS = ("all well", "fog", "full car deck", "swell at the quay", "late connection", "school class")
_LANDINGS = 135
_DAYS = 30


@dataclass(frozen=True, slots=True)
class Landing:
    """One line of a logbook. `late` is in minutes, `draught` in metres."""

    day: int
    time: str
    vessel: str
    draught: float
    wind: str
    late: int
    remark: str

    def __str__(self) -> str:
        return (
            f"{self.day:02} {self.time} {self.vessel:<15} {self.draught:.1f} m  "
            f"{self.wind:<5} {self.late:+03}  {self.remark}"
        )


@dataclass(frozen=True, slots=True)
class Logbook:
    """A month of one harbour. On the `closed` days nothing landed."""

    key: str
    name: str
    closed: tuple[int, ...]
    landings: tuple[Landing, ...]

    @property
    def deepest(self) -> Landing:
        return max(self.landings, key=lambda landing: landing.draught)

    @property
    def latest(self) -> Landing:
        return max(self.landings, key=lambda landing: landing.late)

    def __str__(self) -> str:
        lines = [(landing.day, landing.time, str(landing)) for landing in self.landings]
        lines += [(day, "00:00", f"{day:02} 00:00 closed: storm") for day in self.closed]
        return "".join(
            (f"# Logbook of {self.name}, June 2024\n", *(f"{line}\n" for *_, line in sorted(lines)))
        )


def logbooks() -> Iterator[Logbook]:
    """All of them, in the order of their names."""
    for key, name in HARBOURS:
        yield _logbook(key, name)


def _logbook(key: str, name: str) -> Logbook:
    dice = random.Random(f"logbook of {key}")
    # Only `random()` promises the same numbers in every Python to come.
    closed = tuple(sorted({1 + int(dice.random() * _DAYS) for _ in range(3)}))
    landings = [_landing(dice) for _ in range(_LANDINGS)]
    return Logbook(
        key, name, closed, tuple(sorted((each for each in landings if each.day not in closed), key=str))
    )


def _landing(dice: random.Random) -> Landing:
    def one(of: tuple[str, ...]) -> str:
        return of[int(dice.random() * len(of))]

    return Landing(
        day=1 + int(dice.random() * _DAYS),
        time=f"{6 + int(dice.random() * 15):02}:{int(dice.random() * 60):02}",
        vessel=one(_VESSELS),
        draught=round(2 + dice.random() * 3, 1),
        wind=f"{one(_WINDS)} {1 + int(dice.random() * 8)}",
        late=int(dice.random() ** 3 * 60) - 2,
        remark=one(_REMARKS),
    )

"""The rig of the small window: what the scripted model does in it, and how its requests are counted.

The task is the one that other agents were given: read, shell, write in turn, each output of about
3,000 tokens, in an enforced window of 32,000, with a rule in the user's first words that no side
call ever repeats. Tokens are bytes / 4; cached is what a request shares from its first byte on
with one of the requests shortly before it.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripted_provider import (
    Request,
    Script,
    ScriptedProvider,
    call,
    common_prefix,
    delta,
    judgement,
    say,
    tokens_of,
)

WINDOW = 32_000
RULE = "CANARY-7: never touch the file legacy/ünïcode.txt, whatever happens!"
PROMPT = f"Work through the parts one after the other until all of it is done.\n\n{RULE}"
PARTS = 4
LINES = 150
RECENT = 4
"""Requests of each kind that the provider's cache still knows."""


def line(what: str, number: int) -> str:
    """One line of 80 characters, its end included."""
    return (
        f"{what}, line {number:3d}: {'the quick brown fox jumps over the lazy dog, and again ' * 2}"[:79]
        + "\n"
    )


def part(number: int) -> str:
    """The path of one of the files that are read again and again."""
    return f"src/part-{number % PARTS}.txt"


def lay_out(root: Path) -> None:
    """The files as they are at first: of 12,000 characters each."""
    for number in range(PARTS):
        file = root / part(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = "revision 0\n" + "".join(line(f"part {number}", at) for at in range(1, LINES))
        file.write_text(text, encoding="utf-8")


def turn(number: int, steps: int) -> Script:
    """Read, shell, write in turn; each fourth write changes one of the files that are read."""
    if number >= steps:
        return say("All of it is done.")
    again, kind = divmod(number, 3)
    if kind == 0:
        return call("read", path=part(again))
    if kind == 1:
        made = line(f"step {number}", 0).strip()
        return call("bash", command=f"for i in $(seq 1 {LINES}); do echo '{made}'; done")
    if again % 4 == 3:
        changes = again // 4
        revision, wanted = divmod(changes, PARTS)
        return call("edit", path=part(wanted), old=f"revision {revision}\n", new=f"revision {revision + 1}\n")
    return call("write", path=f"out/{number}.txt", content=f"result of step {number}\n" * 5)


def judge(request: Request) -> Script:
    """A plausible judgement that never repeats the rule."""
    size = len(request.body)
    return judgement(
        delta("next action", f"Read the next part, then run its command ({size} bytes were looked at)."),
        delta("current work", "The parts are worked through in turn; each has its result under out/."),
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """Tokens of the requests of one kind, and how many of them the provider's cache held."""

    requests: int = 0
    sent: int = 0
    cached: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.requests + other.requests, self.sent + other.sent, self.cached + other.cached)

    @property
    def share(self) -> float:
        """Cached of all that was sent, in per cent."""
        return 100 * self.cached / self.sent if self.sent else 0.0


def tally(provider: ScriptedProvider, steps: int) -> tuple[Tally, Tally]:
    """Main and side, of the first `steps` requests of the loop and what went out beside them."""
    main = provider.requests[:steps]
    side = [each for each in provider.side_requests if each.at <= main[-1].at]
    told = {id(each) for each in side}
    both = sorted((*main, *side), key=lambda each: each.at)
    counted = list(_counted(both))
    return (
        sum((one for each, one in zip(both, counted, strict=True) if id(each) not in told), Tally()),
        sum((one for each, one in zip(both, counted, strict=True) if id(each) in told), Tally()),
    )


def _counted(requests: Sequence[Request]) -> Iterable[Tally]:
    for number, request in enumerate(requests):
        before = requests[max(number - RECENT, 0) : number]
        known = max((common_prefix(each.body, request.body) for each in before), default=0)
        yield Tally(1, tokens_of(request.body), known // 4)


def rebuilds(requests: Sequence[Request]) -> int:
    """How many requests of the loop do not begin with the one before."""
    bodies = (request.body for request in requests)
    return sum(not after.startswith(before[:-2]) for before, after in itertools.pairwise(bodies))

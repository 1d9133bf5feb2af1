"""The running hash over all events, which shows a lost or an altered one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, NamedTuple

from cairn_memory.events import Event

START = b"\0" * 16
"""The running hash before the first event."""


class Mark(NamedTuple):
    """A sequence number, and the running hash up to it."""

    seq: int
    chain: bytes


class Row(NamedTuple):
    """An event as it stands in the database, with the running hash stored beside it."""

    event: Event
    chain: bytes


class Erased(NamedTuple):
    """Events `first` to `last` were taken out on purpose. `chain` is the running hash before and after them."""

    first: int
    last: int
    chain: bytes
    time: int
    reason: str


@dataclass(frozen=True, slots=True)
class Break:
    """Events `first` to `last` are not there, or are not what was written."""

    kind: Literal["lost", "altered"]
    first: int
    last: int

    def __str__(self) -> str:
        return f"event {self.first}" if self.first == self.last else f"events {self.first}-{self.last}"


def link(chain: bytes, event: Event) -> bytes:
    """The running hash after `event`: BLAKE2b over the hash before it and every stored field."""
    digest = blake2b(chain, digest_size=16)
    for field in (event.seq, event.session, event.agent, event.kind, event.time, event.text):
        part = str(field).encode("utf-8", "surrogateescape")  # damaged text is hashed as the bytes it is
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def find_breaks(
    rows: Iterable[Row], restarts: Mapping[int, bytes | None], start: Mark | None
) -> Iterator[Break]:
    """Where `rows`, which should go on after `start`, do not follow from one another.

    `restarts` are the numbers before which events were lost, and the loss was dealt
    with, or erased, each with the hash there when that is known. Without `start` the first row
    is taken on trust.
    """
    for row in rows:
        seq = row.event.seq
        chain = start.chain if start else None
        if start is not None and seq != start.seq + 1:
            yield Break("lost", start.seq + 1, seq - 1)
            chain = None
        chain = restarts.get(seq, chain)
        if chain is not None and link(chain, row.event) != row.chain:
            yield Break("altered", seq, seq)
        start = Mark(seq, row.chain)

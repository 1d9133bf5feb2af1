"""What a session works with: tools, gate, guards, model; put together from settings in one place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.config.settings import WindowSettings
from cairn_agents.gate.approvals import Approvals
from cairn_agents.gate.permission import Gate
from cairn_agents.guards.base import ReplyGuard, StepGuard
from cairn_agents.instructions import Instructions
from cairn_agents.model.client import ModelClient
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.prices import Prices
from cairn_agents.model.retry import RetryPolicy
from cairn_agents.processes import Processes
from cairn_agents.rewind.recorder import Recorder
from cairn_agents.tools.base import Scope
from cairn_agents.tools.toolbox import Toolbox
from cairn_memory.blobs import BlobStore
from cairn_memory.events import BlobRef
from cairn_memory.log import EventLog

Show = Callable[[str, str], None]
"""source, text: shows what streams in and forgets it."""

LARGEST_WHOLE = 16_000_000
"""Bytes of an output that are kept whole; of a longer one this much of its beginning."""
LONGEST_SECRET = 42_000
"""Characters: a private key, as the masker counts them."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """One set for each time a session is taken up; nothing in it changes meanwhile."""

    log: EventLog
    blobs: BlobStore
    scope: Scope
    toolbox: Toolbox
    gate: Gate
    approvals: Approvals
    step_guards: Sequence[StepGuard]
    reply_guards: Sequence[ReplyGuard]
    endpoint: Endpoint
    client: ModelClient
    prices: Prices
    retry: RetryPolicy
    instructions: Instructions
    processes: Processes
    room: WindowSettings
    show: Show
    snapshots: Recorder

    def keep_whole(self, output: bytes | Path) -> BlobRef:
        """Keeps an output too long for an event, masked. Blocking: call it off the event loop."""
        if isinstance(output, Path):
            with output.open("rb") as file:
                output = file.read(LARGEST_WHOLE)
        masked = self.log.masker.mask(output[:LARGEST_WHOLE].decode("utf-8", "replace"))
        if (
            len(output) >= LARGEST_WHOLE
        ):  # nothing is kept that was near the cut: half a secret is not known for one
            masked = masked[:-LONGEST_SECRET]
        return self.blobs.put(masked.encode("utf-8", "replace"))

    def shown_blob(self, ref: BlobRef) -> str:
        """How the model is told where a blob lies: relative to the work tree where that is possible."""
        path = self.blobs.path(ref)
        try:
            return path.relative_to(self.scope.root).as_posix()
        except ValueError:
            return str(path)

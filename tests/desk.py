"""The tools without the agent: calls one after another in one work tree, as a session makes them."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cairn_agents.tools.base import Arguments, Plan, Result, Scope, Tool, ToolError
from cairn_agents.tools.toolbox import Toolbox
from cairn_memory.blobs import BlobStore
from cairn_memory.events import ToolFinished, ToolStarted
from cairn_memory.redact import SecretMasker, masked


@dataclass
class Desk:
    """Remembers what was seen, as a session does."""

    root: Path
    scope: Scope
    masker: SecretMasker
    toolbox: Toolbox = field(default_factory=Toolbox)
    count: int = 0

    @classmethod
    def at(cls, root: Path, private: Path) -> "Desk":
        """A desk whose work tree is `root`, and whose session keeps its files in `private`."""
        masker = SecretMasker(key=b"k" * 16)
        return cls(
            root,
            Scope("s", root, private / "session", BlobStore(private / "blobs"), mask=masker.mask),
            masker,
        )

    async def plan(self, name: str, /, **arguments: Any) -> tuple[Tool[Arguments], Plan[Arguments]]:
        self.count += 1
        tool = self.toolbox.tool(name)
        return tool, await tool.plan(f"1.{self.count}", self.toolbox.parse(name, arguments), self.scope)

    async def __call__(self, name: str, /, **arguments: Any) -> Result:
        tool, plan = await self.plan(name, **arguments)
        return self._see(await tool.run(plan, self.scope))

    async def fails(self, name: str, /, **arguments: Any) -> str:
        """What the call is refused with."""
        with pytest.raises(ToolError) as caught:
            await self(name, **arguments)
        return str(caught.value)

    def stored(self, text: str) -> str:
        """`text` of a result as the log would hold it."""
        return masked(ToolFinished(step=1, call="1.1", text=text), self.masker).text

    def stored_line(self, line: str) -> str:
        """`line`, a title or a summary, as the log would hold it."""
        return masked(ToolStarted(step=1, call="1.1", name="any", title=line), self.masker).title

    def put(self, name: str, content: str | bytes) -> Path:
        """A file in the work tree."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    def _see(self, result: Result) -> Result:
        if result.effect is not None:
            seen = {**self.scope.seen, result.effect.path: result.effect.after}
            self.scope = replace(self.scope, seen=seen)
        return result

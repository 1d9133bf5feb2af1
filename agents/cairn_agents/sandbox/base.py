"""What a sandbox is: it turns a command into what is really started."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from cairn_agents.sandbox.watch import Watch

Kind = Literal["bubblewrap", "landlock", "seatbelt", "none"]
"""What holds commands back: Linux namespaces, Linux rules on files only, macOS's own sandbox, or nothing."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one command was allowed beyond the sandbox."""

    network: bool = False


@dataclass(frozen=True, slots=True)
class Launch:
    """What is started for a command: `argv` with exactly `env`; `pass_fds` stay open in it.

    `kind` is what holds it back; "none" for a command that runs as the user. `close` it when it was started.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    pass_fds: tuple[int, ...] = ()
    kind: Kind = "none"
    watch: "Watch | None" = None

    def close(self) -> None:
        """Lets go of this process's copies of `pass_fds`. The command keeps its own."""
        for descriptor in self.pass_fds:
            with suppress(OSError):
                os.close(descriptor)


class SandboxError(Exception):
    """The command was not run, since its sandbox could not be made. One line: what failed, what to do."""


class Sandbox(Protocol):
    """The sandbox of one session. It keeps a private temp folder and home for all commands of the session."""

    @property
    def kind(self) -> Kind: ...

    @property
    def note(self) -> str:
        """Why there is none, or what this kind cannot do; "" when there is nothing to say."""
        ...

    async def launch(self, command: Sequence[str], grant: Grant) -> Launch:
        """What to start for `command`. Raises SandboxError, never falls back to less."""
        ...

    async def tidy(self, launch: Launch) -> list[str]:
        """Call it once when the command of `launch` has ended: the work tree is as if there had been no sandbox.

        Returns what the command had changed that no mount could hold, and that was put right.
        """
        ...

    async def settled(self) -> None:
        """Returns when what `tidy` began is done: the last of it needs a moment and holds up no command."""
        ...

    def close(self) -> None:
        """Lets go of the session's network. Commands that run keep it."""
        ...

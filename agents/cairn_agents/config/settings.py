"""Every setting there is, with its default: the contents of a `config.toml`.

The published JSON Schema (`docs/config.schema.json`) is made from these classes, so
the docstring under a field is what an editor shows the user who hovers over it.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from cairn_agents.model.endpoint import Endpoint
from cairn_agents.modes import ModeName
from cairn_agents.sandbox.hosts import PATTERN as HOST_PATTERN
from cairn_memory.events import Budget

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class Section(BaseModel):
    """Base of all tables. A value of the wrong type is refused, never converted: "8" is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


class ModelSettings(Section):
    """Which model is asked, where, and how."""

    name: Annotated[str, Field(max_length=200)] = ""
    """The model, as its provider calls it. Empty: Cairn looks for a local model server."""
    base_url: Annotated[str, Field(max_length=2_000, pattern=r"^(https?://\S+)?$")] = ""
    """The address of an OpenAI-compatible API, for example `http://localhost:11434/v1`."""
    api_key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] = "OPENAI_API_KEY"
    """The name of the environment variable that holds the key. The key itself is never in a file."""
    window: Annotated[int, Field(ge=1_000, le=100_000_000)] = 128_000
    """Tokens that the model's context holds, prompt and reply together."""
    max_output: Count = 0
    """Most tokens of one reply; 0 leaves it to the provider."""
    send_reasoning: bool = False
    """Whether the model wants its own earlier reasoning back (`reasoning_content`)."""
    first_token_timeout: Seconds = 300.0
    """Seconds until the first piece of a reply. Local models load and read for long."""
    stall_timeout: Seconds = 120.0
    """Seconds between two pieces of a reply."""
    extra: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """More fields for the request, as the provider documents them, such as `temperature`."""

    def endpoint(self, api_key: str) -> Endpoint:
        """The endpoint these settings describe."""
        return Endpoint(
            base_url=self.base_url,
            model=self.name,
            api_key=api_key,
            window=self.window,
            max_output=self.max_output,
            first_token_timeout=self.first_token_timeout,
            stall_timeout=self.stall_timeout,
            send_reasoning=self.send_reasoning,
            extra=dict[str, object](self.extra),
        )


class BudgetSettings(Section):
    """When a run stops by itself and waits to be resumed. 0 means no limit."""

    max_steps: Count = 2_000
    """Steps: replies of the model, each with the tool calls it asked for."""
    max_tokens: Count = 0
    """Tokens, prompt and completion together, summed over all requests."""
    max_cost: Annotated[float, Field(ge=0)] = 0.0
    """US dollars, by the table of prices."""
    max_seconds: Annotated[float, Field(ge=0)] = 0.0
    """Seconds of work; waiting for a person does not count."""

    def budget(self) -> Budget:
        """The same as a session's log keeps it."""
        return Budget.model_validate(self.model_dump())


class ApprovalSettings(Section):
    """What happens when a call needs an answer and nobody is attached who could give it."""

    unattended: Literal["wait", "deny"] = "wait"
    """`wait`: the run waits until somebody attaches. `deny`: it is denied after `deny_after`."""
    deny_after: Annotated[float, Field(ge=0)] = 300.0
    """Seconds until an unanswered call is denied, with `unattended = "deny"`."""


Host = Annotated[str, Field(max_length=260, pattern=HOST_PATTERN)]
LanguageName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+#._-]{0,49}$")]
Names = Annotated[tuple[Text, ...], Field(strict=False, max_length=100)]


class SandboxSettings(Section):
    """What shell commands may see and reach beside the work tree, `/tmp` and installed programs."""

    enabled: bool = True
    """`false`: commands run with all your rights, and each one that is not surely harmless is asked about."""
    network: Annotated[tuple[Host, ...], Field(strict=False, max_length=200)] = ()
    """Hosts that commands may reach unasked, by http and https: `pypi.org`, `*.npmjs.org`, `example.org:8443`."""
    writable: Names = ()
    """Folders that commands may write besides, such as a build cache: `~/.cache/pip`."""
    readable: Names = ()
    """Folders in your home that commands may read besides."""
    env: Names = ()
    """Names of your environment variables that commands get besides the usual ones."""


class RuleSettings(Section):
    """What happens to calls that match: the last rule that matches wins."""

    tool: Text
    """The tool's name, or a pattern: `bash`, `*`."""
    match: Text = "*"
    """A pattern for the command, or for the path relative to the workspace: `git status*`, `src/**`."""
    action: Literal["allow", "ask", "deny"]
    """`allow` runs it, `ask` waits for a person, `deny` tells the model no."""


class RetrySettings(Section):
    """How often a request that failed for a passing reason is tried again."""

    attempts: Annotated[int, Field(ge=1, le=100)] = 6
    """Tries in all, the first included."""
    longest_wait: Seconds = 600.0
    """Seconds. When a provider asks for a longer wait, the run stops and can be resumed."""


class HostSettings(Section):
    """The process behind all clients of a workspace."""

    idle_exit: Annotated[float, Field(ge=0)] = 900.0
    """Seconds with no client and nothing running until the host exits; 0 means never."""


Ending = Annotated[str, Field(min_length=2, max_length=50, pattern=r"^\.\S+$")]
Mark = Annotated[float, Field(gt=0, le=100_000_000)]


class WindowSettings(Section):
    """When checkpoints are made and the window is rebuilt. Up to 1 a number is a share of the usable window, above it tokens."""

    checkpoints: Annotated[tuple[Mark, ...], Field(strict=False, max_length=20)] = (0.2, 0.45, 0.7)
    """Fills at which a checkpoint is made beside the run. The model is asked for its judgement when 12,000 tokens
    are new since it last was, and at the last mark."""
    rebuild_at: Mark = 0.85
    """The fill at which a new window is started from the checkpoint, the memory and the user's own words."""
    rebuild_to: Mark = 0.18
    """What such a window may hold at its start, besides the system prompt and the tools."""
    inject: Annotated[int, Field(ge=0, le=100_000)] = 1_500
    """Tokens that a new session may be told of what is remembered; 0 for nothing."""
    writer: bool = True
    """Whether the model is asked for its judgement (decisions, dead ends, next action) at each checkpoint."""
    writer_deadline: Seconds = 120.0
    """Seconds the model may take for that. The run never waits more than five of them."""


class MemorySettings(Section):
    """What is remembered from session to session, and for how long."""

    enabled: bool = True
    """`false`: no new session is told what is remembered, no claim is proposed, and no search index is kept."""
    keep_days: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Days after which a session at rest is deleted; 0 keeps it for ever."""
    keep_mb: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    """Megabytes that Cairn may hold for this project; above it the sessions longest at rest are deleted. 0: no limit."""
    remember: Literal["allow", "ask", "deny"] = "allow"
    """What happens when the agent wants something remembered: it is, a person is asked, or it is not."""


class SnapshotSettings(Section):
    """What is recorded of the work tree, so that an agent's changes can be taken back, and for how long."""

    enabled: bool = True
    """`false`: nothing is recorded, and `cairn rewind` and `cairn diff` have nothing to go by."""
    largest_file: Annotated[int, Field(ge=1, le=1_000)] = 10
    """Megabytes of a file that is recorded; larger ones are left out and named."""
    keep_days: Annotated[int, Field(ge=0, le=100_000)] = 30
    """Days after which a recorded state is let go; 0 keeps it as long as its session."""
    keep_mb: Annotated[int, Field(ge=0, le=100_000_000)] = 2_000
    """Megabytes of all recorded states; above it the oldest go. 0: no limit."""


class EditorSettings(Section):
    """What editors are offered."""

    code_actions: bool = True
    """`false`: no action of Cairn's is offered on your code (fix, explain, test, refactor, task, remember)."""


class GuardSettings(Section):
    """When a run that goes in circles is told so, and when it is stopped."""

    repeat_nudge: Annotated[int, Field(ge=2, le=1_000)] = 3
    """The same calls with the same results so many times in a row: the model is told."""
    repeat_stop: Annotated[int, Field(ge=3, le=1_000)] = 6
    """So many times in a row: the run is stopped. More than `repeat_nudge`."""
    open_tasks: Annotated[int, Field(ge=0, le=1_000)] = 3
    """How often in a row a model that stops with open tasks is asked about them before the run rests; 0 is never."""

    @model_validator(mode="after")
    def _told_before_stopped(self) -> Self:
        if self.repeat_stop <= self.repeat_nudge:
            raise ValueError(
                f"repeat_stop ({self.repeat_stop}) must be more than repeat_nudge ({self.repeat_nudge}), "
                "or the model is never told before the run stops"
            )
        return self


class LanguageSettings(Section):
    """A language server that tells the agent what is wrong in the files it changes. It runs in the sandbox of commands."""

    command: Annotated[tuple[Text, ...], Field(strict=False, min_length=1, max_length=50)]
    """The program that speaks LSP on stdin and stdout, and its arguments: `["pyright-langserver", "--stdio"]`."""
    extensions: Annotated[tuple[Ending, ...], Field(strict=False, min_length=1, max_length=50)]
    """How the names of its files end: `[".py", ".pyi"]`."""


class Config(Section):
    """Cairn's settings. User file: `config.toml` in the user's folder; project file: `.cairn/config.toml`."""

    mode: ModeName = "build"
    """`build` may change files and run commands, `plan` may only read, `propose` only proposes changes."""
    model: ModelSettings = ModelSettings()
    budget: BudgetSettings = BudgetSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    sandbox: SandboxSettings = SandboxSettings()
    rules: Annotated[tuple[RuleSettings, ...], Field(strict=False, max_length=1_000)] = ()
    """What calls may do without asking, `[[rules]]` in the file. The last rule that matches wins."""
    retry: RetrySettings = RetrySettings()
    host: HostSettings = HostSettings()
    guards: GuardSettings = GuardSettings()
    memory: MemorySettings = MemorySettings()
    snapshots: SnapshotSettings = SnapshotSettings()
    window: WindowSettings = WindowSettings()
    editor: EditorSettings = EditorSettings()
    languages: Annotated[dict[LanguageName, LanguageSettings], Field(max_length=50)] = Field(
        default_factory=dict[str, LanguageSettings]
    )
    """Language servers by the name LSP has for their language, `[languages.python]` in the file."""

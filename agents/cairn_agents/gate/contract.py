"""The unattended contract: what a run may do while nobody is asked, from a TOML file that a person wrote.

The published JSON Schema (`docs/contract.schema.json`) is made from these classes, so the docstring under a field
is what an editor shows the user who hovers over it.
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from cairn_memory.events import Budget, ContractSet, Risk, StandingAnswer, StopRules

LARGEST = 100_000
"""Characters. A larger file is no contract."""

Answer = Literal["allow", "ask", "deny"]
Guarded = Literal["ask", "deny"]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]

RISKS: dict[Risk, str] = {
    "read": "what only reads",
    "write": "what changes files",
    "run": "what runs commands",
    "network": "what reaches the network",
    "outside": "what reaches outside of the workspace or the sandbox",
    "secret": "what touches secrets",
    "protected": "what changes protected files",
    "destructive": "what destroys or publishes",
    "memory": "what changes the memory",
}
"""Each class of questions in words."""


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A contract as a client read it: the file's name, for whoever is told what is wrong in it, and its text."""

    file: str
    text: str


class ContractError(Exception):
    """The user is told, in one line: the file, the key, what was found and what may stand there."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


class Stop(_Table):
    """When the run comes to rest by itself; it can be resumed."""

    failures: Annotated[int, Field(ge=0, le=1_000)] = 0
    """So many calls in a row have failed; 0 is never."""
    tests: Annotated[tuple[Text, ...], Field(strict=False, max_length=50)] = ()
    """Patterns of commands: when one that matches fails, the run stops. `["make test*", "pytest*"]`, say."""
    ask: Annotated[tuple[Risk, ...], Field(strict=False, max_length=20)] = ()
    """Classes of calls: at the first that would be asked about the run stops instead of waiting."""
    at: datetime | time | None = None
    """A time: `2026-11-22T06:00:00`, or `06:00:00` for the next time it is that late. Local unless it says otherwise."""


class Limits(_Table):
    """What the run may use up, on top of what the session has used already. 0 leaves it to config.toml."""

    steps: Annotated[int, Field(ge=0)] = 0
    """Replies of the model, each with the calls it asked for."""
    tokens: Annotated[int, Field(ge=0)] = 0
    """Prompt and completion together, summed over all requests."""
    usd: Annotated[float, Field(ge=0)] = 0.0
    """US dollars, by the table of prices."""
    seconds: Annotated[float, Field(ge=0)] = 0.0
    """Seconds of work; waiting for a person does not count."""


class Answers(_Table):
    """What is answered for the user, by the class of the call; `ask` waits for a person. A rule that denies stays."""

    read: Answer = "ask"
    """Reading that would be asked about."""
    write: Answer = "ask"
    """Changing files of the workspace."""
    run: Answer = "ask"
    """Commands that are not plainly harmless."""
    network: Answer = "ask"
    """Reaching the network."""
    outside: Answer = "ask"
    """Reaching outside of the workspace or the sandbox."""
    secret: Answer = "ask"
    """Reading or writing what looks like a secret."""
    protected: Guarded = "ask"
    """Changing protected files: never allowed in advance."""
    destructive: Guarded = "ask"
    """Destroying or publishing: never allowed in advance."""
    memory: Answer = "ask"
    """Changing what is remembered."""


class Contract(_Table):
    """What one run may do unattended: `cairn run --contract FILE`."""

    goal: Annotated[str, Field(max_length=64_000)] = ""
    """What there is to do, when the command line does not say it."""
    stop: Stop = Stop()
    budget: Limits = Limits()
    answers: Answers = Answers()

    @model_validator(mode="after")
    def _stops_or_answers(self) -> Self:
        both = [risk for risk in self.stop.ask if getattr(self.answers, risk) != "ask"]
        if both:
            raise ValueError(
                f"{both[0]} is answered in [answers] and stops the run in stop.ask; take one of them out"
            )
        return self

    def event(self, prompt: str, by: str, file: str, now: datetime) -> ContractSet:
        """The same as the log keeps it. Raises ContractError when its time is over at `now`."""
        stopping = StopRules(
            failures=self.stop.failures,
            tests=self.stop.tests,
            asks=self.stop.ask,
            at=_moment(self.stop.at, now, file),
        )
        return ContractSet(
            goal=prompt or self.goal,
            stop=tuple(stops_in_words(stopping)),
            budget=Budget(
                max_steps=self.budget.steps,
                max_tokens=self.budget.tokens,
                max_cost=self.budget.usd,
                max_seconds=self.budget.seconds,
            ),
            answers=tuple(
                StandingAnswer(risk=risk, action=action)
                for risk in get_args(Risk)
                if (action := getattr(self.answers, risk)) != "ask"
            ),
            by=by,
            stopping=stopping,
            file=file,
        )


TABLES: dict[str, type[BaseModel]] = {"": Contract, "stop": Stop, "budget": Limits, "answers": Answers}
"""Every table by its dotted name; the file itself is ""."""


def agreed(given: ContractFile, goal: str, by: str) -> ContractSet:
    """The contract that a client gave, for a run towards `goal`. An empty text takes the contract away. Raises ContractError."""
    if not given.text.strip():
        return ContractSet(goal="", by=by)
    return read_contract(given.text, given.file).event(goal, by, given.file, datetime.now().astimezone())


def read_contract(text: str, file: str) -> Contract:
    """The contract in the text of `file`. Raises ContractError."""
    if len(text) > LARGEST:
        raise ContractError(
            f"{file}: {len(text):,} characters, at most {LARGEST:,} are taken; shorten the goal"
        )
    try:
        return Contract.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{file}: not TOML: {error}; mend it") from error
    except ValidationError as error:
        raise ContractError(f"{file}: {_described(error.errors(include_url=False)[0])}") from error


def in_words(contract: ContractSet) -> list[str]:
    """What is agreed, a line each, for a person before the run begins and after it."""
    lines = [f"stops: {'; '.join(contract.stop) or 'only when it is done, or its budget is spent'}"]
    lines.append(f"budget: {', '.join(_limits(contract.budget)) or 'as in config.toml'}")
    for action, name in (("allow", "allowed"), ("deny", "denied")):
        risks = [RISKS[each.risk] for each in contract.answers if each.action == action]
        if risks:
            lines.append(f"{name} in advance: {', '.join(risks)}")
    answered = {each.risk for each in contract.answers}
    waits = [
        words for risk, words in RISKS.items() if risk not in answered and risk not in contract.stopping.asks
    ]
    lines.append(f"waits for you: {', '.join(waits) or 'nothing'}")
    return lines


def stops_in_words(stopping: StopRules) -> list[str]:
    """Each rule as a person says it."""
    lines: list[str] = []
    if stopping.failures:
        lines.append(f"after {stopping.failures} failed calls in a row")
    if stopping.tests:
        lines.append(f"when a command fails that matches {', '.join(f'`{each}`' for each in stopping.tests)}")
    if stopping.asks:
        lines.append(f"at the first question about {', '.join(RISKS[each] for each in stopping.asks)}")
    if stopping.at:
        lines.append(f"at {datetime.fromtimestamp(stopping.at / 1_000).astimezone():%Y-%m-%d %H:%M:%S %z}")
    return lines


def _limits(budget: Budget) -> list[str]:
    return [
        words
        for limit, words in (
            (budget.max_steps, f"{budget.max_steps:,} steps"),
            (budget.max_tokens, f"{budget.max_tokens:,} tokens"),
            (budget.max_cost, f"${budget.max_cost:.2f}"),
            (budget.max_seconds, f"{timedelta(seconds=round(budget.max_seconds))} hours of work"),
        )
        if limit
    ]


def _moment(at: datetime | time | None, now: datetime, file: str) -> int:
    """Unix milliseconds of the time, 0 for none; a time of day is the next one."""
    if at is None:
        return 0
    if isinstance(at, time):
        found = datetime.combine(now.date(), at, tzinfo=now.tzinfo)
        found += timedelta(days=1) if found <= now else timedelta()
    else:
        found = at if at.tzinfo else at.astimezone()
    if found <= now:
        raise ContractError(f"{file}: stop.at: {found:%Y-%m-%d %H:%M} is over already; give a time to come")
    return round(found.timestamp() * 1_000)


def _described(error: ErrorDetails) -> str:
    """One error as `key: what is wrong; what may stand there`."""
    location = [part for part in error["loc"] if isinstance(part, str)]
    key = ".".join(location)
    match error["type"]:
        case "extra_forbidden":
            table = TABLES.get(".".join(location[:-1]), Contract)
            return f"{key}: unknown key; there are {', '.join(table.model_fields)}"
        case "literal_error":
            why = "; it is never allowed in advance" if _is_guarded(location) else ""
            return f"{key}: expected {error.get('ctx', {}).get('expected', '')}, found {error['input']!r:.60}{why}"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case _:
            return f"{key}: {error['msg']}, found {error['input']!r:.60}"


def _is_guarded(location: list[str]) -> bool:
    return location in (["answers", "destructive"], ["answers", "protected"])

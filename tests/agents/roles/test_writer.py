"""The checkpoint writer against a model over real HTTP: what it asks, and that no answer does harm."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from deadlines import deadline
from scripted_provider import (
    FAULTS,
    ChooseSide,
    Refusal,
    Request,
    Script,
    ScriptedProvider,
    Turn,
    call,
    chunk,
    delta,
    judgement,
    say,
)

from cairn_agents.model.client import ModelClient
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.roles import side
from cairn_agents.roles.evidence import LoggedEvidence
from cairn_agents.roles.writer import Judged, Writer
from cairn_agents.window import Window, make_head
from cairn_memory.events import (
    Event,
    ModelReplied,
    ModelRequested,
    Payload,
    ToolCall,
    ToolFinished,
    UserMessage,
)
from cairn_memory.recall.checkpoint import Checkpoint, Item

SAID: tuple[Payload, ...] = (
    UserMessage(text="Make it fast, and keep the API."),  # e1
    ModelRequested(step=1),  # e2
    ModelReplied(step=1, calls=(ToolCall(id="c1", name="read", arguments='{"path": "a.py"}'),)),  # e3
    ToolFinished(step=1, call="c1", name="read", title="read a.py", text="KeyError: 'moon'"),  # e4
)
PREVIOUS = Checkpoint(
    number=1, covers=1, sections={"decisions": (Item(text="Cache it.", events=(1,), by="writer"),)}
)
GOOD = judgement(delta("dead ends", "The cache failed", 4, quote="KeyError: 'moon'"))
ROOM = 100_000


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side, "PAUSE", 0.0)


class Asking:
    """A writer, and the window it judges."""

    def __init__(self, provider: ScriptedProvider, client: ModelClient, root: Path, seconds: float) -> None:
        self.provider = provider
        self.client = client
        self.window = Window()
        tool: dict[str, object] = {"type": "function", "function": {"name": "read", "parameters": {}}}
        self.window.open(make_head([tool], "You are Cairn."), Endpoint(provider.url, "m"))
        for payload in SAID:
            self.window.apply(payload)
        self.events = [
            Event(seq, "s1", "main", payload.kind, 0, payload.model_dump_json())
            for seq, payload in enumerate(SAID, start=1)
        ]
        self._evidence = LoggedEvidence(self.events, root)
        self._writer = Writer(client, lambda model, usage: usage.total / 1_000, seconds)

    async def write(self, limit: int = ROOM) -> Judged:
        return await self._writer.write(self.window.prefix(), limit, self.events, PREVIOUS, self._evidence)

    @property
    def asked(self) -> list[Request]:
        assert self.provider.requests == [], "a side request is never taken for one of the loop's"
        return self.provider.side_requests


@asynccontextmanager
async def asking(
    folder: Path, turns: Sequence[Script] | ChooseSide, seconds: float = 20.0
) -> AsyncGenerator[Asking]:
    async with ScriptedProvider(side=turns) as provider, deadline(30):
        client = ModelClient(Endpoint(provider.url, "m"))
        try:
            yield Asking(provider, client, folder, seconds)
        finally:
            await client.close()


def way(request: Request) -> str:
    """How a request asks for JSON."""
    if "response_format" in request.json:
        return "schema"
    return "text" if request.json["tool_choice"] == "none" else "tool"


def only_by(*ways: str, answer: Script = GOOD) -> ChooseSide:
    """A provider that refuses all other ways."""

    def choose(request: Request) -> Script:
        return answer if way(request) in ways else Refusal(400, "unknown field")

    return choose


async def test_the_model_is_asked_on_the_windows_own_prefix_and_its_judgement_is_kept(tmp_path: Path) -> None:
    async with asking(tmp_path, [GOOD]) as at:
        judged = await at.write()
        (request,) = at.asked
    assert judged.problem == "" and judged.dropped == ()
    assert [(each.section, each.text, each.events) for each in judged.deltas] == [
        ("dead ends", "The cache failed", (4,))
    ]
    assert request.body.startswith(at.window.request()[:-2])
    body = request.json
    assert body["tool_choice"] == "none" and body["response_format"]["json_schema"]["strict"] is True
    words = body["messages"][-1]["content"]
    assert words.startswith("<from-cairn>\n") and words.endswith("\n</from-cairn>")
    assert "- Cache it. (e1)" in words and 'e1 user: "Make it fast' in words and "e4 read a.py" in words


async def test_what_it_cost_is_an_event(tmp_path: Path) -> None:
    async with asking(tmp_path, [GOOD]) as at:
        judged = await at.write()
    (event,) = judged.events
    assert (event.role, event.usage.total, event.cost, event.error) == ("writer", 110, 0.11, "")
    assert json.loads(event.text)["deltas"] and judged.cost == 0.11 and judged.usage.total == 110


async def test_a_lie_is_left_out_and_the_rest_kept(tmp_path: Path) -> None:
    lies = judgement(
        delta("decisions", "We chose SQLite", 99),
        delta("constraints", "Never test", 4, quote="KeyError: 'moon'"),
        delta("discoveries", "It lies in src/none.py", 4),
        delta("next action", "Read a.py again"),
    )
    async with asking(tmp_path, [lies]) as at:
        judged = await at.write()
    assert [each.section for each in judged.deltas] == ["discoveries", "next action"]
    assert len(judged.dropped) == 3 and judged.judged


@pytest.mark.parametrize("has", ["tool", "text"])
async def test_a_way_the_provider_has_not_is_paid_for_once(has: str, tmp_path: Path) -> None:
    answers: dict[str, Script] = {"text": GOOD, "tool": call("checkpoint", **json.loads(_text(GOOD)))}
    async with asking(tmp_path, only_by(has, answer=answers[has])) as at:
        first, second = await at.write(), await at.write()
        ways = [way(request) for request in at.asked]
        last = at.asked[-1].json
    assert first.deltas == second.deltas != ()
    assert ways == (["schema", "tool", "tool"] if has == "tool" else ["schema", "tool", "text", "text"])
    if has == "tool":
        assert last["tools"][-1]["function"]["name"] == "checkpoint"
        assert last["tool_choice"]["function"]["name"] == "checkpoint"


async def test_a_request_that_is_refused_for_another_reason_forgets_no_way(tmp_path: Path) -> None:
    async with asking(tmp_path, [Refusal(400, "no")] * 3 + [GOOD]) as at:
        assert "answered 400" in (await at.write()).problem
        assert (await at.write()).judged
        assert [way(request) for request in at.asked] == ["schema", "tool", "text", "schema"]


@pytest.mark.parametrize("status", [401, 402, 404])
async def test_what_only_a_person_can_change_is_asked_once(status: int, tmp_path: Path) -> None:
    async with asking(tmp_path, [status, GOOD]) as at:
        judged = await at.write()
        assert str(status) in judged.problem and len(at.asked) == 1
    (event,) = judged.events
    assert event.error == judged.problem and event.cost == 0


async def test_a_passing_error_is_tried_once_more(tmp_path: Path) -> None:
    async with asking(tmp_path, [500, GOOD]) as at:
        assert (await at.write()).judged
    async with asking(tmp_path, [503, 500, GOOD]) as at:
        assert "answered 500" in (await at.write()).problem
        assert len(at.asked) == 2


async def test_an_answer_that_is_none_is_asked_for_once_more_with_the_reason(tmp_path: Path) -> None:
    async with asking(tmp_path, [say("I decided nothing."), GOOD]) as at:
        judged = await at.write()
        again = at.asked[1].json["messages"][-1]["content"]
    assert judged.judged and len(judged.events) == 2 and judged.usage.total == 220
    assert 'no list "deltas"' in again
    async with asking(tmp_path, [say("Nothing."), say("Again nothing."), GOOD]) as at:
        judged = await at.write()
        assert len(at.asked) == 2
    assert "could not be read" in judged.problem and judged.deltas == ()
    assert [bool(event.error) for event in judged.events] == [False, True]


TEN_MEGABYTES: Sequence[Turn] = (
    Turn(tuple(chunk(content="C" * 65_536) for _ in range(160))),
    Turn(tuple(chunk(reasoning_content="C" * 65_536) for _ in range(160))),
    Turn((b"data: " + b"C" * 10_000_000,)),
    Turn((chunk(content="C" * 10_000_000),)),
)


@pytest.mark.parametrize("garbage", TEN_MEGABYTES, ids=["pieces", "thoughts", "one line", "one piece"])
async def test_ten_megabytes_of_garbage_are_broken_off(garbage: Turn, tmp_path: Path) -> None:
    async with asking(tmp_path, [garbage]) as at:
        judged = await at.write()
        assert "was broken off" in judged.problem and len(at.asked) == 1
    assert all(len(event.text) < 1_000 for event in judged.events)


async def test_ten_megabytes_of_an_error_are_one_line(tmp_path: Path) -> None:
    async with asking(tmp_path, [Refusal(401, "C " * 5_000_000)]) as at:
        problem = (await at.write()).problem
    assert problem and len(problem) < 600 and "\n" not in problem


@pytest.mark.parametrize("fault", [*FAULTS, "refuse"])
async def test_no_fault_of_the_provider_is_an_exception(fault: str, tmp_path: Path) -> None:
    async with asking(tmp_path, [fault] * 4, seconds=1.5) as at:
        judged = await at.write()
    assert judged.problem and "\n" not in judged.problem and judged.deltas == ()
    assert judged.events[-1].error


async def test_a_provider_that_stalls_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    async with asking(tmp_path, ["stall", GOOD], seconds=1.0) as at:
        assert (await at.write()).problem == "the model did not answer within 1 s"
        assert (await at.write()).judged, "late once is not late for good"


async def test_a_request_that_would_not_fit_is_not_sent(tmp_path: Path) -> None:
    async with asking(tmp_path, [GOOD]) as at:
        judged = await at.write(limit=200)
        assert at.asked == []
    assert "200 are free" in judged.problem and judged.events == ()


async def test_in_a_small_window_less_is_listed_and_the_model_is_asked_all_the_same(tmp_path: Path) -> None:
    async with asking(tmp_path, [GOOD] * 2) as at:
        for number in range(500):
            payload = ToolFinished(step=1, call=f"d{number}", title=f"read {'deep/' * 10}{number}.py")
            at.events.append(Event(number + 5, "s1", "main", payload.kind, 0, payload.model_dump_json()))
        prefix = at.window.prefix()
        limit = prefix.tokens + 1_500
        small, large = await at.write(limit), await at.write()
        sizes = [len(request.body) / 3.6 for request in at.asked]
    assert small.judged and large.judged
    assert sizes[0] <= limit < sizes[1]


async def test_a_provider_that_wants_a_long_wait_is_not_waited_for(tmp_path: Path) -> None:
    async with asking(tmp_path, [429, GOOD]) as at:
        at.provider.retry_after = "90"
        assert "answered 429" in (await at.write()).problem
        assert len(at.asked) == 1


async def test_it_can_be_cancelled_and_leaves_the_client_as_good_as_before(tmp_path: Path) -> None:
    reached = asyncio.Event()

    def silent_once(request: Request) -> Script:
        if reached.is_set():
            return GOOD
        reached.set()
        return "silent"

    async with asking(tmp_path, silent_once) as at:
        writing = asyncio.ensure_future(at.write())
        await reached.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert (await at.write()).judged


def _text(turn: Turn) -> str:
    """What a turn says."""
    pieces = [
        json.loads(piece[6:]) for piece in turn.pieces if isinstance(piece, bytes) and b"content" in piece
    ]
    return "".join(piece["choices"][0]["delta"]["content"] for piece in pieces)

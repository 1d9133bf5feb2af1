"""A workspace with a real host that is killed, starved and left alone while it runs a long script over HTTP."""

import asyncio
import contextlib
import json
import random
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from chaos_plan import Disturbances
from chaos_steps import next_step, turn
from deadlines import deadline
from full_disk import fill, make_room
from scripted_provider import Script, ScriptedProvider, Turn, tokens_of
from wire import REAL_HOST, Client, HostProcess, Hosts, Refusal, client

WINDOW = 60_000
"""Tokens."""
CONFIG = f"""
[model]
first_token_timeout = 5.0
stall_timeout = 1.0
window = {WINDOW}
[retry]
attempts = 4
"""
PATIENCE = 1.0
"""Seconds without an event after which the host is asked whether anything still works."""
LONG = 12_000
"""Tokens of a request that may be refused as too long: the next window must have room for the head."""
RESUMES = 400
"""More than there can be reasons for."""


@dataclass
class World:
    """One run, disturbed as planned. `seen` has (number, hash) of every event that a client was told of."""

    root: Path
    steps: int
    plan: Disturbances
    hosts: Hosts
    provider: ScriptedProvider
    chance: random.Random
    seen: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    done: list[str] = field(default_factory=list[str])
    """What befell it, in order."""
    session: str = ""
    _host: HostProcess | None = None
    _starved: bool = False
    _resumed: int = 0
    """The newest event when it was last set going."""
    spent: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """Kind and step of each disturbance that came about."""
    _faults: dict[int, list[str | int]] = field(default_factory=dict[int, list[str | int]])

    async def run(self) -> None:
        """Until the script is over. What stops it is mended, as a person would, and it is resumed."""
        for _ in range(RESUMES):
            try:
                async with client(self._living().file) as attached:
                    if await self._follow(attached):
                        return
            except OSError as error:  # the host died
                self.done.append(repr(error))
        raise AssertionError(f"it came to no end: {self.done[-20:]}")

    def close(self) -> None:
        if self._host is not None:
            self._fed()
            assert self._host.stop() == 0

    # --- what a person and a script do ----------------------------------------------------

    def _living(self) -> HostProcess:
        if self._host is None or self._host.process.poll() is not None:
            self._host, self._starved = self.hosts.start(self.root), False
        return self._host

    async def _follow(self, attached: Client) -> bool:
        """Watches with one client until it drops, the host dies, or the run is done: then True."""
        since = self.seen[-1][0] if self.seen else 0
        await _answered(attached, "cairn/events/subscribe", {"since": since, "stream": False})
        await self._set_going(attached)
        while True:
            event = await self._event(attached)
            if event is None:
                if await self._rests(attached):
                    return False  # it failed without a word in the log: there was no room for it
            elif self._take(event):
                return True
            elif self._stopped(event) or self._drops(event):
                return False

    async def _set_going(self, attached: Client) -> None:
        self._fed()
        settings = {
            "model": "scripted",
            "base_url": self.provider.url,
            "api_key": "none",
            "approve_all": True,
        }
        if not self.session:
            params = {"prompt": "Do all of it.", "root": str(self.root), "settings": settings}
            self.session = (await _answered(attached, "cairn/run/start", params))["session"]
            return
        listed = (await _answered(attached, "cairn/session/list"))["sessions"]
        (state,) = [each["state"] for each in listed if each["session"] == self.session]
        if state not in ("done", "running"):
            params = {"session": self.session, "settings": settings}
            self._resumed = (await _answered(attached, "cairn/run/resume", params))["since"]

    async def _event(self, attached: Client) -> dict[str, Any] | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                return await attached.unless_ended(attached.event())
        return None

    async def _rests(self, attached: Client) -> bool:
        status = await _answered(attached, "cairn/host/status")
        return self.session not in {each["session"] for each in status["running"]}

    def _take(self, event: dict[str, Any]) -> bool:
        digest = blake2b(json.dumps(event, sort_keys=True).encode(), digest_size=16).hexdigest()
        self.seen.append((event["seq"], digest))
        moment = {"tool.started": "started", "tool.finished": "finished"}.get(event["kind"])
        if moment and self.plan.kills.get(event["payload"]["step"]) == moment:
            self._kill(event["payload"]["step"], moment)
        payload = event["payload"]
        return event["kind"] == "session.state" and payload["state"] == "done"

    def _stopped(self, event: dict[str, Any]) -> bool:
        """Whether the run rests, and was not resumed since."""
        state = event["payload"].get("state") if event["kind"] == "session.state" else None
        return state in ("failed", "interrupted") and event["seq"] > self._resumed

    def _drops(self, event: dict[str, Any]) -> bool:
        """Whether the client goes away here, to come back at once."""
        step = event["payload"].get("step", 0)
        if event["kind"] != "model.replied" or step not in self.plan.drops or ("drop", step) in self.spent:
            return False
        self._spend("drop", step)
        return True

    # --- what befalls it ------------------------------------------------------------------

    def answer(self, number: int) -> Script:
        """The provider's turn: the script's, or what is planned for its step instead of it."""
        body = self.provider.requests[-1].body
        step = next_step(body)
        self._starve(step)
        if self.plan.kills.get(step) == "asked":
            self._kill(step, "asked")
        if (at := self._refused_from(step)) and tokens_of(body) > LONG:
            self._spend("exceeded", at)
            return 400
        left = self._faults.setdefault(step, list(self.plan.faults.get(step, ())))
        if left:
            self.done.append(f"{left[0]} at {step}")
            return left.pop(0)
        whole = turn(step, self.steps)
        if self.plan.kills.get(step) == "answered" and ("answered", step) not in self.spent:
            self._kill(step, "answered")
            return Turn((*whole.pieces[:2], None))
        return whole

    def _refused_from(self, step: int) -> int:
        """The step from which on a long request is to be refused, when that is still to come about; else 0."""
        return next((at for at in self.plan.exceeded if at <= step and ("exceeded", at) not in self.spent), 0)

    def _kill(self, step: int, moment: str) -> None:
        if (moment, step) in self.spent or self._host is None:
            return
        self._spend(moment, step)
        self._host.kill()

    def _starve(self, step: int) -> None:
        """The disk is full for the host and all that it starts, from here until somebody makes room."""
        spell = self.plan.spells.get(step)
        if spell is None or ("spell", step) in self.spent or self._host is None:
            return
        self._spend("spell", step)
        largest = max((path.stat().st_size for path in self._host.local.glob("cairn.db-wal")), default=0)
        fill(self._host.process.pid, 0 if spell == "nothing" else largest + self.chance.randrange(20_000))
        self._starved = True

    def _fed(self) -> None:
        if self._starved and self._host is not None and self._host.process.poll() is None:
            make_room(self._host.process.pid)
        self._starved = False

    def _spend(self, what: str, step: int) -> None:
        self.spent.add((what, step))
        self.done.append(f"{what} at {step}")


async def _answered(attached: Client, method: str, params: Any = None) -> Any:
    """The result of a request. Raises ConnectionError when the host dies meanwhile, AssertionError for a refusal."""
    try:
        async with deadline(20):
            return await attached.unless_ended(attached.request(method, params))
    except Refusal as refusal:
        raise AssertionError(f"{method}: {refusal.message}") from refusal


def hosts_in(folder: Path) -> Hosts:
    """Real hosts whose user has the short deadlines of such a run."""
    home = folder / "home"
    home.mkdir()
    (home / "config.toml").write_text(CONFIG, encoding="utf-8")
    return Hosts(home, REAL_HOST)

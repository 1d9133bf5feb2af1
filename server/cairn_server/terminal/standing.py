"""Where a session stands, as far as a progress line and an exit code need to know."""

import time

from cairn_server.terminal.wire import Approval, Event, Payload, SessionInfo

WRITER = "waiting for the checkpoint writer"


class Standing:
    """Folds a session's events. `begin` sets it to what the host knows when its past is not read."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.state = ""
        self.reason = ""
        self.cause = ""
        self.model = ""
        self.root = ""
        self.window = 0
        self.fill = 0
        self.step = 0
        self.max_steps = 0
        self.tokens = 0
        self.cost = 0.0
        self.began = time.monotonic()
        self.doing = "starting"
        self.doing_since = time.monotonic()
        self.approvals: dict[str, Approval] = {}
        self.checkpoints = 0
        """Written since anybody looked."""
        self._calls: dict[str, str] = {}
        self._tasks: dict[str, str] = {}
        self._writing = False

    @property
    def task(self) -> str:
        """The task at hand, as far as it was seen to be begun."""
        return next(reversed(self._tasks.values()), "")

    @property
    def rests(self) -> bool:
        """Nothing goes on until somebody takes it up again. A question in mid-step is no rest."""
        return self.state not in ("", "running") and not self.asks

    @property
    def asks(self) -> bool:
        """It waits for an answer that this client, or another one, can give."""
        return self.state == "waiting" and (bool(self.approvals) or self.cause == "approval")

    def begin(self, info: SessionInfo, approvals: list[Approval]) -> None:
        """Takes over what the host says of the session."""
        self.state, self.reason, self.model = info["state"], info["reason"], info["model"]
        self.window, self.fill, self.step, self.cost = (
            info["window"],
            info["fill"],
            info["steps"],
            info["cost"],
        )
        self.root = info["root"]
        self.tokens = info["usage"]["prompt"] + info["usage"]["completion"]
        self.max_steps = int(info["budget"].get("max_steps", 0))
        self.approvals = {approval["id"]: approval for approval in approvals}

    def apply(self, event: Event) -> None:
        """Takes in one event, seen before or not."""
        payload = event["payload"]
        match event["kind"]:
            case "session.started" | "session.resumed":
                self._settings(payload)
                self.began = time.monotonic() - max(time.time() - event["time"] / 1_000, 0)
            case "session.state":
                self.state = str(payload.get("state", ""))
                self.reason, self.cause = str(payload.get("reason", "")), str(payload.get("cause", ""))
            case "model.requested":
                self.step = int(payload.get("step", 0))
                self.fill = int(payload.get("tokens", 0)) or self.fill
                self._does("waiting for the model")
            case "model.replied":
                self._replied(payload)
            case "model.failed":
                retry = payload.get("retry_in")
                self._does("the model failed" if retry is None else "waiting to try again")
            case "tool.started":
                self._calls[str(payload["call"])] = str(payload.get("title") or payload.get("name", ""))
                self._does(", ".join(self._calls.values()))
            case "tool.finished":
                self._calls.pop(str(payload["call"]), None)
                self._drop_approvals(str(payload["call"]))
                self._does(", ".join(self._calls.values()) or self._between())
            case "approval.requested":
                self.approvals[str(payload["id"])] = Approval(**_approval(payload))
            case "approval.answered":
                self.approvals.pop(str(payload["id"]), None)
                self._does("going on")
            case _:
                self._remembers(event["kind"], payload)

    def _remembers(self, kind: str, payload: Payload) -> None:
        """Takes in what happens to the session's memory."""
        match kind:
            case "checkpoint.started":
                self._writing = True
            case "checkpoint.written":
                self._writing = False
                self.checkpoints = max(self.checkpoints, int(payload.get("number", 0)))
                if self.doing == WRITER:
                    self._does("going on")
            case "window.started":
                self.fill = int(payload.get("tokens", 0)) or self.fill
            case "task.changed":
                number = str(payload.get("task", ""))
                self._tasks.pop(number, None)
                if payload.get("state") == "in progress":
                    self._tasks[number] = f"{number} {payload.get('title', '')}"
            case _:
                pass

    def _between(self) -> str:
        """What goes on between two requests: a full window waits for a checkpoint that is being written."""
        return WRITER if self._writing else "going on"

    def streams(self, source: str, text: str) -> None:
        """What comes in now says what is being done."""
        doing = {"text": "writing", "reasoning": "thinking", "tool": f"preparing {text}"}.get(source)
        if doing and doing != self.doing:
            self._does(doing)

    def _does(self, what: str) -> None:
        self.doing, self.doing_since = what, time.monotonic()

    def _settings(self, payload: Payload) -> None:
        self.model = str(payload.get("model", "")) or self.model
        self.root = str(payload.get("root", "")) or self.root
        self.window = int(payload.get("window", 0)) or self.window
        self.max_steps = int(payload.get("budget", {}).get("max_steps", 0))

    def _replied(self, payload: Payload) -> None:
        usage, totals = payload.get("usage", {}), payload.get("totals", {})
        self.step = int(payload.get("step", self.step))
        self.fill = int(usage.get("prompt", 0)) + int(usage.get("completion", 0)) or self.fill
        self.tokens = int(totals.get("prompt", 0)) + int(totals.get("completion", 0))
        self.cost = float(payload.get("total_cost", 0.0))
        self._does(self._between())

    def _drop_approvals(self, call: str) -> None:
        self.approvals = {key: each for key, each in self.approvals.items() if each["call"] != call}


def _approval(payload: Payload) -> dict[str, str]:
    return {name: str(payload.get(name, "")) for name in Approval.__annotations__}

"""The contract's stop rules: an unattended run comes to rest when one of them says so."""

import re
from fnmatch import fnmatchcase

from cairn_agents.guards.base import Verdict
from cairn_memory.events import ContractSet, State
from cairn_memory.recall.trace import trace
from cairn_memory.sessions import SessionFold

NAME = "contract"
_ANOTHER = "resume with `--contract FILE` for another, or with `--contract none` for none"
_BETWEEN = re.compile(r"&&|\|\||[;|\n]")
"""What stands between the commands of a line. Too many parts do no harm here: one more may match."""


class ContractGuard:
    """Looks before each request: at the calls that failed, and at the clock. Without a contract it sees nothing."""

    def before_request(self, fold: SessionFold, now: int) -> Verdict | None:
        contract = fold.contract
        if contract is None:
            return None
        stopping = contract.stopping
        if stopping.at and now >= stopping.at:
            return _stop("the contract's time is over", "budget", _ANOTHER)
        if stopping.failures and fold.failures >= stopping.failures:
            return _stop(f"{fold.failures} calls failed in a row, and the contract stops there", "failed")
        if failed := _failed_test(contract, fold):
            return _stop(f"`{failed[:200]}` failed, and the contract stops there", "failed")
        return None


def _failed_test(contract: ContractSet, fold: SessionFold) -> str:
    """The first command of the newest step that failed and is one of the contract's tests; "" when there is none."""
    if not contract.stopping.tests:
        return ""
    for call in fold.failed:
        for part in _BETWEEN.split(trace(call.name, call.arguments).command):
            if any(fnmatchcase(part.strip(), pattern) for pattern in contract.stopping.tests):
                return part.strip()
    return ""


def _stop(reason: str, state: State, way: str = "resume to go on") -> Verdict:
    return Verdict(NAME, "stop", f"{reason}; {way}", state=state)

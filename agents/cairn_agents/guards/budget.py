"""Budgets: a run that has used its steps, tokens, money or time stops, and can be resumed with more."""

from cairn_agents.guards.base import Verdict
from cairn_memory.sessions import SessionFold


class BudgetGuard:
    """Stops before the request that would go over. 0 means no limit."""

    def before_request(self, fold: SessionFold, now: int) -> Verdict | None:
        budget = fold.budget
        if budget.max_steps and fold.steps >= budget.max_steps:
            return _spent(f"{fold.steps} steps are done, the budget is {budget.max_steps}")
        if budget.max_tokens and fold.totals.total >= budget.max_tokens:
            return _spent(f"{fold.totals.total:,} tokens are used, the budget is {budget.max_tokens:,}")
        if budget.max_cost and fold.cost >= budget.max_cost:
            return _spent(f"${fold.cost:.2f} are spent, the budget is ${budget.max_cost:.2f}")
        seconds = fold.seconds_worked(now)
        if budget.max_seconds and seconds >= budget.max_seconds:
            return _spent(f"{seconds:.0f} seconds are over, the budget is {budget.max_seconds:.0f}")
        return None


def _spent(reason: str) -> Verdict:
    return Verdict("budget", "stop", f"{reason}; resume with a larger budget to go on", state="budget")

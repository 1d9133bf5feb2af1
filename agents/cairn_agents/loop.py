"""The agent loop: ask the model, run its calls, until somebody must react."""

from typing import Never

from cairn_agents.asking import ask
from cairn_agents.calls import run_calls
from cairn_agents.guards.base import Rest
from cairn_agents.guards.open_tasks import rest_reason
from cairn_agents.rebuild import checkpoint_when_due, make_room
from cairn_agents.session import Session, now_ms


async def work(session: Session) -> Never:
    """Steps until the session comes to rest; always ends by an exception, mostly Rest.

    What comes next is read off the fold alone, so this is also how a session goes on
    after a kill, a restart or a week: there is no other state to restore.
    """
    while True:
        match session.fold.turn:
            case "tools":
                await run_calls(session)
            case "model":
                check(session)
                await make_room(session)
                checkpoint_when_due(session)
                await ask(session)
            case "rest":
                raise Rest("done", *rest_reason(session.equipment.scope.tasks, session.id))


def check(session: Session) -> None:
    """Lets the guards look before a request. Raises Rest when one stops the run."""
    for guard in session.equipment.step_guards:
        if verdict := guard.before_request(session.fold, now_ms()):
            session.act(verdict, session.fold.steps)

"""One approval in words: what a person is asked, all that is known of it, and how it can be answered.

Everything is exact: blanks that are none to a shell are marks, too. What does not fit one paragraph is not cut where a
yes may be given: then the question says less, and the page has all.
"""

from collections.abc import Iterator

from cairn_memory.events import ApprovalRequested
from cairn_server.protocol.views import ApprovalChoice, ApprovalShown
from cairn_server.views.row import cut
from cairn_server.visible import exact, exact_line

BRIEF = 200
"""Characters that fit a notification, which shows one paragraph."""
QUESTION = 900
"""A longer message is cut by editors."""
PAGE = 1_000_000

DEMANDS = {
    "network": "It wants the network.",
    "unsandboxed": "It wants to run outside of the sandbox, with all your rights.",
}
GONE = "This approval has been answered.\n"


def question(request: ApprovalRequested, agent: str) -> ApprovalShown:
    """How `agent` (build, plan; "" when it is not known) asks for a call."""
    whole = _asked(request, agent, PAGE)
    brief = _fits(request) and len(whole) <= QUESTION
    return ApprovalShown(
        id=request.id,
        open=True,
        name=exact_line(request.name),
        question=whole if brief else cut(_asked(request, agent, QUESTION // 3), QUESTION),
        brief=brief,
        page=cut(_page(request), PAGE),
        choices=list(_choices(request)),
    )


def answered(id: str) -> ApprovalShown:
    """What is told of one that is not open any more, or never was."""
    return ApprovalShown(
        id=id, open=False, name="", question=GONE.strip(), brief=False, page=GONE, choices=[]
    )


def _fits(request: ApprovalRequested) -> bool:
    return len(request.detail) <= BRIEF and "\n" not in request.title + request.detail


def _asked(request: ApprovalRequested, agent: str, most: int) -> str:
    """With at most so many characters of what the call is, so that what it wants is not cut off behind it."""
    title, grant = (cut(exact_line(text), most) for text in (request.title, request.grant))
    detail = exact(request.detail) if _fits(request) else ""
    return "".join(
        (
            f"Cairn's {agent} agent asks: " if agent else "Cairn asks: ",
            title,
            f" — {detail}" if detail and detail not in title else "",
            *(f" {_wanted(demand)}" for demand in request.demands),
            f" (for the session: {grant})" if grant and grant not in title else "",
        )
    )


def _page(request: ApprovalRequested) -> str:
    paths = "\n".join(request.paths)
    parts = (
        request.title,
        f"Class: {request.risk}" if request.risk else "",
        f"Why it is asked: {request.reason}" if request.reason else "",
        *(_wanted(demand) for demand in request.demands),
        f"Files, resolved:\n{paths}" if paths else "",
        request.detail,
        f'"Allow for Session" would allow: {request.grant}' if request.grant else "",
        f"Rule: {request.rule}" if request.rule else "",
    )
    return "\n\n".join(exact(part) for part in parts if part) + "\n"


def _choices(request: ApprovalRequested) -> Iterator[ApprovalChoice]:
    """Where nothing is offered for more than once: once or no."""
    grant = exact_line(request.grant)
    yield _choice("allow", "allow", "Allow")
    if request.grant:
        yield _choice("session", "session", "Allow for Session", description=grant)
        yield _choice(
            *("always", "always", "Always Allow…"),
            description=grant,
            asks="pattern",
            prompt=f"Always allow {exact_line(request.name)}: which calls?",
            hint="Enter allows it in this workspace until `cairn grants revoke` takes it back.",
            value=request.grant.removeprefix(f"{request.name} "),
        )
    yield _choice("deny", "deny", "Deny")
    yield _choice("words", "deny", "Deny and Say Why…", asks="words", prompt="What shall it do instead?")


def _choice(name: str, decision: str, title: str, **more: str) -> ApprovalChoice:
    nothing = {"description": "", "asks": "", "prompt": "", "hint": "", "value": ""}
    return ApprovalChoice.model_validate(
        {"name": name, "decision": decision, "title": title} | nothing | more
    )


def _wanted(demand: str) -> str:
    return DEMANDS.get(demand) or exact(demand)

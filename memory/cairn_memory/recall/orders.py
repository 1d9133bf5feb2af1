"""Sentences of a person, and which of them are orders: they ask, forbid, limit, correct or decide."""

import re
from collections.abc import Iterator

_END = re.compile(r"(?<=[.!?…])\s+|\n+")

_ORDERS = re.compile(
    r"""(?ix)
    \b(?:don'?t|do\ not|never|stop|avoid|no\ more|no\ longer|nicht|kein\w*|niemals)\b           # forbids
    | \b(?:must|should|shall|ought|have\ to|has\ to|need(?:s|ed)?|required?|muss|soll\w*)\b     # obliges
    | \b(?:please|pls|(?:can|could|would|will)\ (?:you|we)|let'?s|lets|we'?ll|(?:i|we)(?:'d|\ would)?\ (?:want|like|prefer|wanna)|want|bitte)\b  # asks
    | \b(?:only|just|instead|rather|without|except|unless|always|keep|at\ (?:most|least)|no\ (?:need|new)|nur|immer|statt|ohne)\b  # limits
    | \b(?:wrong|actually|not\ (?:that|what|like)|you\ (?:forgot|missed|broke)|still|again|revert|undo)\b  # corrects
    | \b(?:go\ (?:with|for|ahead)|decided|option|approach|yes|ok(?:ay)?|agreed)\b               # decides
    """
)
_IMPERATIVE_WORDS = (
    "add allow apply ask build bump call change check clean commit compare continue copy create cut debug delete "
    "describe do document drop ensure explain extend extract find finish fix follow format generate get give go "
    "handle ignore implement improve inline install investigate keep leave list look make mark merge migrate move "
    "open port push put read rebase refactor release remove rename reorder replace report reset restore return "
    "revert review rewrite run save search set ship show simplify skip sort split start switch take tell test try "
    "undo unify update upgrade use validate verify wait watch wire wrap write"
)
_IMPERATIVE = frozenset(_IMPERATIVE_WORDS.split())
_STANDING = re.compile(
    r"(?i)\b(?:don'?t|do not|never|always|must|only|avoid|no longer|from now on|make sure|without|nicht|immer|nie|nur)\b"
)
_LEADERS_WORDS = "and then also so now next first finally ok okay alright yes no well hmm btw"
_LEADERS = frozenset(_LEADERS_WORDS.split())
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_CHATTER_WORDS = (
    "continue ok okay yes y go on thanks thank you great nice good cool perfect done proceed sure k weiter ja"
)
_CHATTER = frozenset(_CHATTER_WORDS.split())


def sentences(text: str) -> Iterator[str]:
    """The sentences of `text`, a line break ending each; without surrounding blanks."""
    for part in _END.split(text):
        if part := part.strip():
            yield part


def is_order(sentence: str) -> bool:
    """Whether `sentence` asks, forbids, limits, corrects or decides something."""
    if _ORDERS.search(sentence):
        return True
    words = [word.lower() for word in _WORDS.findall(sentence[:200])[:6]]
    while words and words[0] in _LEADERS:
        del words[0]
    if words and words[0] in _IMPERATIVE:
        return True
    return any(word in _IMPERATIVE for word in words[:6])


def is_standing(order: str) -> bool:
    """Whether an order may hold beyond the work it was given with: it forbids, or says always or only."""
    return _STANDING.search(order) is not None


def is_chatter(text: str) -> bool:
    """Whether a message says no more than "continue" or "ok": nothing is lost without it."""
    words = _WORDS.findall(text.lower())
    return len(text) < 60 and all(word in _CHATTER for word in words)

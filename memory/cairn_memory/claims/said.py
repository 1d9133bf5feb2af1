"""Whether a rule is what the user said: only such may an agent write down as a rule."""

import re
import unicodedata
from collections.abc import Iterable

_SCRIPTS_WITHOUT_SPACES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKENS = re.compile(rf"[{_SCRIPTS_WITHOUT_SPACES}]|[^\W{_SCRIPTS_WITHOUT_SPACES}]+|[.!?;\n。]")
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019\u02bc`](?=\w)")
_STOPS = frozenset(".!?;\n。")
_NO = re.compile(r"\bno\s*,")
"""An answer, no negation of what follows."""
_NEGATIONS = frozenset("不别別勿没沒未") | {
    "not", "never", "no", "dont", "doesnt", "shouldnt", "mustnt", "cant", "cannot", "wont", "isnt", "arent",
    "stop", "avoid", "without", "unless", "nor", "neither",
}  # fmt: skip
_REACH = 4
"""Words before the rule, in its sentence, among which a "never" would turn it round."""


def said_by_user(text: str, user_messages: Iterable[str]) -> bool:
    """Whether the words of `text` stand, in order and with none between, in one of the user's messages.

    Case, punctuation and markup do not matter. A passage that only follows a "never" or a "not" does not
    count: without that word it says the opposite.
    """
    wanted = [word for word in _words(text) if word not in _STOPS]
    return bool(wanted) and any(_stands_in(wanted, _words(message)) for message in user_messages)


def _stands_in(wanted: list[str], message: list[str]) -> bool:
    words = [(word, at) for at, word in enumerate(message) if word not in _STOPS]
    first = wanted[0]
    for start in range(len(words) - len(wanted) + 1):
        same = words[start][0] == first and [word for word, _ in words[start : start + len(wanted)]] == wanted
        if same and not _turned_round(message[: words[start][1]]):
            return True
    return False


def _turned_round(before: list[str]) -> bool:
    for word in reversed(before[-_REACH:]):
        if word in _STOPS:
            return False
        if word in _NEGATIONS:
            return True
    return False


def _words(text: str) -> list[str]:
    plain = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return [word.strip("_") or "_" for word in _TOKENS.findall(_NO.sub(".", plain))]

"""What a provider said in an error: its words and codes out of bodies of every shape."""

import re
from dataclasses import dataclass

from cairn_agents.model.wire import encodable, items, mapping, text
from cairn_memory.redact import SecretMasker

_LONGEST = 300
"""Characters of a provider's words in a message of ours."""
_LOOKED_AT = 20_000
"""Characters that are masked before the rest is cut off: half a secret is not known for one."""
_DEEPEST = 6

_WORDS = ("message", "error", "detail", "msg", "error_description", "errors")
_CODES = ("code", "type", "status", "error_code")
_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|AIza|hf|nvapi)[-_A-Za-z0-9*.]{6,}|\bBearer\s+\S+|\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]{32,}"
)
_TAG = re.compile(r"<(?:style|script)[^<>]*>[^<]*|<[^<>]*>", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Said:
    """`words` for a person, not yet bounded or masked; `codes` as machine-readable names and numbers."""

    words: str
    codes: tuple[str, ...]

    @property
    def all(self) -> str:
        """Words and codes together, to look for what they mean."""
        return " ".join((self.words, *self.codes))

    @property
    def status(self) -> int:
        """The HTTP status among the codes, 0 when there is none: how errors in mid-stream carry it."""
        return next((int(code) for code in self.codes if re.fullmatch(r"[345]\d\d", code)), 0)


def read_said(body: object) -> Said:
    """Reads an error body: parsed JSON, or text when it was none.

    Only fields that hold the provider's own words are read: some bodies echo the request,
    and a conversation *about* full windows must not look like one.
    """
    words: list[str] = []
    codes: list[str] = []
    _collect(body, words, codes, 0)
    return Said(" | ".join(dict.fromkeys(words)), tuple(dict.fromkeys(codes)))


def one_line(words: str, secret: str = "") -> str:
    """`words` as one bounded line that is safe to show: no keys, no markup, no control characters."""
    hidden = words.replace(secret, "[key]") if len(secret) >= 6 else words
    line = " ".join(_UNPRINTABLE.sub(" ", _KEY.sub("[key]", encodable(hidden))).split())
    return line if len(line) <= _LONGEST else f"{SecretMasker().mask(line[:_LOOKED_AT])[:_LONGEST]} ..."


def _collect(body: object, words: list[str], codes: list[str], depth: int) -> None:
    if body is None or depth > _DEEPEST:
        return
    if isinstance(body, str):
        if plain := " ".join(_TAG.sub(" ", body[:20_000]).split()):
            words.append(plain)
        return
    for entry in items(body)[:3]:
        _collect(entry, words, codes, depth + 1)
    fields = mapping(body)
    for key in _CODES:
        if isinstance(code := fields.get(key), (str, int)):
            codes.append(str(code))
    for key in _WORDS:
        _collect(fields.get(key), words, codes, depth + 1)
    # OpenRouter says "Provider returned error" and keeps the reason here.
    if raw := text(mapping(fields.get("metadata")).get("raw")):
        words.append(raw[:2_000])

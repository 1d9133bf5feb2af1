"""What stands where a secret would, and is none: placeholders, references, words, paths, names in code."""

import re


def vocabulary(words: str) -> frozenset[str]:
    """The set of the words in `words`."""
    return frozenset(words.split())


COMMON = vocabulary(
    "admin administrator changeme current-password default development disabled enabled false guest "
    "include inherit localhost mysql new-password none null optional password passwd postgres production "
    "redis required root same-origin secret staging string test testing token true undefined user"
)
"""Values so common that masking them would hide nothing and spoil much."""

_STAND_IN = re.compile(
    r"example|your|placeholder|redacted|change[_-]?me|replace[_-]?(?:me|with|this)|insert[_-]|dummy"
    r"|x{4,}|\*{3,}|\.{3}|0{8,}|<[^>]*>|\$\{|\{\{|\$\(|#\{|%\(|masked:",
    re.IGNORECASE,
)
_LOOKED_AT = 100
"""Characters of a value: in a long one such a word turns up by chance."""
_REFERENCE = re.compile(
    r"\$[A-Za-z_]\w*$|%[A-Za-z_]\w*%$|:[A-Za-z_]\w*$|ENC\[|[{<@!]"
    r"|(?:env|vault|ssm|file|arn|op|secret|secrets|keyring|sops|sm|gcp-sm|berglas|doppler|akv|kms)[:(]|"
    r"(?:process\.env|os\.environ|import\.meta|secrets|vars|self|this|config|settings)\.",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w.\-/\\@ ]*$")
_DOTTED = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)+$")
_NAMES_ITSELF = re.compile(r"passw(?!0)|passphrase|pwd|secret|token|credential|key", re.IGNORECASE)
_SPECIAL = re.compile(r"[!@#$%^&*?+=~]")
_WORD = re.compile(r"[A-Za-z]{6,40}$")
_MIXED = re.compile(r"[0-9]|[a-z][A-Z]")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$")
_PIECE = re.compile(r"[A-Za-z0-9]{6,}")
_LOWER_RUN = re.compile(r"[a-z]+")
_LETTER_NEXT_TO_DIGIT = re.compile(r"(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]")


def is_stand_in(value: str) -> bool:
    """Whether `value` only holds the place of a secret, or says where to fetch it."""
    return (
        len(set(value)) <= 3
        or value.lower() in COMMON
        or _STAND_IN.search(value, 0, _LOOKED_AT) is not None
        or _REFERENCE.match(value) is not None
    )


def looks_random(value: str, least: int = 12) -> bool:
    """Whether at least `least` characters of `value` look drawn by a machine, and it is no stand-in."""
    if len(value) < least or not _MIXED.search(value) or is_stand_in(value):
        return False
    if _UUID.match(value):
        return True
    opaque = 0
    for piece in _PIECE.findall(value):
        opaque += len(piece) if _is_opaque(piece) else 0
        if opaque >= least:
            return True
    return False


def looks_chosen(value: str, *, bare: bool) -> bool:
    """Whether a person may have chosen `value` as a password; `bare` when no quotes stand around it."""
    if not 6 <= len(value) <= 200 or is_stand_in(value) or _PATH.match(value):
        return False
    if any(character.isspace() for character in value) or value.isalpha() or value.isdigit():
        return False
    if bare and (_DOTTED.match(value) or (_NAMES_ITSELF.search(value) and not _SPECIAL.search(value))):
        return False
    return (
        any(character.isdigit() for character in value)
        or not value.replace("_", "").replace("-", "").isalpha()
    )


def looks_strong(value: str) -> bool:
    """Whether `value` is what a policy for passwords asks for: letters of both cases, digits, and a special character."""
    if not 8 <= len(value) <= 200 or is_stand_in(value) or _PATH.match(value) or any(map(str.isspace, value)):
        return False
    kinds = (any(map(str.islower, value)), any(map(str.isupper, value)), any(map(str.isdigit, value)))
    return sum(kinds) >= 2 and any(map(str.isdigit, value)) and _SPECIAL.search(value) is not None


def is_plain_word(value: str) -> bool:
    """Whether `value` is a word that may be a password where nothing but a value can stand: `DB_PASSWORD=swordfish`."""
    return _WORD.match(value) is not None and not is_stand_in(value) and not _NAMES_ITSELF.search(value)


def _is_opaque(piece: str) -> bool:
    """Letters and digits in disorder; `utf8`, `camelCaseName` and `20260101` are in order.

    A random base-62 text has runs of small letters of 1.7 on average, words have 3 and more.
    """
    if len(_LETTER_NEXT_TO_DIGIT.findall(piece)) >= 2 + len(piece) // 16:
        return True
    if piece.isdigit() or piece.islower() or piece.isupper():
        return False
    runs = _LOWER_RUN.findall(piece)
    return len(piece) >= 10 and sum(map(len, runs)) < 3 * len(runs)

"""English words without their endings: Porter's algorithm (M. F. Porter, "An algorithm for suffix stripping", 1980).

The same code stems what is stored and what is asked, so both always agree.
"""

from collections.abc import Iterable, Mapping

_STEP_2 = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "abli": "able",
    "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate",
    "ator": "ate", "alism": "al", "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al",
    "iviti": "ive", "biliti": "ble", "logi": "log",
}  # fmt: skip
_STEP_3 = {
    "icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": "",
}  # fmt: skip
_STEP_4 = dict.fromkeys((
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism",
    "ate", "iti", "ous", "ive", "ize",
), "")  # fmt: skip
_UNTOUCHED = frozenset("abfhjkopqvwxz")
"""No ending of any step ends in one of these."""
_SHAPE = str.maketrans({letter: "v" if letter in "aeiou" else "c" for letter in "abcdefghijklmnopqrstuvwxz"})


def _by_tail(endings: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The endings by their last two letters, the longest first."""
    tails: dict[str, tuple[str, ...]] = {}
    for ending in sorted(endings, key=len, reverse=True):
        tails[ending[-2:]] = (*tails.get(ending[-2:], ()), ending)
    return tails


_TAILS_2, _TAILS_3, _TAILS_4 = _by_tail(_STEP_2), _by_tail(_STEP_3), _by_tail(_STEP_4)


def stem(word: str) -> str:
    """The stem of `word`, which is in lower case and of the letters a-z alone; short words stay as they are."""
    if len(word) < 3 or word[-1] in _UNTOUCHED:
        return word
    word = _plurals(word)
    word = _past_and_gerund(word)
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    word = _replace(word, _STEP_2, _TAILS_2)
    word = _replace(word, _STEP_3, _TAILS_3)
    word = _drop(word)
    return _tidy(word)


def _shape(word: str) -> str:
    """`word` with v for a vowel and c for a consonant; a y is a vowel behind a consonant."""
    shape = word.translate(_SHAPE)
    while (at := shape.find("y")) >= 0:
        vowel = at > 0 and shape[at - 1] == "c"
        shape = f"{shape[:at]}{'v' if vowel else 'c'}{shape[at + 1 :]}"
    return shape


def _measure(stem: str) -> int:
    """How many times a vowel is followed by a consonant: Porter's m."""
    return _shape(stem).count("vc")


def _has_vowel(stem: str) -> bool:
    return "v" in _shape(stem)


def _double(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _shape(word)[-1] == "c"


def _short_end(word: str) -> bool:
    """Ends consonant, vowel, consonant, and the last is none of w, x, y."""
    return _shape(word).endswith("cvc") and word[-1] not in "wxy"


def _plurals(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _past_and_gerund(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        if not word.endswith(ending):
            continue
        base = word[: -len(ending)]
        if not _has_vowel(base):
            return word
        if base.endswith(("at", "bl", "iz")):
            return base + "e"
        if _double(base) and base[-1] not in "lsz":
            return base[:-1]
        return base + "e" if _measure(base) == 1 and _short_end(base) else base
    return word


def _longest(word: str, tails: Mapping[str, tuple[str, ...]]) -> str:
    """The longest of the endings that `word` has, and is longer than."""
    for ending in tails.get(word[-2:], ()):
        if word.endswith(ending) and len(word) > len(ending):
            return ending
    return ""


def _replace(word: str, endings: Mapping[str, str], tails: Mapping[str, tuple[str, ...]]) -> str:
    ending = _longest(word, tails)
    if ending and _measure(base := word[: -len(ending)]) > 0:
        return base + endings[ending]
    return word


def _drop(word: str) -> str:
    ending = _longest(word, _TAILS_4)
    if not ending:
        return word
    base = word[: -len(ending)]
    if _measure(base) < 2 or (ending == "ion" and base[-1:] not in ("s", "t")):
        return word
    return base


def _tidy(word: str) -> str:
    if word.endswith("e"):
        measure = _measure(word[:-1])
        if measure > 1 or (measure == 1 and not _short_end(word[:-1])):
            word = word[:-1]
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word

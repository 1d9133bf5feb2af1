"""Which claims matter for a text: those that share its rarer words first, then what is meant for always."""

import math
import time
from collections import Counter
from collections.abc import Sequence

from cairn_memory.claims.claims import Claim
from cairn_memory.events import ClaimKind
from cairn_memory.search.tokens import asked, terms

STANDING: dict[ClaimKind, float] = {
    "rule": 2.0,
    "preference": 1.0,
    "pitfall": 0.6,
    "decision": 0.4,
    "fact": 0.2,
}
"""What a claim is worth without a word in common: a preference holds whatever the task is."""

USE = 0.1
"""For each doubling of the times it was of use."""
MONTH = 30 * 24 * 3_600_000
RECENT = 0.3
"""What a claim of today is worth more than one of long ago; half of it after a month."""


def ranked(claims: Sequence[Claim], about: str) -> list[Claim]:
    """`claims`, best first for `about` (the user's words, what is worked on)."""
    words = {claim.id: set(terms(claim.text)) for claim in claims}
    holders = Counter(word for held in words.values() for word in held)
    weights = {word: math.log(1 + len(claims) / holders[word]) for word in asked(about) if word in holders}
    now = time.time() * 1_000

    def worth(claim: Claim) -> float:
        shared = sum(weight for word, weight in weights.items() if word in words[claim.id])
        used = USE * math.log2(1 + claim.used)
        age = max(now - claim.time, 0) / MONTH
        return shared + STANDING[claim.about] + used + RECENT * 0.5**age

    return sorted(claims, key=worth, reverse=True)

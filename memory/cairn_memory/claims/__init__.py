"""Claims: what is remembered across sessions, one bullet of MEMORY.md each.

claims     remember, forget, look
claim      what is shown of one
proposals  what waits for the user's yes
said       whether a rule is what the user said
text       fit for a bullet; compared and named
page       one MEMORY.md: its bullets and headings
changes    a claim more, claims less, and the events of both
book       what the log says about claims
merge      another MEMORY.md taken into ours
"""

from cairn_memory.claims.book import Proposal
from cairn_memory.claims.claim import Claim, Remembered
from cairn_memory.claims.claims import Claims
from cairn_memory.claims.merge import merge
from cairn_memory.claims.page import HEADINGS
from cairn_memory.claims.proposals import Proposals
from cairn_memory.claims.said import said_by_user

__all__ = ["HEADINGS", "Claim", "Claims", "Proposal", "Proposals", "Remembered", "merge", "said_by_user"]

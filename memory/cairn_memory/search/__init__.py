"""Search over all that happened and all that is remembered, as a file beside the log that can be made anew.

index       what others use: search, around, get, reindex
indexer     follows the log and the memory files in the background
shape       the tables of the file, and whether a file is ours
entries     puts events and sections into the tables
sections    what the memory files hand in
passages    what of an event can be searched, and its pieces
tokens      text -> terms: words, parts of identifiers, CJK pairs
stem        English words without their endings
candidates  phase one: the pieces that may answer, within a budget of work
rank        phase two: the best of them, scored exactly
reader      runs a search, from words to hits
literal     exact substrings
texts       what a piece says, from the log
snippets    a hit in a few lines
"""

from cairn_memory.search.index import SearchIndex
from cairn_memory.search.sections import Section, Sections
from cairn_memory.search.texts import Found, Hit, Scope

__all__ = ["Found", "Hit", "Scope", "SearchIndex", "Section", "Sections"]

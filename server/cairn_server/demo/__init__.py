"""`cairn demo`: a small project, a long recorded run of it in a small window, a kill in the middle, and what came of it."""

"""`cairn demo`: a small project, a recorded run of it, a kill in the middle, and what came of it."""

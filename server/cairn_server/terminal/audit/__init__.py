"""`cairn audit`: what was done in a workspace, for people, programs and reports."""

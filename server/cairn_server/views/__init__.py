"""The views: what a client shows of tasks, runs, checkpoints, memory and approvals, as rows that are ready to be shown.

A view asks the memory or the runs for what it shows and makes rows of it; it has no state. `news` tells clients when.

row          one row: its texts bounded and made visible, its look by its state
tasks        the tree of tasks, and what each cost
runs         the newest sessions; the one that may be taken up
checkpoints  those of one session
memory       claims, proposals, notes; what a search finds
approvals    what waits for a person
question     one approval in words: what is asked, how it can be answered
standing     how a workspace stands, in one line
news         which views changed, told to the clients that asked
"""

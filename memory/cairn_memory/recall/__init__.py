"""What a new window needs of a session, made by code alone from its events.

trace        what one tool call touched, whichever agent made it
facts        the fold: words, files, commands, errors, names, the last moves
said, orders the user's words, and which of their sentences are orders
work         files, commands and errors
names        the working set of names, and how much each matters now
standing     how the session stands, and what is to be done now
checkpoint   a snapshot as sections of items; made: out of the facts; page: as Markdown, edited by hand
table        order, share and bounds of the parts of a window
compose      the window and its receipt; wordlines, working_set and activity write its parts
"""

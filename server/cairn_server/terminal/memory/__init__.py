"""`cairn memory`: what is remembered, for a person and for scripts.

arguments  the options of each action
command    which action does what
claims     list, remember, forget, proposals, show
searching  search, one query or many
files      the files and their versions: log, diff, undo, edit
health     reindex, doctor
policy     where, export, import
deleting   delete, expire, and masking what is stored
asking     a yes before what cannot be taken back
keeping_options  the options of those
"""

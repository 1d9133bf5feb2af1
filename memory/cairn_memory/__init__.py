"""The log and everything derived from it: events, blobs, masking, the fold of a session.

`cairn_memory` knows no model, no editor and no tool. It is usable on its own.
"""

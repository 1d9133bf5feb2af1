"""Roles: what a model is asked beside the conversation, on the conversation's own prefix."""

"""What can go wrong in the store, named by who must react."""


class StoreError(Exception):
    """The person decides: the store cannot do what was asked; nothing acknowledged is lost."""


class StoreFull(StoreError):
    """The disk is full or the file may not grow: make room, then resume."""


class StoreDamaged(StoreError):
    """What is on disk is not what was written; it was left as it is."""

"""What can go wrong between us and a model, named by who must react."""


class ModelError(Exception):
    """A request came to nothing. `message` says what was tried, what was found, what to do."""

    retry = False
    """Whether the same request may succeed by itself a little later."""

    def __init__(self, message: str, *, retry_after: float | None = None, status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        """Seconds the provider asked us to wait, when it did."""
        self.status = status
        """The HTTP status it came with, 0 when there was none."""


class Unreachable(ModelError):
    """We try again: no connection, or it broke before the reply was whole."""

    retry = True


class RateLimited(ModelError):
    """We wait as told and try again (429)."""

    retry = True


class Overloaded(ModelError):
    """We try again: the provider has trouble of its own (5xx, 529, an error in mid-stream)."""

    retry = True


class Stalled(ModelError):
    """We try again: nothing came within the deadline."""

    retry = True


class Garbled(ModelError):
    """We try again: what came was not a reply (broken JSON, broken UTF-8, HTML)."""

    retry = True


class Refused(ModelError):
    """The person reacts: key, model name, rights or credit (400, 401, 402, 403, 404, 413, 422)."""


class QuotaSpent(Refused):
    """The person reacts: a 429 that says the credit is used up; waiting will not help."""


class WindowFull(ModelError):
    """The caller reacts: the conversation no longer fits the model's context."""


class ReplyTooLarge(ModelError):
    """The person reacts: the reply grew beyond anything a window could hold and was broken off."""

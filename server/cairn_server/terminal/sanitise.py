"""Text of models and tools is shown, never obeyed: what a terminal would act on becomes visible marks."""

from cairn_server.visible import exact, exact_line, holds_hidden, one_line, unsettled, visible

__all__ = ["exact", "exact_line", "holds_hidden", "one_line", "unsettled", "visible"]

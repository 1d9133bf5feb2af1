"""The openai SDK, imported without its largest part, which Cairn never uses.

`openai.types.responses` (the Responses API) is more than half of the SDK's import, in
time and in modules, and is imported for a few names only. So it is made a package that
runs its own code when somebody first asks it for something; its modules load as ever.
"""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_LEFT_OUT = "openai.types.responses"


class _Later(Loader):
    """Runs a package's code at the first look at a name that it does not have yet."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        loader = self._loader

        class NotRun(ModuleType):
            def __getattr__(self, name: str) -> object:
                if name.startswith("__"):
                    raise AttributeError(name)
                object.__setattr__(self, "__class__", ModuleType)
                loader.exec_module(self)
                return getattr(self, name)

        module.__class__ = NotRun


class _Finder:
    """In `sys.meta_path` while the SDK is imported."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == _LEFT_OUT else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Later(spec.loader)
        return spec


@contextmanager
def _leanly() -> Generator[None]:
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


with _leanly():
    import openai

__all__ = ["openai"]

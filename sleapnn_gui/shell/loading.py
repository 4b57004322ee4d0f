"""Loading a large package in turns of the event loop that are each short."""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Generator
from types import ModuleType
from typing import Any, cast

_WHOLE = object()


def make_types(name: str) -> None:
    """Have all that a module of Qt's offers made: PySide makes each class when it is first asked for.

    A package that asks for all of them at once would take a long turn for it.
    """
    module = importlib.import_module(name)
    for one in dir(module):
        getattr(module, one, None)


class SteppedLoad:
    """Loads a package; with every `step` what its beginning imports next. At once where its source is not there.

    Whoever asks a package that is loaded in part for something that is not there yet has the rest loaded first. Where the
    rest is left undone, it is as if the package was never loaded. It has to do without the package that it is loaded
    `without`, where nobody else has loaded that: what it has no need of here would take long.
    """

    def __init__(self, name: str, *, without: str = "") -> None:
        self._name, self._without = name, without
        self._is_busy = False
        self._steps = self._load()

    def step(self) -> bool:
        """Load some more; returns whether there was something left."""
        self._is_busy = True
        hidden = self._without and sys.modules.setdefault(self._without, cast(ModuleType, None)) is None
        try:
            return next(self._steps, _WHOLE) is not _WHOLE
        finally:
            self._is_busy = False
            if hidden:
                del sys.modules[self._without]

    def finish(self) -> None:
        """Load what is left."""
        while self.step():
            pass

    def leave(self) -> None:
        """Load no more."""
        self._steps.close()

    def _load(self) -> Generator[None]:
        spec = None if self._name in sys.modules else importlib.util.find_spec(self._name)
        source = getattr(spec.loader, "get_source", lambda _: None)(self._name) if spec is not None else None
        if spec is None or source is None:
            importlib.import_module(self._name)
            return
        module = importlib.util.module_from_spec(spec)
        names = vars(module)
        names["__getattr__"] = self._find_missing
        sys.modules[self._name] = module
        is_whole = False
        try:
            for statement in ast.parse(source).body:
                exec(compile(ast.Module([statement], []), spec.origin or self._name, "exec"), names)
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    yield
            is_whole = True
        finally:
            if names.get("__getattr__") == self._find_missing:
                del names["__getattr__"]
            if not is_whole:
                sys.modules.pop(self._name, None)

    def _find_missing(self, name: str) -> Any:
        """What the package has by this name once it is whole. What is part of it has to do with what is there."""
        if not self._is_busy:
            self.finish()
            module = sys.modules[self._name]
            if name in vars(module):
                return vars(module)[name]
        raise AttributeError(f"module {self._name!r} has no attribute {name!r}")

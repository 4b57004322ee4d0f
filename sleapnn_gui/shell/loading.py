"""Loading a large package in turns of the event loop that are each short."""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator


def load_in_steps(name: str) -> Iterator[None]:
    """Load a package; with every `next` what its beginning imports next. At once where its source is not there.

    Until the last step the package lacks parts, so whoever needs it goes through the steps that are left. Where they are
    left undone, it is as if it was never loaded.
    """
    spec = None if name in sys.modules else importlib.util.find_spec(name)
    source = getattr(spec.loader, "get_source", lambda _: None)(name) if spec is not None else None
    if spec is None or source is None:
        importlib.import_module(name)
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    is_whole = False
    try:
        for statement in ast.parse(source).body:
            exec(compile(ast.Module([statement], []), spec.origin or name, "exec"), vars(module))
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                yield
        is_whole = True
    finally:
        if not is_whole:
            sys.modules.pop(name, None)

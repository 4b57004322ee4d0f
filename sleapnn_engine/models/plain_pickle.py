"""Reading a checkpoint that carries Python objects beside its tensors, without ever running code from it."""

import pickle
import types
from pathlib import Path
from typing import Any

import torch

#: The only names that are looked up; each of them makes plain containers or tensors.
_PLAIN = {
    ("collections", "OrderedDict"),
    ("torch", "Size"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch.storage", "UntypedStorage"),
}


class Skipped:
    """Stands where the file has an object of another kind; takes whatever is said to it and keeps nothing."""

    def __new__(cls, *args: Any, **kwargs: Any) -> "Skipped":
        return object.__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, name: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Called for each item of a skipped list."""

    def extend(self, values: Any) -> None:
        """Called for several items of a skipped list."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        plain_storage = module == "torch" and name.endswith("Storage") and name.isidentifier()
        if (module, name) in _PLAIN or plain_storage:
            return super().find_class(module, name)
        return Skipped


def load_tensors(path: Path) -> Any:
    """The contents of a checkpoint (zip format), on the CPU, with everything but tensors and containers skipped."""
    reader = types.ModuleType("plain_pickle")
    reader.Unpickler = _Unpickler  # type: ignore[attr-defined]
    return torch.load(path, map_location="cpu", pickle_module=reader, weights_only=False)

"""Initial weights, and reading weights from checkpoint files without running code from them."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.geometry import PLACES
from sleapnn_engine.models.plain_pickle import load_tensors

#: All names in a checkpoint's state_dict start with this.
PREFIX = "model."
#: Our own part of a checkpoint file, which other programs ignore.
OWN_SECTION = "sleapnn_engine"


def initialise(model: nn.Module, method: str) -> None:
    """`default` keeps PyTorch's own; `xavier` gives every convolution, transposed ones included, and every linear layer
    uniform Xavier weights and zero bias.
    """
    if method == "default":
        return
    if method != "xavier":
        raise ValueError(f"unknown initialisation {method!r}")
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def read_state(path: Path | str, *, setting: str = "") -> dict[str, Tensor]:
    """The state_dict of a checkpoint, names without the `model.` prefix.

    Only tensors and plain values are taken from it. `setting` is the dotted key that named the file, for the error.
    Raises UserError when the file is missing or no checkpoint.
    """
    state = read_checkpoint(path, setting=setting)["state_dict"]
    return {name.removeprefix(PREFIX): value for name, value in state.items()}


def read_checkpoint(path: Path | str, *, setting: str = "", mapped: bool = False) -> dict[str, Any]:
    """Everything in a checkpoint that is plain, with its tensors on the CPU; `state_dict` is always there.

    With `mapped` a tensor stays in the file until it is looked at, and the file open until all are forgotten. Raises UserError when the file is missing or no checkpoint; `setting` is the dotted key that named it.
    """
    where = setting or str(path)
    path = Path(path)
    if not path.is_file():
        raise UserError(f"There is no file {path}.", where=where, hint="Choose a .ckpt file.")
    try:
        content = _read(path, mapped=mapped)
    except Exception as error:  # any damage to the zip or its pickle surfaces as one of many types
        raise UserError(
            f"{path} could not be read as a checkpoint ({type(error).__name__}).",
            where=where,
            hint="Choose the best.ckpt of a training run.",
        ) from error
    if not (isinstance(content, dict) and isinstance(content.get("state_dict"), dict)):
        raise UserError(
            f"{path} holds no model weights.", where=where, hint="Choose the best.ckpt of a training run."
        )
    return content


def places_of(content: Mapping[str, Any]) -> int:
    """Where targets lay when a checkpoint was made (`geometry.PLACES`).

    Those of files that do not say it lay as this program once had them, unless another program wrote the file.
    """
    own = content.get(OWN_SECTION)
    places = own.get("places") if isinstance(own, Mapping) else PLACES
    return places if isinstance(places, int) else 1


def first_broken_tensor(state: Mapping[str, Any]) -> str | None:
    """Name of the first tensor that holds a number which is not finite; None where there is none."""
    return next((name for name, value in state.items() if not is_finite(value)), None)


def is_finite(value: Any) -> bool:
    """Whether a value is anything but a tensor with numbers that are not finite."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return True
    # A sum with such a number in it is none either, and quickly made; one of finite numbers may be too large.
    return bool(value.sum().isfinite()) or bool(value.isfinite().all())


def _read(path: Path, *, mapped: bool) -> Any:
    """Older programs also put their settings into the file, as objects; those are skipped."""
    packed = zipfile.is_zipfile(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped and packed)
    except pickle.UnpicklingError:
        if not packed:
            raise
        return load_tensors(path)

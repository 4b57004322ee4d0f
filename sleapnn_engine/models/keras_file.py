"""Reading the weights of SLEAP models up to 1.4 (`best_model.h5`), in the layout that torch has them."""

import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from sleapnn_engine.config.errors import UserError

#: What Keras calls the values of a layer, and what torch does.
_VALUES = {"kernel": "weight", "bias": "bias"}
#: Heads are numbered in files of models with several of them.
_NUMBERED_HEAD = re.compile(r"^(\w+Head)_\d+$")


def read_keras(path: Path, *, setting: str) -> dict[str, Tensor]:
    """`layer.weight` and `layer.bias` -> tensor, for every layer of the file; the optimizer's values are left out.

    Kernels come out as torch has them: (out, in, h, w) for convolutions, (in, out, h, w) for transposed ones,
    (out, in) for dense layers. Values of other kinds of layers keep their names and layout.
    Raises UserError when the file is damaged or no Keras model.
    """
    try:
        values = _read(path)
    except Exception as error:  # damage surfaces as OSError, KeyError or RuntimeError
        raise UserError(
            f"{path} could not be read as a SLEAP model ({type(error).__name__}).",
            where=setting,
            hint="Choose the best_model.h5 of a SLEAP model folder.",
        ) from error
    if not any(name.endswith(".weight") for name in values):
        raise UserError(
            f"{path} holds no model weights.",
            where=setting,
            hint="Choose the best_model.h5 of a SLEAP model folder.",
        )
    return values


def _read(path: Path) -> dict[str, Tensor]:
    values: dict[str, Tensor] = {}

    def add(name: str, item: Any) -> None:
        parts = name.split("/")
        if not isinstance(item, h5py.Dataset) or len(parts) < 2 or item.dtype.kind != "f":
            return
        value = parts[-1].partition(":")[0]
        layer = _NUMBERED_HEAD.sub(r"\1", parts[-2])
        array = np.asarray(item, dtype=np.float32)
        if value == "kernel":
            array = _torch_layout(array)
        values[f"{layer}.{_VALUES.get(value, value)}"] = torch.from_numpy(np.ascontiguousarray(array))

    with h5py.File(path, "r") as file:
        file.get("model_weights", file).visititems(add)
    return values


def _torch_layout(kernel: np.ndarray) -> np.ndarray:
    """(h, w, in, out) -> (out, in, h, w); transposed convolutions have (h, w, out, in), so the same order serves them."""
    if kernel.ndim == 4:
        return kernel.transpose(3, 2, 0, 1)
    return kernel.T if kernel.ndim == 2 else kernel


def layer_name(parameter: str) -> str:
    """`backbone...blocks.stack0_enc0_conv0.weight` -> `stack0_enc0_conv0.weight`, what the same layer is called here."""
    *path, value = parameter.split(".")
    layer = next(part for part in reversed(path) if not part.isdigit())
    return f"{layer}.{value}"


def is_head(name: str) -> bool:
    """Whether a name from `read_keras` belongs to an output head."""
    layer = name.partition(".")[0]
    return layer.endswith("Head") or layer.startswith("pre_classification")


class FromCorner(nn.ConvTranspose2d):
    """A transposed convolution of stride 2 as Keras has it: what it makes begins at the corner, one cell further up and
    left than with the padding that torch gives the same size by.
    """

    def forward(self, x: Tensor, output_size: Any = None) -> Tensor:
        """(B, C, h, w) -> (B, C', 2h, 2w)."""
        height, width = x.shape[-2:]
        made = functional.conv_transpose2d(x, self.weight, self.bias, stride=self.stride)
        return made[..., : 2 * height, : 2 * width]


def enlarge_from_corner(network: nn.Module) -> None:
    """Have a network's transposed convolutions, with the weights they have, place what they make as Keras does."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is nn.ConvTranspose2d:
                size, stride = layer.kernel_size[0], layer.stride[0]
                made = FromCorner(layer.in_channels, layer.out_channels, size, stride=stride)
                made.weight, made.bias = layer.weight, layer.bias
                parent.add_module(name, made)


def reorder_cells(weight: Tensor, *, cells: tuple[int, int]) -> Tensor:
    """(units, h*w*C) -> (units, C*h*w): a dense layer that reads a whole map, whose cells Keras lists channels last."""
    height, width = cells
    return weight.reshape(len(weight), height, width, -1).permute(0, 3, 1, 2).flatten(start_dim=1)

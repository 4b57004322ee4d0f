"""Dense layers of ConvNeXt and Swin: as PyTorch computes them, and in use on a processor by the quicker way it has."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def dense(layer: nn.Module, x: Tensor, *, gelu: bool = False) -> Tensor:
    """(..., inputs) -> (..., outputs) of a linear layer, and GELU of it where that is said."""
    assert isinstance(layer, nn.Linear)
    if _is_used(x):
        after: tuple[Any, ...] = ("gelu", [], "none") if gelu else ("none", [], "")
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x, layer.weight, layer.bias, *after)
        return product
    y = functional.linear(x, layer.weight, layer.bias)
    return functional.gelu(y) if gelu else y


def _is_used(x: Tensor) -> bool:
    """Whether these are full numbers on a processor, that nobody asks the gradient of and nothing is written down from.

    oneDNN's product is up to a tenth quicker than the one that PyTorch chooses by itself, and GELU goes along with it.
    """
    return (
        torch.is_inference_mode_enabled()
        and x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and torch.backends.mkldnn.is_available()
    )

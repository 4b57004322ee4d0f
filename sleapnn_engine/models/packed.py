"""A network in use on a processor: weights that are laid out once as oneDNN multiplies them, and not anew for each batch.

Where pictures are small, laying out the weights of a wide layer takes longer than multiplying by them.
"""

from typing import Any

import torch
from torch import Tensor, nn

_NOTHING: tuple[Any, ...] = ("none", [], "")
_GELU: tuple[Any, ...] = ("gelu", [], "none")


class PackedConv(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H', W'), float32, as the convolution that it is made of. It has no gradient.

    The layout is chosen for the size of the first batch and good for all others.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.bias = layer.bias
        self._weight = layer.weight.detach()
        self._how = (layer.padding, layer.stride, layer.dilation, layer.groups)

    def forward(self, x: Tensor) -> Tensor:
        if not self._weight.is_mkldnn:
            self._weight = torch.ops.mkldnn._reorder_convolution_weight(
                self._weight, *self._how, list(x.shape)
            )
        made: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self.bias, *self._how, *_NOTHING
        )
        return made


class PackedLinear(nn.Module):
    """(..., inputs) -> (..., outputs), float32, as the linear layer that it is made of. It has no gradient."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.bias = layer.bias
        self._weight = layer.weight.detach()

    def forward(self, x: Tensor, *, gelu: bool = False) -> Tensor:
        """With GELU of what comes out where that is said."""
        if not self._weight.is_mkldnn:
            rows = x.numel() // x.shape[-1]
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight, rows)
        after = _GELU if gelu else _NOTHING
        made: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self.bias, *after)
        return made


def pack_weights(network: nn.Module) -> None:
    """Have the layers of a network that is used on a processor, in full numbers, keep their weights in oneDNN's layout alone.

    Layers of other kinds stay as they are, and all do where PyTorch was built without oneDNN.
    """
    if not torch.backends.mkldnn.is_available():
        return
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            packed = _packed(layer)
            if packed is not None:
                parent.add_module(name, packed)


def _packed(layer: nn.Module) -> nn.Module | None:
    if type(layer) is nn.Conv2d and layer.padding_mode == "zeros" and not isinstance(layer.padding, str):
        return PackedConv(layer)
    if type(layer) is nn.Linear:
        return PackedLinear(layer)
    return None

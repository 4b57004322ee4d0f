"""A network in use on a processor: weights that are laid out once as oneDNN multiplies them, and not anew for each batch.

Where pictures are small, laying out the weights of a wide layer takes longer than multiplying by them.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Pixels of a picture, and weights of a layer (16 MB), for which a dense layer is quicker: 1.1 times for pictures of 4 x 4
#: pixels, more than twice for 2 x 2 (measured with the processor's caches of one machine, 4 and 16 pictures).
_FEW = 16
_MANY_WEIGHTS = 1 << 22
_NOTHING: tuple[Any, ...] = ("none", [], "")
_GELU: tuple[Any, ...] = ("gelu", [], "none")


class PackedConv(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H', W'), float32, as the convolution that it is made of. It has no gradient.

    The layout is chosen for the size of the first batch and good for all others. Where several pictures have come down
    to a few pixels (`_FEW`) each, and the weights are more than stays near the processor, all of them go through as one
    dense layer: a convolution takes them one by one, and fetches its weights anew for each.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.bias = layer.bias
        self._weight = layer.weight.detach()
        self._how = (layer.padding, layer.stride, layer.dilation, layer.groups)
        self._kernel = layer.kernel_size
        same = tuple(side // 2 for side in layer.kernel_size)
        keeps_size = self._how == (same, (1, 1), (1, 1), 1) and all(side % 2 for side in layer.kernel_size)
        self._dense: PackedLinear | None = None
        self._may_be_dense = keeps_size and same != (0, 0) and self._weight.numel() >= _MANY_WEIGHTS

    def forward(self, x: Tensor) -> Tensor:
        if self._may_be_dense:
            several = len(x) > 1 or self._dense is not None
            if several and 1 < x.shape[-2] * x.shape[-1] <= _FEW:
                return self._as_dense(x)
            self._lay_out_again()
        if not self._weight.is_mkldnn:
            self._weight = torch.ops.mkldnn._reorder_convolution_weight(
                self._weight, *self._how, list(x.shape)
            )
        made: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self.bias, *self._how, *_NOTHING
        )
        return made

    def _as_dense(self, x: Tensor) -> Tensor:
        """What is around each pixel in a row, (B * H * W, kernel height * width * inputs), times all weights."""
        (batch, inputs, height, width), (down, across) = x.shape, self._kernel
        if self._dense is None:
            rows = self._weight.permute(0, 2, 3, 1).reshape(len(self._weight), -1)
            self._dense, self._weight = PackedLinear(rows, self.bias), rows[:0]
        around = functional.pad(x.permute(0, 2, 3, 1), (0, 0, across // 2, across // 2, down // 2, down // 2))
        around = around.unfold(1, down, 1).unfold(2, across, 1).permute(0, 1, 2, 4, 5, 3)
        made: Tensor = self._dense(around.reshape(batch * height * width, down * across * inputs))
        return made.view(batch, height, width, -1).permute(0, 3, 1, 2)

    def _lay_out_again(self) -> None:
        """Other pictures have come: from here on this is a convolution. Weights are held once."""
        self._may_be_dense = False
        if self._dense is not None:
            rows = self._dense.weight
            self._weight = rows.view(len(rows), *self._kernel, -1).permute(0, 3, 1, 2).contiguous()
            self._dense = None


class PackedLinear(nn.Module):
    """(..., inputs) -> (..., outputs), float32, as the linear layer whose weights and bias it is made of. It has no gradient."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.bias = bias
        self._weight = weight.detach()

    @property
    def weight(self) -> Tensor:
        """(outputs, inputs), as it was before it was laid out."""
        return self._weight.to_dense() if self._weight.is_mkldnn else self._weight

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
        return PackedLinear(layer.weight, layer.bias)
    return None

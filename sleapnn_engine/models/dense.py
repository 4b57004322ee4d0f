"""Dense layers of ConvNeXt and Swin: as PyTorch computes them, or packed for use on a processor."""

from torch import Tensor, nn
from torch.nn import functional

from sleapnn_engine.models.packed import PackedLinear


def dense(layer: nn.Module, x: Tensor, *, gelu: bool = False) -> Tensor:
    """(..., inputs) -> (..., outputs) of a linear layer, and GELU of it where that is said."""
    if isinstance(layer, PackedLinear):
        made: Tensor = layer(x, gelu=gelu)
        return made
    assert isinstance(layer, nn.Linear)
    y = functional.linear(x, layer.weight, layer.bias)
    return functional.gelu(y) if gelu else y

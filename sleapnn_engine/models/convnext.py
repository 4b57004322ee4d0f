"""The ConvNeXt encoder; files name and order its parameters as torchvision does."""

from functools import partial

import torch
from torch import Tensor, nn

from sleapnn_engine.models.blocks import sample_first
from sleapnn_engine.models.dense import dense
from sleapnn_engine.models.pyramid import Pyramid, PyramidShape

LAYER_SCALE = 1e-6
_EPSILON = 1e-6
_WIDER = 4


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation of the channels of (B, C, H, W), at every place by itself."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


_norm = partial(ChannelNorm, eps=_EPSILON)


class Residual(nn.Module):
    """A convolution of each channel by itself, and two dense layers at each place, added to (B, width, H, W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # The numbers are those of torchvision's sequence, in which steps without parameters have one too.
        self.block = nn.ModuleDict(
            {
                "0": nn.Conv2d(width, width, 7, padding=3, groups=width),
                "2": nn.LayerNorm(width, eps=_EPSILON),
                "3": nn.Linear(width, _WIDER * width),
                "5": nn.Linear(_WIDER * width, width),
            }
        )
        self.layer_scale = nn.Parameter(torch.full((width, 1, 1), LAYER_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        spread, norm, wider, narrower = self.block.values()
        y = dense(narrower, dense(wider, norm(spread(x).permute(0, 2, 3, 1)), gelu=True))
        return x + self.layer_scale * y.permute(0, 3, 1, 2)


class ConvNeXtEncoder(nn.Module):
    """(B, in_channels, H, W) -> the last stage's output, and the inputs of the stages, deepest first."""

    def __init__(self, shape: PyramidShape) -> None:
        super().__init__()
        stem = nn.Conv2d(
            shape.in_channels,
            shape.widths[0],
            shape.stem_kernel,
            stride=shape.stem_stride,
            padding=shape.stem_padding,
        )
        sample_first(stem)
        self.features = nn.Sequential(nn.Sequential(stem, _norm(shape.widths[0])))
        for stage, (depth, width) in enumerate(zip(shape.depths, shape.widths, strict=True)):
            if stage:
                before = shape.widths[stage - 1]
                self.features.append(nn.Sequential(_norm(before), nn.Conv2d(before, width, 2, stride=2)))
            self.features.append(nn.Sequential(*(Residual(width) for _ in range(depth))))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        inputs = []
        for index, part in enumerate(self.features):
            x = part(x)
            if index % 2 == 0:
                inputs.append(x)
        return x, inputs[::-1]


def build_convnext(shape: PyramidShape) -> Pyramid:
    """A ConvNeXt backbone, PyTorch's default initialisation."""
    return Pyramid(shape, ConvNeXtEncoder(shape))

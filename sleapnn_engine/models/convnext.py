"""The ConvNeXt encoder, made of torchvision's blocks so that files name and order the parameters alike."""

from functools import partial

from torch import Tensor, nn
from torchvision.models.convnext import CNBlock, LayerNorm2d

from sleapnn_engine.models.blocks import sample_first
from sleapnn_engine.models.pyramid import Pyramid, PyramidShape

LAYER_SCALE = 1e-6

_norm = partial(LayerNorm2d, eps=1e-6)


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
            self.features.append(nn.Sequential(*(CNBlock(width, LAYER_SCALE, 0.0) for _ in range(depth))))

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

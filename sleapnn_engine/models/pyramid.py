"""A four-stage image encoder under a decoder of plain convolutions; what the ConvNeXt and Swin backbones share."""

import math
from functools import partial

import attrs
from torch import Tensor, nn
from torch.nn import functional

from sleapnn_engine.config.reader import PYRAMID_STRIDE
from sleapnn_engine.models.blocks import ConvBlock
from sleapnn_engine.models.decoder import Decoder


@attrs.frozen(kw_only=True)
class PyramidShape:
    """The numbers such a backbone is built from; `depths` and `widths` have one entry per stage.

    The stem's convolution has a side of `stem_kernel` and a step of `stem_stride` network-input pixels.
    """

    depths: tuple[int, ...]
    widths: tuple[int, ...]
    in_channels: int = 1
    stem_kernel: int = 4
    stem_stride: int = 2
    kernel_size: int = 3
    filters_rate: float = 2.0
    convs_per_block: int = 2
    up_interpolate: bool = True
    output_stride: int = 1

    @property
    def stem_padding(self) -> int:
        """Such that inputs whose sides are multiples of the step come out divided by it; 1 for a kernel of 4."""
        return (self.stem_kernel - 1) // 2

    @property
    def bottleneck_stride(self) -> int:
        return PYRAMID_STRIDE * self.stem_stride

    @property
    def deepest_width(self) -> int:
        """Channels of the bottleneck."""
        return int(self.widths[-1] * self.filters_rate)


@attrs.frozen(kw_only=True)
class SwinShape(PyramidShape):
    """A pyramid with attention: heads per stage, and the side of the square of cells that attend to each other."""

    heads: tuple[int, ...]
    window: int = 7


class Pyramid(nn.Module):
    """(B, in_channels, H, W) float in 0..1 -> feature maps by stride, the bottleneck first.

    `encoder` maps images to its deepest map and the inputs of its stages, deepest first. Sides that are no multiples of
    `bottleneck_stride` work, but lose or gain a row on the way down.
    """

    def __init__(self, shape: PyramidShape, encoder: nn.Module) -> None:
        super().__init__()
        self.shape = shape
        self.enc = encoder
        self.middle_blocks = nn.ModuleList(_middle(shape))
        ups = int(math.log2(shape.bottleneck_stride / shape.output_stride))
        top, skips = len(shape.widths) - 1, shape.widths[::-1]
        self.dec = Decoder(
            "dec{d}_s{coarse}_to_s{fine}",
            inputs=shape.deepest_width,
            widths=[int(shape.widths[0] * shape.filters_rate ** max(0, top - d)) for d in range(ups)],
            skips=[skips[d] if d < len(skips) else 0 for d in range(ups)],
            stride=shape.bottleneck_stride,
            kernel_size=shape.kernel_size,
            interpolate=shape.up_interpolate,
        )

    @property
    def channels_at(self) -> dict[int, int]:
        """Channels of each feature map by stride."""
        return self.dec.channels_at

    def forward(self, x: Tensor) -> dict[int, Tensor]:
        x, skips = self.enc(x)
        x = functional.max_pool2d(x, 2)
        for block in self.middle_blocks:
            x = block(x)
        features: dict[int, Tensor] = self.dec(x, skips)
        return features


def _middle(shape: PyramidShape) -> list[ConvBlock]:
    """All convolutions but the last one widen, the last one keeps the width; the names are the same for all encoders."""
    inputs, blocks = shape.widths[-1], []
    block = partial(ConvBlock, outputs=shape.deepest_width, kernel_size=shape.kernel_size, pool=False)
    if shape.convs_per_block > 1:
        names = [f"convnext_middle_expand_conv{i}" for i in range(shape.convs_per_block - 1)]
        blocks.append(block(names, inputs=inputs))
        inputs = shape.deepest_width
    blocks.append(block(["convnext_middle_contract_conv0"], inputs=inputs))
    return blocks

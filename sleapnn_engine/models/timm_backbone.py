"""A timm encoder under a decoder of plain convolutions."""

import math

import attrs
import torch
from torch import Tensor, nn

from sleapnn_engine.config.checks.encoder import NAME, only_size
from sleapnn_engine.config.derived import channels_at
from sleapnn_engine.config.encoders import Encoder
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.models.blocks import ConvBlock
from sleapnn_engine.models.decoder import Decoder
from sleapnn_engine.models.timm_encoder import TimmEncoder


@attrs.frozen(kw_only=True)
class TimmShape:
    """The numbers such a backbone is built from; `model_name` may have the tag of weights behind a dot."""

    encoder: Encoder
    model_name: str
    in_channels: int = 1
    filters: int = 32
    filters_rate: float = 1.5
    kernel_size: int = 3
    convs_per_block: int = 2
    up_interpolate: bool = True
    output_stride: int = 1

    @property
    def bottleneck_stride(self) -> int:
        return self.encoder.max_stride

    def width(self, stride: int) -> int:
        """Channels of the decoder at a stride, like those of a UNet."""
        return channels_at(self.filters, self.filters_rate, stride=stride)


class TimmBackbone(nn.Module):
    """(B, in_channels, H, W) float in 0..1 -> feature maps by stride, the bottleneck first.

    The bottleneck is the encoder's deepest map after convolutions that bring it to the decoder's channels. The decoder
    joins every map that the encoder has on the way up.
    """

    def __init__(self, shape: TimmShape) -> None:
        super().__init__()
        self.shape = shape
        self.enc = TimmEncoder(shape.encoder, model_name=shape.model_name, in_channels=shape.in_channels)
        deepest = shape.bottleneck_stride
        names = [f"middle_conv{i}" for i in range(shape.convs_per_block)]
        self.middle_block = ConvBlock(
            names,
            inputs=self.enc.channels[deepest],
            outputs=shape.width(deepest),
            kernel_size=shape.kernel_size,
            pool=False,
        )
        self._strides = [
            deepest >> step for step in range(1, int(math.log2(deepest / shape.output_stride)) + 1)
        ]
        self.dec = Decoder(
            "dec{d}_s{coarse}_to_s{fine}",
            inputs=shape.width(deepest),
            widths=[shape.width(stride) for stride in self._strides],
            skips=[self.enc.channels.get(stride, 0) for stride in self._strides],
            stride=deepest,
            kernel_size=shape.kernel_size,
            interpolate=shape.up_interpolate,
        )

    @property
    def channels_at(self) -> dict[int, int]:
        """Channels of each feature map by stride."""
        return self.dec.channels_at

    def forward(self, x: Tensor) -> dict[int, Tensor]:
        maps = self.enc(x)
        skips = [maps.get(stride) for stride in self._strides]
        deepest = self.middle_block(maps[self.shape.bottleneck_stride])
        features: dict[int, Tensor] = self.dec(deepest, skips)
        return features


def require_readable(shape: TimmShape, enc: TimmEncoder, *, size: tuple[int, int]) -> None:
    """Raise UserError (usage) when the encoder cannot read images of `size` (height, width).

    `enc` is on the meta device: nothing is computed.
    """
    height, width = size
    if shape.encoder.only and size != (shape.encoder.only,) * 2:
        raise UserError(
            only_size(shape.encoder, of=f"these have {width}×{height}"),
            where=NAME,
            hint="Make crops or images that small, or choose an encoder that reads any size.",
            usage=True,
        )
    try:
        enc(torch.empty(1, shape.in_channels, height, width, device="meta"))
    except Exception as error:  # each network refuses sizes in its own way
        raise UserError(
            f"The encoder {shape.encoder.name} cannot read images of {width}×{height} px ({error}).",
            where=NAME,
            hint="Make crops or images larger, or choose another encoder.",
            usage=True,
        ) from error

"""The UNet backbone, with the parameter names, shapes and arithmetic that pose-model checkpoints use."""

import math
from functools import partial

import attrs
from torch import Tensor, nn
from torch.nn import functional

from sleapnn_engine.config.derived import channels_at
from sleapnn_engine.models.blocks import ConvBlock
from sleapnn_engine.models.decoder import Decoder

STEM_KERNEL = 7


@attrs.frozen(kw_only=True)
class UNetShape:
    """The numbers a UNet is built from; strides are powers of two, in network-input pixels."""

    in_channels: int = 1
    kernel_size: int = 3
    filters: int = 32
    filters_rate: float = 1.5
    max_stride: int = 16
    stem_stride: int | None = None
    middle_block: bool = True
    up_interpolate: bool = True
    stacks: int = 1
    convs_per_block: int = 2
    output_stride: int = 1

    @property
    def stem_blocks(self) -> int:
        return int(math.log2(self.stem_stride)) if self.stem_stride else 0

    @property
    def down_blocks(self) -> int:
        return int(math.log2(self.max_stride)) - self.stem_blocks

    @property
    def up_blocks(self) -> int:
        return int(math.log2(self.bottleneck_stride / self.output_stride))

    @property
    def spare_blocks(self) -> int:
        """Decoder blocks below the finest map that nothing reads.

        Files of other programs have them where a stem of several blocks meets coarse heads, and those programs refuse
        a file without them. Where they could not run such a network anyway, there are none.
        """
        runs_elsewhere = self.middle_block and self.stacks == 1 and self.convs_per_block > 1
        spare = max(self.stem_blocks - 1, 0)
        return spare if runs_elsewhere and self.up_blocks + spare <= self.down_blocks + 1 else 0

    @property
    def bottleneck_stride(self) -> int:
        """A stem ends with a pool of its own, so that the deepest map is once more halved."""
        return self.max_stride * 2 if self.stem_blocks else self.max_stride

    @property
    def levels(self) -> int:
        """Blocks on the way down, the stem's included."""
        return self.stem_blocks + self.down_blocks

    def width(self, level: int) -> int:
        """Channels at a level."""
        return channels_at(self.filters, self.filters_rate, stride=2**level)

    @property
    def deepest_width(self) -> int:
        """Channels of the bottleneck; without a middle block it is the last block's pooled output."""
        return self.width(self.levels if self.middle_block else self.levels - 1)


class Stem(nn.Module):
    """Large-kernel blocks in front of the encoder; ends with a pool."""

    def __init__(self, shape: UNetShape) -> None:
        super().__init__()
        self.stem_stack = nn.ModuleList()
        inputs = shape.in_channels
        for j in range(shape.stem_blocks):
            names = [f"stem{j}_conv{i}" for i in range(shape.convs_per_block)]
            width = shape.width(j)
            self.stem_stack.append(
                ConvBlock(names, inputs=inputs, outputs=width, kernel_size=STEM_KERNEL, pool=j > 0)
            )
            inputs = width
        self.channels = inputs
        self.stem_stack.append(nn.MaxPool2d(2))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.stem_stack:
            x = block(x)
        return x


class Encoder(nn.Module):
    """Halves the resolution block by block and keeps each block's output for the decoder."""

    def __init__(self, shape: UNetShape, *, stack: int, inputs: int) -> None:
        super().__init__()
        self.encoder_stack = nn.ModuleList()
        self.channels: list[int] = []
        for b in range(shape.down_blocks):
            names = [f"stack{stack}_enc{b}_conv{i}" for i in range(shape.convs_per_block)]
            width = shape.width(b + shape.stem_blocks)
            first = b == 0 and shape.stem_blocks == 0
            self.encoder_stack.append(
                ConvBlock(names, inputs=inputs, outputs=width, kernel_size=shape.kernel_size, pool=not first)
            )
            self.channels.append(width)
            inputs = width
        self.encoder_stack.append(nn.MaxPool2d(2))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The pooled last map, and the block outputs, deepest first."""
        *blocks, pool = self.encoder_stack
        outputs = []
        for block in blocks:
            x = block(x)
            outputs.append(x)
        return pool(x), outputs[::-1]


class UNet(nn.Module):
    """(B, in_channels, H, W) float in 0..1 -> feature maps by stride, the bottleneck first.

    With several stacks, whole encoder-decoders follow one another: the finest map of one, enlarged to the size that
    its encoder started from, is what the next encoder reads; all share the stem, and the maps are those of the last.
    H and W need not be multiples of `bottleneck_stride`, but should be: odd sizes lose a row on the way down.
    """

    def __init__(self, shape: UNetShape) -> None:
        super().__init__()
        self.shape = shape
        inputs = shape.in_channels
        stem_skip: list[int] = []
        if shape.stem_blocks:
            self.stem = Stem(shape)
            inputs = self.stem.channels
            stem_skip = [inputs]
        self.encoders = nn.ModuleList()
        self.decoders = nn.ModuleList()
        self.middle_blocks = nn.ModuleList()
        for stack in range(shape.stacks):
            encoder = Encoder(shape, stack=stack, inputs=inputs)
            decoder = self._decoder(stack, encoder.channels[::-1] + stem_skip)
            self.encoders.append(encoder)
            self.decoders.append(decoder)
            self.middle_blocks.extend(self._middle(stack, inputs=encoder.channels[-1]))
            inputs = decoder.channels_at[shape.output_stride]

    def _decoder(self, stack: int, skips: list[int]) -> Decoder:
        shape = self.shape
        blocks = range(shape.up_blocks + shape.spare_blocks)
        return Decoder(
            f"stack{stack}_dec{{d}}_s{{coarse}}_to_s{{fine}}",
            inputs=shape.deepest_width,
            widths=[shape.width(max(0, shape.levels - 1 - d)) for d in blocks],
            skips=[skips[d] if d < len(skips) else 0 for d in blocks],
            spare=shape.spare_blocks,
            stride=shape.bottleneck_stride,
            kernel_size=shape.kernel_size,
            interpolate=shape.up_interpolate,
        )

    def _middle(self, stack: int, *, inputs: int) -> list[ConvBlock]:
        """No block, one or two: all convolutions but the last one widen, the last one keeps the width."""
        shape, blocks = self.shape, []
        if not shape.middle_block:
            return []
        index = shape.down_blocks + 1
        block = partial(ConvBlock, outputs=shape.deepest_width, kernel_size=shape.kernel_size, pool=False)
        if shape.convs_per_block > 1:
            names = [
                f"stack{stack}_enc{index}_middle_expand_conv{i}" for i in range(shape.convs_per_block - 1)
            ]
            blocks.append(block(names, inputs=inputs))
            inputs, index = shape.deepest_width, index + 1
        blocks.append(block([f"stack{stack}_enc{index}_middle_contract_conv0"], inputs=inputs))
        return blocks

    @property
    def channels_at(self) -> dict[int, int]:
        """Channels of each feature map by stride."""
        last = self.decoders[-1]
        assert isinstance(last, Decoder)
        return last.channels_at

    def forward(self, x: Tensor) -> dict[int, Tensor]:
        stem = []
        if self.shape.stem_blocks:
            x = self.stem(x)
            stem = [x]
        size, features = x.shape[-2:], {}
        per_stack = len(self.middle_blocks) // len(self.encoders)
        for stack, (encoder, decoder) in enumerate(zip(self.encoders, self.decoders, strict=True)):
            if x.shape[-2:] != size:
                x = functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
            x, skips = encoder(x)
            for block in self.middle_blocks[stack * per_stack : (stack + 1) * per_stack]:
                x = block(x)
            features = decoder(x, skips + stem)
            x = features[self.shape.output_stride]
        return features

"""The Swin Transformer encoder as torchvision has it: other versions of it give other numbers on most sizes."""

from torch import Tensor, nn

from sleapnn_engine.models.blocks import sample_first
from sleapnn_engine.models.pyramid import Pyramid, SwinShape
from sleapnn_engine.models.swin_blocks import Merging, SwinBlock, norm

#: The last layer is left out with this probability while training, earlier ones less often.
STOCHASTIC_DEPTH = 0.1


class _ChannelsLast(nn.Module):
    """(B, C, H, W) -> (B, H, W, C)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1)


class SwinEncoder(nn.Module):
    """(B, in_channels, H, W) -> the normalised last stage's output, and the inputs of the stages, deepest first."""

    def __init__(self, shape: SwinShape) -> None:
        super().__init__()
        stem = nn.Conv2d(
            shape.in_channels,
            shape.widths[0],
            shape.stem_kernel,
            stride=shape.stem_stride,
            padding=shape.stem_padding,
        )
        sample_first(stem)
        self.features = nn.Sequential(nn.Sequential(stem, _ChannelsLast(), norm(shape.widths[0])))
        before = 0
        for stage, depth in enumerate(shape.depths):
            if stage:
                self.features.append(Merging(shape.widths[stage - 1]))
            self.features.append(_stage(shape, stage, before=before))
            before += depth
        self.norm = norm(shape.widths[-1])

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        inputs = []
        for index, part in enumerate(self.features):
            x = part(x)
            if index % 2 == 0:
                inputs.append(x.permute(0, 3, 1, 2))
        return self.norm(x).permute(0, 3, 1, 2), inputs[::-1]


def _stage(shape: SwinShape, stage: int, *, before: int) -> nn.Sequential:
    """The layers of one stage, of which `before` layers of other stages come first; every second one shifts its windows."""
    last = max(sum(shape.depths) - 1, 1)
    return nn.Sequential(
        *(
            SwinBlock(
                shape.widths[stage],
                heads=shape.heads[stage],
                window=shape.window,
                shift=shape.window // 2 if layer % 2 else 0,
                left_out=STOCHASTIC_DEPTH * (before + layer) / last,
            )
            for layer in range(shape.depths[stage])
        )
    )


def build_swin(shape: SwinShape) -> Pyramid:
    """A Swin Transformer backbone, PyTorch's default initialisation where its blocks have none of their own."""
    return Pyramid(shape, SwinEncoder(shape))

"""The upsampling half of a network: a stack of blocks from the bottleneck to the finest output stride."""

from collections.abc import Sequence

from torch import Tensor, nn

from sleapnn_engine.models.blocks import UpBlock


class Decoder(nn.Module):
    """Brings the bottleneck up to the output stride, joining one skip connection per step while there are any.

    `widths[d]` is the number of output channels of step d, `skips[d]` the channels of the skip joined there
    (0: none). `name` is the checkpoint's block prefix, with `{d}`, `{coarse}` and `{fine}` to fill in.
    The last `spare` blocks are only there for the file: they are not trained and never run.
    """

    def __init__(
        self, name: str, *, inputs: int, widths: list[int], skips: list[int], stride: int, kernel_size: int,
        interpolate: bool, spare: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.decoder_stack = nn.ModuleList()
        self.channels_at = {stride: inputs}
        for d, (outputs, skip) in enumerate(zip(widths, skips, strict=True)):
            prefix = name.format(d=d, coarse=stride, fine=stride // 2)
            self.decoder_stack.append(
                UpBlock(
                    prefix,
                    inputs=inputs,
                    skip=skip,
                    outputs=outputs,
                    kernel_size=kernel_size,
                    interpolate=interpolate,
                )
            )
            inputs, stride = outputs, stride // 2
            if d < len(widths) - spare:
                self.channels_at[stride] = inputs
            else:
                self.decoder_stack[d].requires_grad_(False)

    def forward(self, x: Tensor, skips: Sequence[Tensor | None]) -> dict[int, Tensor]:
        """Feature maps by stride, coarsest (the bottleneck itself) first. `skips` come deepest first, None where none is."""
        strides = list(self.channels_at)
        features = {strides[0]: x}
        for d, stride in enumerate(strides[1:]):
            x = self.decoder_stack[d](x, skips[d] if d < len(skips) else None)
            features[stride] = x
        return features

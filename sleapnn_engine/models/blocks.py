"""The convolution blocks that encoders and decoders are made of; their parameter names are those of the checkpoint files."""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


def conv(inputs: int, outputs: int, *, kernel_size: int) -> nn.Conv2d:
    """A stride-1 convolution with bias whose output has the size of its input (odd kernels only)."""
    assert kernel_size % 2 == 1, kernel_size
    return nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2)


class ConvBlock(nn.Module):
    """[2x2 max-pool] -> (convolution -> ReLU) per entry of `names`.

    (B, inputs, H, W) -> (B, outputs, H, W), or (B, outputs, H // 2, W // 2) with `pool`.
    """

    def __init__(self, names: list[str], *, inputs: int, outputs: int, kernel_size: int, pool: bool) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if pool:
            layers["pool"] = nn.MaxPool2d(2)
        for index, name in enumerate(names):
            layers[name] = conv(outputs if index else inputs, outputs, kernel_size=kernel_size)
            layers[f"{name}_act"] = nn.ReLU(inplace=True)
        self.blocks = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.blocks(x)
        return features


class UpBlock(nn.Module):
    """Doubles the resolution, joins the skip connection, refines.

    With a skip there are two refining convolutions, without one there is one; that is the layout of the
    files and does not depend on `convs_per_block`. (B, inputs, h, w) [+ (B, skip, H, W)] -> (B, outputs, H, W).
    """

    def __init__(
        self, prefix: str, *, inputs: int, skip: int, outputs: int, kernel_size: int, interpolate: bool
    ) -> None:
        super().__init__()
        self.interpolate = interpolate
        self.blocks = nn.ModuleDict()
        self._up_name, self._refine_names = f"{prefix}_trans_conv", [f"{prefix}_refine_conv0"]
        if not interpolate:
            self.blocks[self._up_name] = nn.ConvTranspose2d(
                inputs, outputs, kernel_size=3, stride=2, padding=1, output_padding=1
            )
        upsampled = inputs if interpolate else outputs
        self.blocks[self._refine_names[0]] = conv(upsampled + skip, outputs, kernel_size=kernel_size)
        if skip:
            self._refine_names.append(f"{prefix}_refine_conv1")
            self.blocks[self._refine_names[1]] = conv(outputs, outputs, kernel_size=kernel_size)

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        if self.interpolate:
            x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        else:
            x = functional.relu(self.blocks[self._up_name](x))
        if skip is not None:
            if x.requires_grad:
                x.register_hook(_in_one_piece)
            if x.shape[-2:] != skip.shape[-2:]:
                # Sizes that are no multiple of the deepest stride lose a row or column on the way down.
                x = functional.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            x = torch.cat([skip, x], dim=1)
        for name in self._refine_names:
            x = functional.relu(self.blocks[name](x), inplace=True)
        return x


def _in_one_piece(gradient: Tensor) -> Tensor:
    """Joining hands back a slice of its gradient; on CPUs, upsampling takes one in a piece ten times faster."""
    return gradient.contiguous(memory_format=torch.channels_last)


def sample_first(network: nn.Module) -> None:
    """Have convolutions that look at single pixels of few channels, and leave some out, leave them out beforehand.

    It comes to the same, and gradients of such a layer on CPUs (PyTorch 2.15) write past their memory where channels
    come last.
    """
    for layer in network.modules():
        if (
            isinstance(layer, nn.Conv2d)
            and layer.kernel_size == (1, 1)
            and layer.padding == (0, 0)
            and layer.in_channels < 8
            and layer.stride != (1, 1)
        ):
            layer.register_forward_pre_hook(_sampled(layer.stride))
            layer.stride = (1, 1)


def _sampled(step: tuple[int, ...]) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor, ...]]:
    return lambda layer, inputs: (inputs[0][..., :: step[0], :: step[1]], *inputs[1:])

"""Encoders from timm: the network of a table's entry, and its maps by their strides."""

import math
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sleapnn_engine.config.checks.encoder import NAME
from sleapnn_engine.config.encoders import Encoder
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.models.blocks import sample_first

#: What each option of the table is set to, so that the encoder reads images of any size.
OPTIONS: dict[str, Any] = {"dynamic_img_size": True, "strict_img_size": False}


def create_net(encoder: Encoder, *, model_name: str, in_channels: int, **more: Any) -> nn.Module:
    """timm's own network without its head, (B, C, H, W) -> a list of maps; `more` goes to `timm.create_model`."""
    # Importing it takes seconds that no other backbone need wait for.
    import timm

    options = {encoder.option: OPTIONS[encoder.option]} if encoder.option else {}
    return timm.create_model(model_name, features_only=True, in_chans=in_channels, **options, **more)


class _Features(Protocol):
    """What timm tells of a network's maps, in their order."""

    def channels(self) -> list[int]: ...

    def reduction(self) -> list[int]: ...


def _features(net: nn.Module) -> _Features:
    return cast(_Features, net.feature_info)


class TimmEncoder(nn.Module):
    """(B, C, H, W) float in 0..1 -> one map for each stride, the deepest first.

    Images are given the mean and spread of those that the published weights were trained on. Where the encoder's
    patches are no power of two, it reads images that are smaller by that much; maps of another size than their stride
    says are brought to it.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, encoder: Encoder, *, model_name: str, in_channels: int) -> None:
        super().__init__()
        mean, spread = _light(model_name, in_channels=in_channels)
        # Before the network, so that its channels are what a file of it begins with.
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)
        self.net = _known_net(encoder, model_name=model_name, in_channels=in_channels)
        self.shrink = float(encoder.shrink)
        #: Stride -> which of the network's maps has it; of several, the deepest.
        self.maps = {stride: index for index, stride in enumerate(encoder.levels)}
        channels = _features(self.net).channels()
        self.channels = {stride: channels[index] for stride, index in self.maps.items()}
        self._channels_last = str(getattr(self.net, "output_fmt", "")).upper().endswith("NHWC")
        for layer in self.net.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.register_forward_pre_hook(_leave_single_values)
                layer.register_forward_hook(_go_on)
        sample_first(self.net)

    def forward(self, images: Tensor) -> dict[int, Tensor]:
        """Maps (B, channels[stride], ceil(H / stride), ceil(W / stride)) by stride, the deepest first."""
        height, width = images.shape[-2:]
        x = (images - self.mean) / self.spread
        if self.shrink != 1:
            size = [max(1, round(side * self.shrink)) for side in (height, width)]
            x = functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
        found = self.net(x)
        maps = {}
        for stride in sorted(self.maps, reverse=True):
            value = found[self.maps[stride]]
            value = value.permute(0, 3, 1, 2) if self._channels_last else value
            size = [math.ceil(side / stride) for side in (height, width)]
            if list(value.shape[-2:]) != size:
                value = functional.interpolate(value, size=size, mode="bilinear", align_corners=False)
            maps[stride] = value
        return maps


def _known_net(encoder: Encoder, *, model_name: str, in_channels: int) -> nn.Module:
    """The network of the table's entry. Raises UserError where the timm that is installed has another one, or none."""
    import timm

    try:
        net = create_net(encoder, model_name=model_name, in_channels=in_channels)
        reason = "" if tuple(_features(net).reduction()) == encoder.strides else "its strides are others"
    except Exception as error:  # timm refuses in many ways
        reason = str(error)
    if reason:
        raise UserError(
            f"The encoder {encoder.name} of timm {timm.__version__} is not the one that is known here ({reason}).",
            where=NAME,
            hint="Install the version of timm that this program was tested with, or choose another encoder.",
        )
    return net


def _light(model_name: str, *, in_channels: int) -> tuple[Tensor, Tensor]:
    """Mean and spread (1, C, 1, 1) of the images that the weights of this name were trained on."""
    from timm.models import PretrainedCfg, get_pretrained_cfg

    known = get_pretrained_cfg(model_name) or PretrainedCfg()
    values = []
    for numbers in (known.mean, known.std):
        shown = numbers if len(numbers) == in_channels else (sum(numbers) / len(numbers),) * in_channels
        values.append(torch.tensor(shown, dtype=torch.float32).view(1, -1, 1, 1))
    return values[0], values[1]


def _leave_single_values(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """One value per channel has nothing to be compared with: such a layer uses what it has learned so far.

    It comes with a batch of one image, as the last one of a pass may be, where a layer reads means over the image.
    """
    # An attribute of our own on a layer of PyTorch, which has no other place for it.
    layer.is_left = layer.training and inputs[0].numel() == inputs[0].shape[1]  # type: ignore[assignment]
    if layer.is_left:
        layer.training = False


def _go_on(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    if layer.is_left:
        layer.training = True

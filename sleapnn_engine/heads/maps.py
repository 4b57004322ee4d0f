"""Layers of heads that draw maps."""

from typing import Any

import attrs
from torch import Tensor, nn

from sleapnn_engine.heads.kind import Site


@attrs.frozen(kw_only=True)
class MapHead:
    """A head that gives one map per channel, at its own stride: a 1x1 convolution on a decoder feature map."""

    name: str
    channels: int
    stride: int
    sigmoid: bool = False
    maps: bool = attrs.field(default=True, init=False)
    flattened: None = attrs.field(default=None, init=False)

    def build(self, *, inputs: int) -> nn.ModuleDict:
        layers: list[nn.Module] = [nn.Conv2d(inputs, self.channels, kernel_size=1)]
        if self.sigmoid:
            layers.append(nn.Sigmoid())
        return nn.ModuleDict({self.name: nn.Sequential(*layers)})

    def apply(self, layers: nn.ModuleDict, features: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, channels, h, w)."""
        maps: Tensor = layers[self.name](features)
        return maps


def map_head(section: Any, site: Site, *, sigmoid: bool = False) -> MapHead:
    """A head at the output stride of its own section."""
    return MapHead(name=site.name, channels=site.channels, stride=section.output_stride, sigmoid=sigmoid)

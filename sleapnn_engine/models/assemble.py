"""A pose model: one backbone, one or more heads, and the input it accepts."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from sleapnn_engine.config.schema.model import ModelConfig
from sleapnn_engine.heads.assemble import build_heads
from sleapnn_engine.heads.kind import Head, Outputs
from sleapnn_engine.models.backbones import Backbone, bottleneck_stride, build_backbone
from sleapnn_engine.models.timm_backbone import TimmBackbone, require_readable
from sleapnn_engine.models.weights import initialise

#: ITU-R 601 luma, the weights that image libraries use for RGB -> gray.
LUMA = (0.2989, 0.587, 0.114)


def match_channels(images: Tensor, channels: int) -> Tensor:
    """(B, C, H, W) -> (B, channels, H, W): gray is repeated to RGB, RGB is averaged to gray by luma.

    Raises ValueError for any other pair of channel counts.
    """
    given = images.shape[1]
    if given == channels:
        return images
    if given == 1:
        return images.expand(-1, channels, -1, -1)
    if given == 3 and channels == 1:
        weights = torch.tensor(LUMA, dtype=images.dtype, device=images.device).view(1, 3, 1, 1)
        return (images * weights).sum(dim=1, keepdim=True)
    raise ValueError(
        f"images have {given} channels and the model takes {channels}; only 1 <-> 3 can be converted"
    )


class PoseModel(nn.Module):
    """(B, C, H, W) float images in 0..1 -> {head name: output}.

    `heads` stay next to their layers, so that callers can ask for channels and strides.
    """

    def __init__(self, backbone: Backbone, heads: Sequence[Head]) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = tuple(heads)
        self.head_layers = nn.ModuleList(
            head.build(inputs=backbone.channels_at[self._source(head)]) for head in heads
        )

    def _source(self, head: Head) -> int:
        """Stride of the feature map a head reads; what is said of the whole image is always read at the bottleneck."""
        return head.stride if head.maps else self.backbone.shape.bottleneck_stride

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Raises ValueError for images smaller than one cell of the coarsest map."""
        shape = self.backbone.shape
        if min(images.shape[-2:]) < shape.bottleneck_stride:
            height, width = images.shape[-2:]
            raise ValueError(
                f"images are {height}x{width} and this network needs at least {shape.bottleneck_stride} pixels a side"
            )
        features = self.backbone(match_channels(images, shape.in_channels))
        outputs = {}
        # Heads are tiny but their outputs are read to a fraction of a pixel: never in reduced precision.
        with _full_precision(images.device):
            for head, layers in zip(self.heads, self.head_layers, strict=True):
                assert isinstance(layers, nn.ModuleDict)
                outputs[head.name] = head.apply(layers, features[self._source(head)].float())
        return outputs

    @property
    def strides(self) -> dict[str, int]:
        """Input pixels per cell of each head that makes maps, by its name."""
        return {head.name: head.stride for head in self.heads if head.maps}

    @property
    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())


def _full_precision(device: torch.device) -> AbstractContextManager[object]:
    if device.type == "meta":  # where nothing is computed, and autocast unknown
        return nullcontext()
    return torch.autocast(device_type=device.type, enabled=False)


def build_network(
    config: ModelConfig,
    *,
    model_type: str,
    n_nodes: int,
    n_edges: int = 0,
    n_classes: int = 0,
    in_channels: int,
    input_size: tuple[int, int] | None = None,
) -> PoseModel:
    """The network of a config with its random start, on torch's default device; reads no file.

    `in_channels` is that of the images, `input_size` the (height, width) of network input where it is fixed; only
    class vectors without global pooling need it. The decoder goes down to the finest head's stride.
    Raises UserError when the settings describe no network.
    """
    model = _assemble(
        config,
        model_type=model_type,
        outputs=Outputs(n_nodes=n_nodes, n_edges=n_edges, n_classes=n_classes),
        in_channels=in_channels,
        input_size=input_size,
    )
    initialise(model, config.init_weights)
    return model


def outline_network(
    config: ModelConfig,
    *,
    model_type: str,
    outputs: Outputs,
    in_channels: int,
    input_size: tuple[int, int] | None,
) -> PoseModel:
    """The network of a config on PyTorch's meta device: all shapes and no values.

    Raises UserError when the settings describe no network, or one that cannot read images of `input_size`.
    """
    with torch.device("meta"):
        model = _assemble(
            config,
            model_type=model_type,
            outputs=outputs,
            in_channels=in_channels,
            input_size=input_size,
        )
    if isinstance(model.backbone, TimmBackbone) and input_size is not None:
        require_readable(model.backbone.shape, model.backbone.enc, size=input_size)
    return model


def _assemble(
    config: ModelConfig,
    *,
    model_type: str,
    outputs: Outputs,
    in_channels: int,
    input_size: tuple[int, int] | None,
) -> PoseModel:
    heads = build_heads(
        getattr(config.head_configs, model_type),
        model_type=model_type,
        outputs=outputs,
        bottleneck_stride=bottleneck_stride(config.backbone_config),
        input_size=input_size,
    )
    finest = min(head.stride for head in heads if head.maps)
    backbone = build_backbone(config.backbone_config, in_channels=in_channels, output_stride=finest)
    return PoseModel(backbone, heads)

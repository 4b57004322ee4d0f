"""From `model_config.backbone_config` to the network it describes."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.checks.encoder import NAME
from sleapnn_engine.config.encoder_sizes import (
    CONVNEXT_SIZES,
    MOST_LAYERS,
    STAGES,
    SWIN_SIZES,
    per_stage,
    swin_sizes,
)
from sleapnn_engine.config.encoders import Encoder, find_encoder
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import PYRAMID_STRIDE
from sleapnn_engine.config.schema.backbone import (
    BackboneConfig,
    ConvNextConfig,
    SwinTConfig,
    TimmConfig,
    UNetConfig,
)
from sleapnn_engine.models.convnext import build_convnext
from sleapnn_engine.models.pyramid import Pyramid, PyramidShape, SwinShape
from sleapnn_engine.models.swin import build_swin
from sleapnn_engine.models.timm_backbone import TimmBackbone, TimmShape
from sleapnn_engine.models.unet import UNet, UNetShape

SECTION = "model_config.backbone_config"

Backbone = UNet | Pyramid | TimmBackbone


def build_backbone(config: BackboneConfig, *, in_channels: int, output_stride: int) -> Backbone:
    """The backbone that is set, with PyTorch's default initialisation.

    `in_channels` and `output_stride` (of the finest head) come from the data and the heads, whatever the config says.
    Raises UserError when the sizes of a custom architecture cannot be built.
    """
    if config.unet is not None:
        return UNet(unet_shape(config.unet, in_channels=in_channels, output_stride=output_stride))
    if config.convnext is not None:
        return build_convnext(
            convnext_shape(config.convnext, in_channels=in_channels, output_stride=output_stride)
        )
    if config.swint is not None:
        return build_swin(swin_shape(config.swint, in_channels=in_channels, output_stride=output_stride))
    if config.timm is not None:
        return TimmBackbone(timm_shape(config.timm, in_channels=in_channels, output_stride=output_stride))
    raise UserError("no backbone is set.", where=SECTION, hint="Choose one.", usage=True)


def required_multiple(config: BackboneConfig) -> int:
    """Both sides of the network's input should be multiples of this, in input pixels.

    It is the stride of the coarsest map, except for encoders that divide images into a fixed number of windows.
    """
    return timm_encoder(config.timm).multiple if config.timm is not None else bottleneck_stride(config)


def bottleneck_stride(config: BackboneConfig) -> int:
    """The stride of the network's coarsest map, in input pixels.

    It is `max_stride`, except that a UNet with a stem halves the map once more.
    """
    if config.timm is not None:
        return timm_encoder(config.timm).max_stride
    if config.unet is not None:
        return unet_shape(config.unet, in_channels=1, output_stride=1).bottleneck_stride
    chosen = config.convnext or config.swint
    if chosen is None:
        raise UserError("no backbone is set.", where=SECTION, hint="Choose one.", usage=True)
    return PYRAMID_STRIDE * chosen.stem_patch_stride


def unet_shape(config: UNetConfig, *, in_channels: int, output_stride: int) -> UNetShape:
    return UNetShape(
        in_channels=in_channels,
        kernel_size=config.kernel_size,
        filters=config.filters,
        filters_rate=config.filters_rate,
        max_stride=config.max_stride,
        stem_stride=config.stem_stride,
        middle_block=config.middle_block,
        up_interpolate=config.up_interpolate,
        stacks=config.stacks,
        convs_per_block=config.convs_per_block,
        output_stride=output_stride,
    )


def convnext_shape(config: ConvNextConfig, *, in_channels: int, output_stride: int) -> PyramidShape:
    """The named size, or the custom one where the config has one."""
    where = f"{SECTION}.convnext"
    if config.arch is not None:
        depths = per_stage(config.arch.depths, where=f"{where}.arch.depths", most=MOST_LAYERS)
        widths = per_stage(config.arch.channels, where=f"{where}.arch.channels")
    else:
        depths, widths = CONVNEXT_SIZES[_size(config.model_type, CONVNEXT_SIZES, where=where)]
    return PyramidShape(
        depths=depths,
        widths=widths,
        stem_kernel=config.stem_patch_kernel,
        **_shared(config, in_channels=in_channels, output_stride=output_stride),
    )


def swin_shape(config: SwinTConfig, *, in_channels: int, output_stride: int) -> SwinShape:
    """The named size, or the custom one where the config has one."""
    where = f"{SECTION}.swint"
    if config.arch is not None:
        embed, depths, heads = swin_sizes(config.arch, model_type=config.model_type)
    else:
        embed, depths, heads = SWIN_SIZES[_size(config.model_type, SWIN_SIZES, where=where)]
    return SwinShape(
        depths=depths,
        widths=tuple(embed * 2**stage for stage in range(STAGES)),
        heads=heads,
        window=config.window_size,
        stem_kernel=config.patch_size,
        **_shared(config, in_channels=in_channels, output_stride=output_stride),
    )


def timm_shape(config: TimmConfig, *, in_channels: int, output_stride: int) -> TimmShape:
    """The encoder that is named; one that only reads colour images gets gray ones as such."""
    encoder = timm_encoder(config)
    return TimmShape(
        encoder=encoder,
        model_name=config.model_name,
        in_channels=encoder.channels or in_channels,
        filters=config.filters,
        filters_rate=config.filters_rate,
        kernel_size=config.kernel_size,
        convs_per_block=config.convs_per_block,
        up_interpolate=config.up_interpolate,
        output_stride=output_stride,
    )


def timm_encoder(config: TimmConfig) -> Encoder:
    """What is known of the encoder that is named. Raises UserError where there is none of that name."""
    encoder = find_encoder(config.model_name)
    if encoder is None:
        raise UserError(
            f"there is no encoder “{config.model_name}” in timm's list.",
            where=NAME,
            hint="Choose one of those that the editor offers.",
            usage=True,
        )
    return encoder


def _shared(config: ConvNextConfig | SwinTConfig, *, in_channels: int, output_stride: int) -> dict[str, Any]:
    return {
        "in_channels": in_channels,
        "stem_stride": config.stem_patch_stride,
        "kernel_size": config.kernel_size,
        "filters_rate": config.filters_rate,
        "convs_per_block": config.convs_per_block,
        "up_interpolate": config.up_interpolate,
        "output_stride": output_stride,
    }


def _size(name: str, sizes: Mapping[str, Any], *, where: str) -> str:
    if name not in sizes:
        raise UserError(
            f"there is no size “{name}”.",
            where=f"{where}.model_type",
            hint=f"Choose {', '.join(sizes)}, or give the sizes in {where}.arch.",
            usage=True,
        )
    return name

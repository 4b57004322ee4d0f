"""`model_config.backbone_config`: the network that reads the image."""

from typing import Any, Dict, List, Optional

import attrs

from sleapnn_engine.config.meta import Choice, When, section, setting
from sleapnn_engine.config.schema import backbone_parts as parts


@attrs.define(kw_only=True)
class UNetConfig:
    in_channels: int = parts.in_channels()
    kernel_size: int = parts.kernel_size("but a stem's")
    filters: int = setting(
        32,
        label="Filters",
        doc="Channels of the first block; more can learn more and cost more time and memory.",
        kind="int",
        unit="channels",
        minimum=1,
        maximum=4096,
        step=8,
        legacy="model.backbone.unet.filters",
    )
    filters_rate: float = setting(
        1.5,
        label="Filter growth",
        doc="Factor by which the channels grow from each block to the next deeper one.",
        kind="float",
        unit="factor",
        above=0,
        maximum=8,
        step=0.1,
        legacy="model.backbone.unet.filters_rate",
    )
    max_stride: int = setting(
        16,
        label="Max stride",
        doc="Input pixels per cell of the coarsest map (twice as many with a stem); doubling it lets the network see about twice as far around each pixel.",
        kind="int",
        unit="px_input",
        minimum=2,
        maximum=1024,
        rule="power_of_two",
        legacy="model.backbone.unet.max_stride",
    )
    stem_stride: Optional[int] = setting(
        None,
        label="Stem stride",
        doc="Shrinks the image by this factor in first blocks with 7 by 7 convolutions; the coarsest map then has cells twice as large as max stride says.",
        kind="int",
        unit="px_input",
        minimum=1,
        maximum=1024,
        rule="power_of_two",
        null="No stem.",
        null_label="None",
        advanced=True,
        legacy="model.backbone.unet.stem_stride",
    )
    middle_block: bool = setting(
        True,
        label="Middle block",
        doc="Adds a block at the bottom of the network, between shrinking and enlarging.",
        kind="bool",
        advanced=True,
        legacy="model.backbone.unet.middle_block",
    )
    up_interpolate: bool = parts.up_interpolate(legacy="model.backbone.unet.up_interpolate")
    stacks: int = setting(
        1,
        label="Stacks",
        doc="Number of complete encoder-decoder networks placed one after the other; the last one makes the maps.",
        kind="int",
        unit="count",
        minimum=1,
        maximum=16,
        advanced=True,
        legacy="model.backbone.unet.stacks",
    )
    convs_per_block: int = setting(
        2,
        label="Convolutions per block",
        doc="Number of convolutions in each block of the stem and encoder and at the bottom; those of the decoder do not follow it.",
        kind="int",
        unit="count",
        minimum=1,
        maximum=32,
        advanced=True,
    )
    output_stride: int = parts.output_stride()


@attrs.define(kw_only=True)
class ConvNextArch:
    depths: List[int] = setting(
        [3, 3, 9, 3],
        label="Depths",
        doc="Number of layers in each of the four stages of a custom ConvNeXt.",
        kind="ints",
        unit="count",
        minimum=1,
        maximum=256,
        length=4,
        advanced=True,
    )
    channels: List[int] = setting(
        [96, 192, 384, 768],
        label="Channels",
        doc="Channels of each of the four stages of a custom ConvNeXt.",
        kind="ints",
        unit="channels",
        minimum=1,
        maximum=8192,
        length=4,
        advanced=True,
    )


@attrs.define(kw_only=True)
class ConvNextConfig:
    pre_trained_weights: Optional[str] = setting(
        None,
        label="ImageNet weights",
        doc="Starts from weights trained on photographs, which need RGB input and the matching size.",
        kind="choice",
        choices=(
            Choice(value="ConvNeXt_Tiny_Weights", label="Tiny", doc="Weights of the tiny network."),
            Choice(value="ConvNeXt_Small_Weights", label="Small", doc="Weights of the small network."),
            Choice(value="ConvNeXt_Base_Weights", label="Base", doc="Weights of the base network."),
            Choice(value="ConvNeXt_Large_Weights", label="Large", doc="Weights of the large network."),
        ),
        null="Starts from random weights.",
        null_label="None",
    )
    arch: Optional[ConvNextArch] = section(
        ConvNextArch,
        on=False,
        label="Custom sizes",
        doc="Depths and channels of a ConvNeXt that is none of the named sizes.",
        null="The named size is used.",
        advanced=True,
    )
    model_type: str = setting(
        "tiny",
        label="Size",
        doc="Which of the published ConvNeXt networks to use.",
        kind="choice",
        choices=(
            Choice(
                value="tiny", label="Tiny", doc="About 88 million parameters as it comes; the usual start."
            ),
            Choice(
                value="small",
                label="Small",
                doc="About 109 million parameters as it comes; deeper than tiny.",
            ),
            Choice(
                value="base", label="Base", doc="About 194 million parameters as it comes; deeper and wider."
            ),
            Choice(
                value="large", label="Large", doc="About 436 million parameters as it comes; for large GPUs."
            ),
        ),
    )
    max_stride: int = parts.pyramid_stride()
    stem_patch_kernel: int = setting(
        4,
        label="Stem kernel",
        doc="Side of the square that the first convolution looks at.",
        kind="int",
        unit="px_input",
        minimum=1,
        maximum=64,
        advanced=True,
    )
    stem_patch_stride: int = parts.stem_stride()
    in_channels: int = parts.in_channels()
    kernel_size: int = parts.kernel_size("after the encoder")
    filters_rate: float = parts.decoder_rate()
    convs_per_block: int = parts.middle_convs()
    up_interpolate: bool = parts.up_interpolate()
    output_stride: int = parts.output_stride()


@attrs.define(kw_only=True)
class SwinTConfig:
    pre_trained_weights: Optional[str] = setting(
        None,
        label="ImageNet weights",
        doc="Starts from weights trained on photographs, which need RGB input and the matching size.",
        kind="choice",
        choices=(
            Choice(value="Swin_T_Weights", label="Tiny", doc="Weights of the tiny network."),
            Choice(value="Swin_S_Weights", label="Small", doc="Weights of the small network."),
            Choice(value="Swin_B_Weights", label="Base", doc="Weights of the base network."),
        ),
        null="Starts from random weights.",
        null_label="None",
    )
    model_type: str = setting(
        "tiny",
        label="Size",
        doc="Which of the published Swin Transformer networks to use.",
        kind="choice",
        choices=(
            Choice(
                value="tiny", label="Tiny", doc="About 88 million parameters as it comes; the usual start."
            ),
            Choice(
                value="small",
                label="Small",
                doc="About 109 million parameters as it comes; deeper than tiny.",
            ),
            Choice(
                value="base", label="Base", doc="About 194 million parameters as it comes; deeper and wider."
            ),
        ),
    )
    arch: Optional[Dict[str, Any]] = setting(
        None,
        label="Custom sizes",
        doc="Sizes of a Swin Transformer that is none of the named ones: embed, depths and num_heads (also written channels).",
        kind="mapping",
        null="The named size is used.",
        null_label="Named",
        placeholder="{embed: 96, depths: [2, 2, 6, 2], num_heads: [3, 6, 12, 24]}",
        advanced=True,
    )
    max_stride: int = parts.pyramid_stride()
    patch_size: int = setting(
        4,
        label="Patch size",
        doc="Side of the square that the first convolution looks at.",
        kind="int",
        unit="px_input",
        minimum=1,
        maximum=64,
        advanced=True,
    )
    stem_patch_stride: int = parts.stem_stride()
    window_size: int = setting(
        7,
        label="Attention window",
        doc="Side of the square of cells that attend to each other.",
        kind="int",
        unit="cells",
        minimum=1,
        maximum=128,
        advanced=True,
    )
    in_channels: int = parts.in_channels()
    kernel_size: int = parts.kernel_size("after the encoder")
    filters_rate: float = parts.decoder_rate()
    convs_per_block: int = parts.middle_convs()
    up_interpolate: bool = parts.up_interpolate()
    output_stride: int = parts.output_stride()


@attrs.define(kw_only=True)
class TimmConfig:
    model_name: str = setting(
        "resnet18",
        label="Encoder",
        doc="Name of a network of the timm library, as “resnet18”; with a tag behind a dot, as “resnet18.a1_in1k”, it also names which of its published weights.",
        kind="text",
        names_of="encoder",
    )
    pretrained: bool = setting(
        False,
        label="Published weights",
        doc="Starts the encoder from the weights that its makers published, for gray images as well; they are downloaded once, unless a file is given.",
        kind="bool",
    )
    weights_file: Optional[str] = setting(
        None,
        label="Weights from a file",
        doc="File of published weights for this encoder, for computers without a network.",
        kind="file",
        suffixes=(".safetensors", ".pth", ".pt", ".bin", ".tar"),
        null="The file that timm has downloaded before, else a download.",
        null_label="timm's own",
        when=(
            When(
                path="model_config.backbone_config.timm.pretrained",
                values=(True,),
                says="Only used with published weights.",
            ),
        ),
    )
    max_stride: Optional[int] = setting(
        None,
        label="Max stride",
        doc="Input pixels per cell of the coarsest map; it follows from the encoder and is noted by training.",
        kind="int",
        unit="px_input",
        null="Follows from the encoder.",
        edited=False,
    )
    in_channels: int = parts.in_channels()
    filters: int = setting(
        32,
        label="Decoder filters",
        doc="Channels that the decoder has at the size of the image; its coarser maps have more.",
        kind="int",
        unit="channels",
        minimum=1,
        maximum=4096,
        step=8,
    )
    filters_rate: float = setting(
        1.5,
        label="Filter growth",
        doc="Factor by which the channels of the decoder grow from each map to the next coarser one.",
        kind="float",
        unit="factor",
        above=0,
        maximum=8,
        step=0.1,
        advanced=True,
    )
    kernel_size: int = parts.kernel_size("after the encoder")
    convs_per_block: int = parts.middle_convs()
    up_interpolate: bool = parts.up_interpolate()
    output_stride: int = parts.output_stride()


@attrs.define(kw_only=True)
class BackboneConfig:
    unet: Optional[UNetConfig] = section(
        UNetConfig,
        on=False,
        label="UNet",
        doc="Convolutions that shrink the image and enlarge it again; fast, small and trained from scratch.",
        null="Not the backbone of this model.",
    )
    convnext: Optional[ConvNextConfig] = section(
        ConvNextConfig,
        on=False,
        label="ConvNeXt",
        doc="A large modern convolutional network that can start from ImageNet weights.",
        null="Not the backbone of this model.",
    )
    swint: Optional[SwinTConfig] = section(
        SwinTConfig,
        on=False,
        label="Swin Transformer",
        doc="A network of windowed attention that can start from ImageNet weights.",
        null="Not the backbone of this model.",
    )
    timm: Optional[TimmConfig] = section(
        TimmConfig,
        on=False,
        label="Any timm encoder",
        doc="One of more than a thousand published networks, under this program's decoder; such a config opens only here.",
        null="Not the backbone of this model.",
        own=True,
    )

"""Settings that several backbones have, each with one wording for all."""

from typing import Any

from sleapnn_engine.config.meta import Choice, setting


def in_channels() -> Any:
    return setting(
        1,
        label="Input channels",
        doc="Number of colour channels the network reads; set from the images and the colour settings when training starts.",
        kind="choice",
        unit="channels",
        choices=(
            Choice(value=1, label="1 gray", doc="Gray images."),
            Choice(value=3, label="3 colour", doc="RGB images."),
        ),
        advanced=True,
    )


def kernel_size(where: str) -> Any:
    return setting(
        3,
        label="Kernel size",
        doc=f"Side of the square that each convolution {where} looks at; transposed ones always have 3, as the files of these models demand.",
        kind="int",
        unit="cells",
        minimum=1,
        maximum=31,
        rule="odd",
        advanced=True,
    )


def output_stride() -> Any:
    return setting(
        1,
        label="Output stride",
        doc="Input pixels per cell of the finest map the network makes; training takes the smallest stride among the heads, so this should be the same.",
        kind="int",
        unit="px_input",
        minimum=1,
        maximum=1024,
        rule="power_of_two",
    )


def up_interpolate(**more: Any) -> Any:
    return setting(
        True,
        label="Upsample by interpolation",
        doc="Enlarges maps by bilinear interpolation, which is faster; off learns the enlargement with transposed convolutions.",
        kind="bool",
        advanced=True,
        **more,
    )


def decoder_rate() -> Any:
    return setting(
        2.0,
        label="Filter growth",
        doc="Factor between the channel counts of neighbouring decoder blocks.",
        kind="float",
        unit="factor",
        above=0,
        maximum=8,
        step=0.1,
        advanced=True,
    )


def middle_convs() -> Any:
    return setting(
        2,
        label="Convolutions per block",
        doc="Number of convolutions between encoder and decoder; the blocks of those have fixed numbers.",
        kind="int",
        unit="count",
        minimum=1,
        maximum=32,
        advanced=True,
    )


def pyramid_stride() -> Any:
    return setting(
        32,
        label="Max stride",
        doc="Input pixels per cell of the coarsest map; always 16 times the stem stride.",
        kind="int",
        unit="px_input",
        minimum=2,
        maximum=1024,
        rule="power_of_two",
    )


def stem_stride() -> Any:
    return setting(
        2,
        label="Stem stride",
        doc="Step of the first convolution; 4 is faster and coarser.",
        kind="choice",
        unit="px_input",
        choices=(
            Choice(value=2, label="2", doc="Finer maps; max stride is 32."),
            Choice(value=4, label="4", doc="Four times fewer cells; max stride is 64."),
        ),
        advanced=True,
    )

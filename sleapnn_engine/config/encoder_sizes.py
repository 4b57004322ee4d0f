"""How large the ConvNeXt and Swin encoders are: the published sizes, and those of a config of its own."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import BACKBONES
from sleapnn_engine.config.values import describe

STAGES = 4

#: No stage has more layers, and none more channels, than this.
MOST_LAYERS, MOST_CHANNELS = 256, 8192

#: Published ConvNeXts: layers and channels of each stage.
CONVNEXT_SIZES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "tiny": ((3, 3, 9, 3), (96, 192, 384, 768)),
    "small": ((3, 3, 27, 3), (96, 192, 384, 768)),
    "base": ((3, 3, 27, 3), (128, 256, 512, 1024)),
    "large": ((3, 3, 27, 3), (192, 384, 768, 1536)),
}
#: Published Swin Transformers: embedding, layers and attention heads of each stage.
SWIN_SIZES: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]] = {
    "tiny": (96, (2, 2, 6, 2), (3, 6, 12, 24)),
    "small": (96, (2, 2, 18, 2), (3, 6, 12, 24)),
    "base": (128, (2, 2, 18, 2), (4, 8, 16, 32)),
}


def per_stage(values: Any, *, where: str, most: int = MOST_CHANNELS) -> tuple[int, ...]:
    """Whole numbers from 1 to `most`, one for each stage."""
    fits = isinstance(values, list | tuple) and len(values) == STAGES
    if not fits or any(type(value) is not int or not 1 <= value <= most for value in values):
        raise UserError(
            f"{describe(values)} is not a list of {STAGES} whole numbers from 1 to {most}.",
            where=where,
            hint="Give one number for each stage.",
            usage=True,
        )
    return tuple(values)


def swin_sizes(arch: Any, *, model_type: str) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Embedding, depths and heads of `swint.arch`; `channels` is another word for heads.

    What is left out is that of the network `model_type`. Raises UserError (usage) where no network has such sizes.
    """
    where = f"{BACKBONES}.swint.arch"
    embed, depths, heads = SWIN_SIZES.get(model_type, SWIN_SIZES["tiny"])
    known = {"embed", "depths", "num_heads", "channels"}
    if not isinstance(arch, Mapping) or not set(arch) <= known or {"num_heads", "channels"} <= set(arch):
        raise UserError(
            f"{describe(arch)} does not say the sizes of the network.",
            where=where,
            hint="Give embed, depths and num_heads (which may be called channels instead).",
            usage=True,
        )
    embed = arch.get("embed", embed)
    if type(embed) is not int or not 1 <= embed <= MOST_CHANNELS:
        raise UserError(
            f"{describe(embed)} is not a whole number from 1 to {MOST_CHANNELS}.",
            where=f"{where}.embed",
            hint="Give the channels of the first stage.",
            usage=True,
        )
    depths = per_stage(arch.get("depths", depths), where=f"{where}.depths", most=MOST_LAYERS)
    name = "channels" if "channels" in arch else "num_heads"
    heads = per_stage(arch.get(name, heads), where=f"{where}.{name}")
    for stage, count in enumerate(heads):
        if embed * 2**stage % count:
            raise UserError(
                f"stage {stage + 1} has {embed * 2**stage} channels, which {count} heads cannot share evenly.",
                where=f"{where}.{name}",
                hint="Use numbers of heads that divide embed, twice embed, and so on.",
                usage=True,
            )
    return embed, depths, heads

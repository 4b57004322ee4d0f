"""Rules of advice: for one setting, or some that belong together, what the facts of labels speak for, and why.

Each takes a case and gives at most one piece. What they say was tried on real labels by `tests.benchmarks.bench_advice`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.checks.labels import Facts
from sleapnn_engine.config.derived import channels_at, receptive_field
from sleapnn_engine.config.model_types import ModelType
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.reader import DATA, GEOMETRIC, PREPROCESSING, TRAINER, ConfigReader
from sleapnn_engine.config.text_format import counted

#: Images are kept in memory up to so many bytes.
_MOST_BYTES = 1_500_000_000
#: Side in px input that the median animal keeps at least, when images are made smaller for whole frames, and for centres.
_LEAST_ANIMAL, _LEAST_SPOT = 48, 20
#: Length in px input that three in four limbs keep.
_LEAST_LIMB = 4
#: Crops of more px input than this are made smaller; where limbs would get too short, only those of more than the second.
_SMALL_CROP, _MOST_CROP = 128, 224
#: Room around the farthest part in a crop: centres that are predicted lie a little beside those of the labels.
_CROP_ROOM = 1.1
#: Inputs of up to so many px on a side get maps of half their size; larger ones are learned sooner on coarser maps.
_SMALL_INPUT = 96
#: How much of the median animal the encoder sees at once at least, so that head and tail are told apart; the middle block
#: looks further still.
_LEAST_SEEN = 1.0
#: From this spread of directions on, animals may point anywhere.
_ANY_WAY = 0.25
#: Up to so many samples the channels of a UNet grow by this factor from block to block, and do not double.
_MANY_SAMPLES, _NARROW = 5_000, 1.5
#: Pixels of input that a batch holds at most.
_MOST_PIXELS = 4_500_000


@attrs.frozen(kw_only=True)
class Piece:
    """Advice before it is known whether the config has it so; `holds` counts where there is nothing to set."""

    name: str
    title: str
    reason: str
    changes: Mapping[str, Any]
    holds: bool = False
    pairs: bool = False
    """It takes the other half of top-down, which is a config of its own; a type of model is set with it all the same."""


@attrs.frozen(kw_only=True)
class Case:
    """Labels and a config of the type of model that is advised; rules read each other's outcome, not the config's."""

    view: ConfigReader
    facts: Facts
    kind: ModelType

    @property
    def confmaps(self) -> str:
        """Dotted path of the section of the confidence maps."""
        return f"{self.view.head()}.confmaps"

    @property
    def unet(self) -> str:
        """Dotted path of the UNet; '' with another backbone."""
        backbone = self.view.backbone()
        return backbone if backbone.endswith(".unet") else ""

    @property
    def animal(self) -> float | None:
        """Longer side of the box around the median animal in px source."""
        size = self.facts.get("instance_size")
        return float(size["median"]) if size else None

    @property
    def image(self) -> tuple[int, int] | None:
        """Height and width of the largest images in px source."""
        sizes = self.facts.get("image_sizes")
        if not sizes:
            return None
        return max(size["height"] for size in sizes), max(size["width"] for size in sizes)

    @property
    def reach(self) -> float | None:
        """How far the farthest part is from the centre of its animal, px source along an axis."""
        anchor = self.view.value(f"{self.confmaps}.anchor_part")
        found = self.facts.get("reach", {})
        reach = found.get(anchor if anchor in found else "")
        return None if reach is None else float(reach)

    @property
    def max_stride(self) -> int:
        """The max stride that is advised for a UNet, else the backbone's own."""
        return wanted_max_stride(self) or int(self.view.max_stride() or 1)

    @property
    def crop(self) -> int | None:
        """The crop that holds every animal, px source; its input is a multiple of the max stride."""
        if not self.kind.cropped or self.reach is None:
            return None
        step = self.max_stride / wanted_scale(self)
        return max(1, math.ceil(2 * self.reach * _CROP_ROOM / step)) * round(step)

    @property
    def input(self) -> tuple[float, float] | None:
        """Height and width of what the network sees, px input."""
        scale, crop = wanted_scale(self), self.crop
        if crop is not None:
            return crop * scale, crop * scale
        return None if self.image is None else (self.image[0] * scale, self.image[1] * scale)


def wanted_scale(case: Case) -> float:
    """How much smaller images are made."""
    if case.animal is None:
        return 1.0
    least = _LEAST_SPOT if case.kind.centroid else _LEAST_ANIMAL
    limb = None if case.kind.centroid else case.facts.get("short_limb")
    if case.kind.cropped:
        side = 2 * (case.reach or 0) * _CROP_ROOM
        for scale in (1.0, 0.5):
            is_finest = limb is not None and limb * scale / 2 < _LEAST_LIMB
            if side * scale <= (_MOST_CROP if is_finest else _SMALL_CROP):
                return scale
        return 0.25
    fits = [
        scale
        for scale in (0.25, 0.5, 1.0)
        if case.animal * scale >= least and (limb is None or limb * scale >= _LEAST_LIMB)
    ]
    return fits[0] if fits else 1.0


def wanted_max_stride(case: Case) -> int | None:
    """The least max stride with which a UNet sees a whole animal at once; None with another backbone."""
    if not case.unet or case.animal is None:
        return None
    side = case.animal * wanted_scale(case)
    strides = (8, 16, 32, 64)
    return next((stride for stride in strides if _field(case, stride) >= _LEAST_SEEN * side), strides[-1])


def _field(case: Case, stride: int) -> int:
    """The receptive field of the UNet at another max stride, px input."""
    unet = {**(tree.get(case.view.values, case.unet) or {}), "max_stride": stride}
    return receptive_field(ConfigReader({"model_config": {"backbone_config": {"unet": unet}}})) or 0


def _samples(case: Case) -> int:
    """What is learned from: animals in crops, or frames."""
    return int(case.facts["instances"]["used"] if case.kind.cropped else case.facts["labeled_frames"])


# -- the rules ---------------------------------------------------------------------------------------------


def scale(case: Case) -> Iterator[Piece]:
    """Smaller images are learned sooner, as long as the parts can be told apart."""
    wanted, animal = wanted_scale(case), case.animal
    if animal is None:
        return
    limb = case.facts.get("short_limb")
    box = f"the box around a median animal is {plain(animal)} px on its longer side"
    seen = f"{box}, and then {plain(animal * wanted, figures=3)} px"
    if limb is not None and not case.kind.centroid:
        seen += f", and three in four limbs are longer than {plain(limb * wanted, figures=2)} px"
    if case.kind.cropped and wanted == 1 and (case.crop or 0) <= _SMALL_CROP:
        seen = f"a crop of {case.crop} px is small enough as it is"
    elif case.kind.cropped and wanted == 1 and limb is not None:
        seen = f"one in four limbs is shorter than {plain(limb, figures=2)} px, and would be hard to see on smaller images"
    elif wanted == 1:
        seen = f"{box}, and would be hard to see on smaller images"
    yield Piece(
        name="scale",
        title=f"Input scale {plain(wanted)}",
        reason=f"{seen[:1].upper()}{seen[1:]}.",
        changes={PREPROCESSING + "scale": wanted},
    )


def crop(case: Case) -> Iterator[Piece]:
    """No more around an animal than it needs."""
    if case.crop is None or case.reach is None:
        return
    said = case.crop * wanted_scale(case)
    yield Piece(
        name="crop",
        title=f"Crop {case.crop} px",
        reason=f"The farthest part of any animal is {plain(case.reach, figures=3)} px from its centre; twice that and a tenth, "
        f"rounded up, is {plain(said)} px of input, a multiple of the max stride {case.max_stride}.",
        changes={PREPROCESSING + "crop_size": case.crop},
    )


def max_stride(case: Case) -> Iterator[Piece]:
    """The network sees an animal at once, and not much more."""
    wanted, animal = wanted_max_stride(case), case.animal
    if wanted is None or animal is None:
        return
    side = plain(animal * wanted_scale(case), figures=3)
    yield Piece(
        name="max_stride",
        title=f"Max stride {wanted}",
        reason=f"The encoder sees {_field(case, wanted)} px of input at once and the middle block more; the box around a median "
        f"animal is {side} px on its longer side.",
        changes={f"{case.unet}.max_stride": wanted},
    )


def widths(case: Case) -> Iterator[Piece]:
    """No more weights than there are animals to set them by, where parts are looked for in one animal at a time."""
    kind, filters = case.kind, case.view.number(f"{case.unet}.filters") if case.unet else None
    samples = _samples(case)
    if filters is None or kind.limbs or kind.identities or kind.centroid or samples > _MANY_SAMPLES:
        return
    narrow, wide = (channels_at(filters, rate, stride=case.max_stride) for rate in (_NARROW, 2.0))
    yield Piece(
        name="widths",
        title=f"Filter growth {plain(_NARROW)}",
        reason=f"{counted(samples, 'sample')} are few for channels that double from block to block: so the deepest block has {narrow} "
        f"instead of {wide}, and a step takes about half the time.",
        changes={f"{case.unet}.filters_rate": _NARROW},
    )


def strides(case: Case) -> Iterator[Piece]:
    """How fine the maps are, and how wide the bumps on them."""
    if not case.unet or case.input is None or case.kind.limbs or case.kind.identities:
        return
    side = max(case.input)
    wanted = 2 if side <= _SMALL_INPUT else 4
    sigma = 2.5
    yield Piece(
        name="maps",
        title=f"Maps at stride {wanted}, sigma {plain(sigma)}",
        reason=f"An input of {plain(case.input[1])}×{plain(case.input[0])} px gives maps of "
        f"{plain(math.ceil(case.input[1] / wanted))}×{plain(math.ceil(case.input[0] / wanted))} cells; a bump is "
        f"{plain(sigma * wanted)} px wide.",
        changes={
            f"{case.unet}.output_stride": wanted,
            f"{case.confmaps}.output_stride": wanted,
            f"{case.confmaps}.sigma": sigma,
        },
    )


def rotation(case: Case) -> Iterator[Piece]:
    """Turn as far as animals do."""
    spread = case.facts.get("direction_spread")
    if spread is None:
        return
    any_way = spread >= _ANY_WAY
    turn = 180.0 if any_way else 15.0
    where = "may point anywhere" if any_way else "point much the same way"
    yield Piece(
        name="rotation",
        title=f"Rotation ±{plain(turn)}°",
        reason=f"The animals {where}: their directions differ by {plain(spread, figures=2)}, where 0 is all alike "
        "and 1 every way.",
        changes={
            GEOMETRIC + "rotation_min": -turn,
            GEOMETRIC + "rotation_max": turn,
        },
    )


def batch(case: Case) -> Iterator[Piece]:
    """As many samples a step as there are, and as memory holds."""
    if case.input is None:
        return
    samples = _samples(case)
    pixels = case.input[0] * case.input[1]
    fits = next((size for size in (4, 2) if size * pixels <= _MOST_PIXELS), 1)
    wanted = max(1, min(fits, samples))
    yield Piece(
        name="batch",
        title=f"Batches of {wanted}",
        reason=f"A sample is {plain(case.input[1])}×{plain(case.input[0])} px, and there are {counted(samples, 'sample')} to "
        "learn from.",
        changes={TRAINER + "train_data_loader.batch_size": wanted},
    )


def rate(case: Case) -> Iterator[Piece]:
    """A UNet from random weights takes larger steps at first; they fall when the loss does no more."""
    if not case.unet or case.view.value("model_config.pretrained_backbone_weights"):
        return
    yield Piece(
        name="rate",
        title="Learning rate 5e-4",
        reason="A UNet that starts from random weights learns about as much in one step as in five at 1e-4, and the rate "
        "falls by itself when the loss does not.",
        changes={TRAINER + "optimizer.lr": 5e-4},
    )


def cache(case: Case) -> Iterator[Piece]:
    """Images that fit are read once."""
    sizes = case.facts.get("image_sizes", [])
    taken = sum(size["height"] * size["width"] * size["channels"] * size["frames"] for size in sizes)
    if not taken or taken > _MOST_BYTES:
        return
    yield Piece(
        name="cache",
        title="Keep images in memory",
        reason=f"{counted(case.facts['labeled_frames'], 'frame')} take {plain(taken / 1e6, figures=2)} MB, and are read once "
        "instead of in every epoch.",
        changes={DATA + "data_pipeline_fw": "torch_dataset_cache_img_memory"},
    )


#: All rules in the order in which their pieces are shown.
SETTINGS: tuple[Callable[[Case], Iterator[Piece]], ...] = (
    scale,
    crop,
    max_stride,
    widths,
    strides,
    rotation,
    batch,
    rate,
    cache,
)

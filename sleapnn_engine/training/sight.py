"""What a network sees of the animals: parts that crops cut off, crops beside any image, input too small for it."""

import attrs
import numpy as np
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.crops import crop_corners
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.data.phrases import counted
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan, FrameSamples

from .findings import Findings
from .images import PREPROCESSING, animals_of
from .labels import Data

CROP = f"{PREPROCESSING}.crop_size"
SCALE = f"{PREPROCESSING}.scale"
#: A crop that is set to more than this many times the longer side of the images is a slip of the hand.
ABSURD = 10


def check_crops(job: Job, data: Data, plan: InputPlan, crops: CropPlan, *, found: Findings) -> None:
    """Tell what crops leave out of the animals, and how much of them is beside the images."""
    side, longest = crops.side, max(plan.height, plan.width)
    size = f"{plan.width}×{plan.height}"
    if job.data_config.preprocessing.crop_size and side > ABSURD * longest:
        found.refuse(
            UserError(
                f"Crops of {side} px are more than {ABSURD} times as large as the images ({size} px).",
                where=CROP,
                hint="Give the pixels around one animal, or leave the size to be found from the labels.",
            ),
            CROP,
        )
    elif side > longest:
        found.warn(CROP, f"Crops of {side} px are larger than the images ({size} px): the rest is black.")
    for labels, what, so in (
        (data.train, "training", "not learned"),
        (data.val, "validation", "not found there"),
    ):
        with found.trying(CROP):
            found.warn(CROP, *_cut_off(_count_cut(labels, plan, side=side), side=side, what=what, so=so))


@attrs.frozen
class _Cut:
    """How many animals are clipped and how many there are; the same of their visible parts."""

    clipped: int
    animals: int
    outside: int
    parts: int


def _count_cut(labels: LabelSet, plan: InputPlan, *, side: int) -> _Cut:
    animals, centers = animals_of(labels, plan)
    there = np.isfinite(centers).all(axis=1)
    corners = crop_corners(torch.from_numpy(centers[there]), size=side).numpy()
    places = animals[there] - corners[:, None]
    outside = ((places < -0.5) | (places > side - 0.5)).any(axis=-1)
    parts = int(np.isfinite(places).all(axis=-1).sum())
    return _Cut(int(outside.any(axis=1).sum()), int(there.sum()), int(outside.sum()), parts)


def _cut_off(cut: _Cut, *, side: int, what: str, so: str) -> list[str]:
    """What to say of it. Raises UserError where the crops show nothing of any animal."""
    if not cut.clipped:
        return []
    if cut.outside == cut.parts:
        raise UserError(
            f"Crops of {side} px show no part of any {what} animal.",
            where=CROP,
            hint="Use larger crops, or leave the size to be found from the labels.",
        )
    animals = f"{counted(cut.clipped, f'{what} animal')} of {cut.animals}"
    parts = f"{counted(cut.outside, 'visible part')} of {cut.parts}"
    are = "is" if cut.outside == 1 else "are"
    return [f"Crops of {side} px do not hold all parts of {animals}: {parts} {are} outside and {so}."]


def check_input(samples: FrameSamples, crops: CropPlan | None, *, stride: int, found: Findings) -> None:
    """Tell where the network's input is too small for it; `stride` is that of its finest map."""
    plan = samples.store.plan
    seen = plan.seen if crops is None else (crops.scaled, crops.scaled)
    size = f"{seen[1]}×{seen[0]}"
    if max(seen) <= stride:
        found.refuse(
            UserError(
                f"The network sees {'crops' if crops else 'images'} of {size} px, which is one cell of its map "
                f"(output stride {stride}): no place can be found on it.",
                where=SCALE,
                hint="Use a larger input scale, or a smaller output stride.",
            ),
            SCALE,
        )
    elif crops is not None and max(seen) < crops.multiple:
        found.warn(
            SCALE,
            f"The network sees crops of {size} px, less than its largest stride: padded to "
            f"{crops.input_side}×{crops.input_side} px.",
        )

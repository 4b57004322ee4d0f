"""What a network sees of the animals: parts that crops cut off, crops beside any image, input too small for it."""

import attrs
import numpy as np
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.data.crops import crop_corners
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan
from sleapnn_engine.training.inputs.images import PREPROCESSING, animals_of
from sleapnn_engine.training.inputs.labels import Data

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
    learned = count_cut(data.train, plan, side=side)
    if learned.parts and learned.outside == learned.parts:
        found.refuse(
            UserError(
                f"Crops of {side} px show no part of any training animal.",
                where=CROP,
                hint="Use larger crops, or leave the size to be found from the labels.",
            ),
            CROP,
        )
    else:
        found.warn(CROP, *_cut_off(learned, side=side, what="training", so="not learned"))
    measured = count_cut(data.val, plan, side=side)
    found.warn(CROP, *_cut_off(measured, side=side, what="validation", so="not found there"))


@attrs.frozen
class Cut:
    """How many animals are clipped and how many there are; the same of their visible parts."""

    clipped: int
    animals: int
    outside: int
    parts: int


def outside_crops(animals: np.ndarray, centers: np.ndarray, *, side: int) -> np.ndarray:
    """Which visible parts are not on the crop of their animal: points (A, N, 2) and finite centres (A, 2) -> bool (A, N)."""
    corners = crop_corners(torch.from_numpy(centers), size=side).numpy()
    places = animals - corners[:, None]
    outside: np.ndarray = ((places < -0.5) | (places > side - 0.5)).any(axis=-1)
    return outside


def count_cut(labels: LabelSet, plan: InputPlan, *, side: int) -> Cut:
    """How many animals of frames crops of `side` px, around their centres, do not hold whole."""
    animals, centers = animals_of(labels, plan)
    there = np.isfinite(centers).all(axis=1)
    outside = outside_crops(animals[there], centers[there], side=side)
    parts = int(np.isfinite(animals[there]).all(axis=-1).sum())
    return Cut(int(outside.any(axis=1).sum()), int(there.sum()), int(outside.sum()), parts)


def _cut_off(cut: Cut, *, side: int, what: str, so: str) -> list[str]:
    """What to say of it."""
    if not cut.clipped:
        return []
    animals = f"{counted(cut.clipped, f'{what} animal')} of {cut.animals}"
    parts = f"{counted(cut.outside, 'visible part')} of {cut.parts}"
    are = "is" if cut.outside == 1 else "are"
    return [f"Crops of {side} px do not hold all parts of {animals}: {parts} {are} outside and {so}."]


def check_input(crops: CropPlan, *, found: Findings) -> None:
    """Tell where crops are too small for the network; of whole images `plan_input` tells it."""
    if crops.scaled < crops.multiple:
        found.warn(
            SCALE,
            f"The network sees crops of {crops.scaled}×{crops.scaled} px, less than its largest stride: padded to "
            f"{crops.input_side}×{crops.input_side} px.",
        )

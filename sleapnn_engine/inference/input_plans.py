"""How images become the input of a job's network, in training as in use: sizes, channels, crops, kind of sample."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np
import torch

from sleapnn_engine.config.build import model_type
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.frames import FrameStore
from sleapnn_engine.data.geometry import PLACES, InputPlan, Size, plan_input
from sleapnn_engine.data.samples import CenterSamples, CropPlan, CropSamples, FrameSamples
from sleapnn_engine.models.backbones import required_multiple


def frame_plan(job: Job, sizes: Iterable[Size], *, places: int = PLACES) -> InputPlan:
    """How frames of the given (height, width, channels) become network input, or what crops are cut from."""
    pre, cropped = job.data_config.preprocessing, model_type(job).cropped
    plan = plan_input(
        sizes,
        max_height=pre.max_height,
        max_width=pre.max_width,
        scale=1.0 if cropped else pre.scale,
        max_stride=1 if cropped else required_multiple(job.model_config.backbone_config),
        ensure_rgb=pre.ensure_rgb,
        ensure_grayscale=pre.ensure_grayscale,
    )
    return attrs.evolve(plan, places=places)


def crop_plan(job: Job, *, side: int, margin: int = 0, places: int = PLACES) -> CropPlan:
    """How crops of `side` pixels become network input; `margin` is cut around them for augmentation."""
    multiple = required_multiple(job.model_config.backbone_config)
    scale = job.data_config.preprocessing.scale
    return CropPlan(side=side, scale=scale, multiple=multiple, margin=margin, places=places)


def moved_since(plan: InputPlan, crops: CropPlan | None, *, size: Size) -> float:
    """How far targets of such a plan lie off those of one that is made today, in pixels of a source image of `size`.

    It is what programs that look for today's targets are off, up and to the left or down and to the right.
    """

    def target(places: int) -> np.ndarray:
        sizing = attrs.evolve(plan, places=places).sizing(size)
        if crops is None:
            return np.asarray(sizing.target_shift / np.array(sizing.ratio))
        shift = attrs.evolve(crops, places=places).target_shifts(torch.from_numpy(sizing.target_shift))
        return np.asarray(shift.numpy() / (np.array(sizing.ratio) * crops.ratio))

    return float(np.abs(target(plan.places) - target(PLACES)).max())


def samples_of(job: Job, store: FrameStore, crops: CropPlan | None) -> FrameSamples:
    """Samples of the kind that the model type reads; `crops` says how those of crops are cut."""
    if crops is not None:
        return CropSamples(store, crops)
    return CenterSamples(store) if model_type(job).centroid else FrameSamples(store)

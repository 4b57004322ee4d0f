"""How images become the input of a job's network, in training as in use: sizes, channels, crops, kind of sample."""

from __future__ import annotations

from collections.abc import Iterable

from sleapnn_engine.config.build import model_type
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.frames import FrameStore
from sleapnn_engine.data.geometry import PLACES, InputPlan, Size, plan_input
from sleapnn_engine.data.samples import CenterSamples, CropPlan, CropSamples, FrameSamples
from sleapnn_engine.models.backbones import required_multiple


def frame_plan(job: Job, sizes: Iterable[Size]) -> InputPlan:
    """How frames of the given (height, width, channels) become network input, or what crops are cut from."""
    pre, cropped = job.data_config.preprocessing, model_type(job).cropped
    return plan_input(
        sizes,
        max_height=pre.max_height,
        max_width=pre.max_width,
        scale=1.0 if cropped else pre.scale,
        max_stride=1 if cropped else required_multiple(job.model_config.backbone_config),
        ensure_rgb=pre.ensure_rgb,
        ensure_grayscale=pre.ensure_grayscale,
    )


def crop_plan(job: Job, *, side: int, margin: int = 0, places: int = PLACES) -> CropPlan:
    """How crops of `side` pixels become network input; `margin` is cut around them for augmentation."""
    multiple = required_multiple(job.model_config.backbone_config)
    scale = job.data_config.preprocessing.scale
    return CropPlan(side=side, scale=scale, multiple=multiple, margin=margin, places=places)


def samples_of(job: Job, store: FrameStore, crops: CropPlan | None) -> FrameSamples:
    """Samples of the kind that the model type reads; `crops` says how those of crops are cut."""
    if crops is not None:
        return CropSamples(store, crops)
    return CenterSamples(store) if model_type(job).centroid else FrameSamples(store)

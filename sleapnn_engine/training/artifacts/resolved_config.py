"""The config as it was really used: every key present, and what training found out filled in."""

import copy
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import active, centring_of, job_values
from sleapnn_engine.config.files import dump_config, save_text
from sleapnn_engine.config.for_others import as_others_read
from sleapnn_engine.config.model_types import HEADS, MODEL_TYPES
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropSamples, FrameSamples
from sleapnn_engine.models.assemble import PoseModel

INITIAL = "initial_config.yaml"
FINAL = "training_config.yaml"

log = logging.getLogger("sleapnn_engine.training")


def write_initial(job: Job, folder: Path) -> None:
    """`initial_config.yaml`: the config with defaults filled in, before anything was found out."""
    save_text(folder / INITIAL, dump_config(as_others_read(job_values(job))), backup=False)


def write_final(values: dict[str, Any], folder: Path) -> None:
    """`training_config.yaml`: what programs that use the model read."""
    save_text(folder / FINAL, dump_config(values), backup=False)


def resolve(
    job: Job,
    *,
    folder: Path,
    samples: FrameSamples,
    model: PoseModel,
    steps: int,
    seed: int,
    devices: int = 1,
) -> dict[str, Any]:
    """The complete config of the run, as plain values. What differs from a value that was set is told in the log."""
    values = as_others_read(copy.deepcopy(job_values(job)))
    found = {
        **dict(_backbone(job, model)),
        **dict(_head(job, samples.store.labels, model)),
        "data_config.skeletons": [skeleton(samples.store.labels)],
        "model_config.total_params": model.parameter_count,
        "trainer_config.train_steps_per_epoch": steps,
        "trainer_config.trainer_devices": devices,
        "trainer_config.ckpt_dir": str(folder.parent),
        "trainer_config.run_name": folder.name,
        "trainer_config.seed": seed,
        **dict(_size(samples.store.plan)),
        **dict(_centres(job)),
    }
    if isinstance(samples, CropSamples):
        found["data_config.preprocessing.crop_size"] = samples.plan.side
    for path, value in found.items():
        before = tree.get(values, path)
        if before is not None and before != value and path.startswith(_WORTH_TELLING):
            log.info("%s: the config says %s, this run uses %s.", path, before, value)
        tree.put(values, path, value)
    return values


#: What a person set and would miss; the rest is the run's own bookkeeping.
_WORTH_TELLING = ("model_config.backbone_config.", "data_config.preprocessing.")


def _backbone(job: Job, model: PoseModel) -> Iterator[tuple[str, Any]]:
    """Channels and strides as the network really has them."""
    name = active(job.model_config.backbone_config)
    section, shape = f"model_config.backbone_config.{name}", model.backbone.shape
    yield f"{section}.in_channels", shape.in_channels
    yield f"{section}.output_stride", shape.output_stride
    if name != "unet":
        yield f"{section}.max_stride", shape.bottleneck_stride


def _head(job: Job, labels: LabelSet, model: PoseModel) -> Iterator[tuple[str, Any]]:
    """Names of the channels of every head, in their order."""
    model_type = active(job.model_config.head_configs)
    section = f"model_config.head_configs.{model_type}"
    if not MODEL_TYPES[model_type].centroid:
        yield f"{section}.confmaps.part_names", list(labels.nodes)
    for name in MODEL_TYPES[model_type].heads:
        if HEADS[name].limbs:
            yield f"{section}.{name}.edges", [list(edge) for edge in labels.edges]
        if HEADS[name].identities:
            yield f"{section}.{name}.classes", list(labels.tracks)
        if not HEADS[name].maps:
            unet = job.model_config.backbone_config.unet
            deepest = model.backbone.shape.bottleneck_stride if unet is None else unet.max_stride
            yield f"{section}.{name}.output_stride", deepest


def _centres(job: Job) -> Iterator[tuple[str, Any]]:
    """Which point of an animal is its centre, for programs that would take another where nothing is said."""
    kind = active(job.model_config.head_configs)
    if MODEL_TYPES[kind].centroid or MODEL_TYPES[kind].cropped:
        for name, value in centring_of(job).settings.items():
            yield f"model_config.head_configs.{kind}.confmaps.{name}", value


def _size(plan: InputPlan) -> Iterator[tuple[str, int]]:
    """The size images are matched to; left open where it was, because then images keep their size."""
    if plan.resize:
        height, width = plan.canvas
        yield "data_config.preprocessing.max_height", height
        yield "data_config.preprocessing.max_width", width


def skeleton(labels: LabelSet) -> dict[str, Any]:
    """A skeleton in the form that config files have it in."""
    return {
        "nodes": [{"name": node} for node in labels.nodes],
        "edges": [{"source": {"name": a}, "destination": {"name": b}} for a, b in labels.edges],
        "symmetries": [[{"name": a}, {"name": b}] for a, b in labels.symmetries],
        "name": "skeleton",
    }

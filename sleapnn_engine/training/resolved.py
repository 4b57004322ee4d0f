"""The config as it was really used: every key present, and what training found out filled in."""

import copy
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.build import job_values
from sleapnn_engine.config.files import dump_config, save_text
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.unbuilt import active
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.models.assemble import PoseModel

INITIAL = "initial_config.yaml"
FINAL = "training_config.yaml"

log = logging.getLogger("sleapnn_engine.training")


def write_initial(job: Job, folder: Path) -> None:
    """`initial_config.yaml`: the config with defaults filled in, before anything was found out."""
    save_text(folder / INITIAL, dump_config(job_values(job)), backup=False)


def write_final(values: dict[str, Any], folder: Path) -> None:
    """`training_config.yaml`: what programs that use the model read."""
    save_text(folder / FINAL, dump_config(values), backup=False)


def resolve(
    job: Job, *, folder: Path, labels: LabelSet, plan: InputPlan, model: PoseModel, steps: int, seed: int
) -> dict[str, Any]:
    """The complete config of the run, as plain values. What differs from a value that was set is told in the log."""
    values = copy.deepcopy(job_values(job))
    head = f"model_config.head_configs.{active(job.model_config.head_configs)}.confmaps"
    unet = "model_config.backbone_config.unet"
    found = {
        f"{unet}.in_channels": model.backbone.shape.in_channels,
        f"{unet}.output_stride": model.backbone.shape.output_stride,
        f"{head}.part_names": list(labels.nodes),
        "data_config.skeletons": [skeleton(labels)],
        "model_config.total_params": model.parameter_count,
        "trainer_config.train_steps_per_epoch": steps,
        "trainer_config.trainer_devices": 1,
        "trainer_config.ckpt_dir": str(folder.parent),
        "trainer_config.run_name": folder.name,
        "trainer_config.seed": seed,
        **dict(_size(plan)),
    }
    for path, value in found.items():
        before = tree.get(values, path)
        if before is not None and before != value and path in _WORTH_TELLING:
            log.info("%s: the config says %s, this run uses %s.", path, before, value)
        tree.put(values, path, value)
    return values


_WORTH_TELLING = (
    "model_config.backbone_config.unet.in_channels",
    "model_config.backbone_config.unet.output_stride",
    "data_config.preprocessing.max_height",
    "data_config.preprocessing.max_width",
)


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

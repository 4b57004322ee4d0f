"""What settings and labels lead to, made by the functions that a training calls, without a training."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.build import active, build_job
from sleapnn_engine.config.derived import receptive_field
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.view import View
from sleapnn_engine.data.crops import auto_crop_padding
from sleapnn_engine.data.frames import OnDemandFrames
from sleapnn_engine.data.samples import CropSamples
from sleapnn_engine.models.assemble import count_parameters
from sleapnn_engine.training.build import shared_steps, steps_per_epoch
from sleapnn_engine.training.device import choose_computes
from sleapnn_engine.training.images import (
    Stores,
    animals_of,
    build_samples,
    geometric_of,
    plan_crops,
    plan_images,
    with_implied_colour,
)
from sleapnn_engine.training.labels import Data, open_training_labels, split_data

from .wanted import Cancelled, NotWanted

#: What is known only where settings and labels allow a training.
_OF_TRAINING = (
    "train_samples",
    "val_samples",
    "steps_per_epoch",
    "max_height",
    "max_width",
    "crop_size",
    "crop_padding",
    "parameters",
)


def derive(values: Mapping[str, Any], cancelled: Cancelled) -> dict[str, Any]:
    """Figures of a config as a training of it would have them; null where they are not known.

    Keys: `train_samples`, `val_samples` (frames, or crops); `steps_per_epoch` (of all devices together);
    `max_height`, `max_width` (px source that images are matched to); `crop_size` (px of the matched image) and
    `crop_padding` for models of crops; `parameters`; `receptive_field` (px input, of UNets); `reason`, a sentence why
    there are no figures, or null. Raises NotWanted.
    """
    found: dict[str, Any] = dict.fromkeys(_OF_TRAINING)
    found |= {"receptive_field": receptive_field(View(values)), "reason": None}
    try:
        return found | _of_training(build_job(values), cancelled)
    except (UserError, ValueError) as error:
        return found | {"reason": str(error)}


def _of_training(job: Job, cancelled: Cancelled) -> dict[str, Any]:
    job = with_implied_colour(job, None)
    labels = open_training_labels(job)
    try:
        _require_wanted(cancelled)
        data = split_data(job, labels)
    finally:
        labels.close()
    data.val.close()
    _require_wanted(cancelled)
    return _figures(job, data)


def _figures(job: Job, data: Data) -> dict[str, Any]:
    plan = plan_images(job, data)
    crops = plan_crops(job, data, plan)
    stores = Stores(train=OnDemandFrames(data.train, plan), val=OnDemandFrames(data.val, plan))
    train, val = build_samples(job, stores, crops)
    labels, devices = data.train, len(choose_computes(job.trainer_config, precision="auto"))
    found: dict[str, Any] = {
        "train_samples": len(train),
        "val_samples": len(val),
        "steps_per_epoch": shared_steps(steps_per_epoch(job, n_train=len(train)), devices=devices),
        "max_height": plan.canvas[0],
        "max_width": plan.canvas[1],
        "parameters": count_parameters(
            job.model_config,
            model_type=active(job.model_config.head_configs),
            n_nodes=len(labels.nodes),
            n_edges=len(labels.edges),
            n_classes=len(labels.tracks),
            in_channels=plan.channels,
            input_size=train.input_size,
        ),
    }
    if isinstance(train, CropSamples):
        pre, (animals, _) = job.data_config.preprocessing, animals_of(data.train, plan)
        found["crop_size"] = train.plan.side
        found["crop_padding"] = (
            auto_crop_padding(animals, min_crop_size=pre.min_crop_size, geometric=geometric_of(job))
            if pre.crop_padding is None
            else pre.crop_padding
        )
    return found


def _require_wanted(cancelled: Cancelled) -> None:
    if cancelled():
        raise NotWanted

"""What settings and labels lead to, as a training would have it, without a training."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.derived import receptive_field
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.data.crops import auto_crop_padding
from sleapnn_engine.inspect.known_labels import KnownLabels
from sleapnn_engine.inspect.preparation import Preparation, prepare_values
from sleapnn_engine.inspect.wanted import Cancelled, never
from sleapnn_engine.training.build import shared_steps, steps_per_epoch
from sleapnn_engine.training.inputs.images import animals_of, geometric_of

#: What is known only where settings and labels allow a training.
_OF_TRAINING = (
    "train_frames",
    "val_frames",
    "train_samples",
    "val_samples",
    "steps_per_epoch",
    "max_height",
    "max_width",
    "input_height",
    "input_width",
    "input_channels",
    "crop_size",
    "crop_padding",
    "parameters",
)


def derive(
    values: Mapping[str, Any], cancelled: Cancelled = never, *, known: KnownLabels | None = None
) -> dict[str, Any]:
    """Figures of a config as a training of it would have them; null where they are not known.

    Keys: `train_frames`, `val_frames`; `train_samples`, `val_samples` (frames, or crops); `steps_per_epoch` (of all
    devices together); `max_height`, `max_width` (px source that images are matched to); `input_height`, `input_width`
    (px, padded to what the network takes) and `input_channels`; `crop_size` (px of the matched image) and
    `crop_padding` for models of crops; `parameters`; `receptive_field` (px input, of UNets); `reason`, a sentence why
    figures are missing, or null. Raises NotWanted.
    """
    found: dict[str, Any] = dict.fromkeys(_OF_TRAINING)
    found |= {"receptive_field": receptive_field(ConfigReader(values)), "reason": None}
    read = (known or KnownLabels()).reader(cancelled)
    try:
        preparation = prepare_values(values, read=read, cancelled=cancelled)
    except (UserError, ValueError) as error:
        return found | {"reason": str(error)}
    refusals = preparation.found.refusals
    return found | _figures(preparation) | {"reason": str(refusals[0]) if refusals else None}


def _figures(preparation: Preparation) -> dict[str, Any]:
    """What is known, in spite of what refuses the training."""
    prepared, fabric = preparation.prepared, preparation.fabric
    data, plan, train, val = prepared.data, prepared.plan, prepared.train, prepared.val
    if data is None or plan is None or train is None or val is None:
        return {}
    found: dict[str, Any] = {
        "train_frames": len(data.train),
        "val_frames": len(data.val),
        "train_samples": len(train),
        "val_samples": len(val),
        "max_height": plan.canvas[0],
        "max_width": plan.canvas[1],
        "input_height": train.input_size[0],
        "input_width": train.input_size[1],
        "input_channels": plan.channels,
        "parameters": prepared.network and prepared.network.parameter_count,
    }
    if fabric is not None:
        steps = steps_per_epoch(prepared.job, n_train=len(train))
        found["steps_per_epoch"] = shared_steps(steps, devices=fabric.world_size)
    if prepared.crops is not None:
        found |= {"crop_size": prepared.crops.side, "crop_padding": _padding(preparation)}
    return found


def _padding(preparation: Preparation) -> int:
    """The room around animals of crops whose size is found."""
    job, parts = preparation.prepared.job, preparation.prepared.complete()
    pre = job.data_config.preprocessing
    if pre.crop_padding is not None:
        return pre.crop_padding
    animals, _ = animals_of(parts.data.train, parts.plan)
    return auto_crop_padding(animals, min_crop_size=pre.min_crop_size, geometric=geometric_of(job))

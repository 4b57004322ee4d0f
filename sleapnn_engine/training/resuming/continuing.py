"""What a run that goes on with an earlier one does otherwise, and what of that one is gone: found out before anything is
built, so that a check of the config tells the same. Nothing is changed or written."""

import hashlib
from collections.abc import Mapping
from typing import Any

import attrs
from torch import nn

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.config.monitors import USUAL_MONITOR
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.models.network_match import refuse_misfit
from sleapnn_engine.training.averages import Averages
from sleapnn_engine.training.build import shared_steps, steps_per_epoch
from sleapnn_engine.training.inputs.labels import FRACTION, Data
from sleapnn_engine.training.processes.device import number_format
from sleapnn_engine.training.processes.fabric import Fabric
from sleapnn_engine.training.rate_curve import curve_of
from sleapnn_engine.training.resuming.previous_run import (
    SETTING,
    PreviousRun,
    find_best,
    is_judged_alike,
    validates_elsewhere,
)
from sleapnn_engine.training.resuming.random_states import missing_parts
from sleapnn_engine.training.schedule import EarlyStopping, counts_of, require_state

RATE = "trainer_config.optimizer.lr"
SEED = "trainer_config.seed"
_AS_BEFORE = "Choose another checkpoint of that training."


def check_continuing(
    job: Job,
    previous: PreviousRun,
    *,
    data: Data,
    samples: int,
    network: nn.Module,
    fabric: Fabric | None,
    found: Findings,
) -> None:
    """Tell what of a job is otherwise than in the earlier training, and what its checkpoint lacks.

    `samples` are those to train on; `network` has shapes, and may have no values. What keeps the job from going on with
    that checkpoint at all is refused.
    """
    with found.trying(SETTING):
        _require_fit(job, previous, network)
        _check_rate(job, previous, found=found)
    found.warn(FRACTION, *_split(job, previous, data))
    seed = job.trainer_config.seed
    if seed is not None and previous.seed not in (None, seed):
        found.warn(
            SEED,
            f"The seed is {seed} and was {previous.seed}, so frames come in another order than they would have.",
        )
    devices = 1 if fabric is None else fabric.world_size
    steps = shared_steps(steps_per_epoch(job, n_train=samples), devices=devices)
    _check_sizes(job, previous, steps=steps, fabric=fabric, found=found)
    anew = [*_not_counted(job, previous), *_not_random(previous, fabric), *_not_summed(previous, steps)]
    if anew:
        found.warn(
            SETTING, f"{previous.path.name} does not hold everything; this starts anew: {', '.join(anew)}."
        )
    if job.trainer_config.save_ckpt and job.trainer_config.model_ckpt.save_top_k:
        found.warn(SETTING, *_best_elsewhere(job, previous))


def split_digest(labels: LabelSet) -> str:
    """A short text that is the same for the same validation frames, wherever their files lie."""
    frames = sorted((frame.file_index, frame.video_index, frame.frame_index) for frame in labels.frames)
    return hashlib.sha256(repr(frames).encode()).hexdigest()[:16]


def next_rate(job: Job, previous: PreviousRun) -> float:
    """The learning rate that a training goes on with.

    It is that of the checkpoint, which a changed setting scales, or that of the epoch where it follows a curve.
    """
    trainer = job.trainer_config
    curve = curve_of(trainer.lr_scheduler, lr=trainer.optimizer.lr, max_epochs=trainer.max_epochs)
    if curve is not None:
        return curve.at(previous.epoch)
    rate, before = previous.rate, previous.learning_rate
    return rate * (job.trainer_config.optimizer.lr / before) if before else rate


def _require_fit(job: Job, previous: PreviousRun, network: nn.Module) -> None:
    refuse_misfit(network.state_dict(), previous.content["state_dict"], where=SETTING)
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    try:
        require_state(
            previous.content["optimizer_states"][0], weights, amsgrad=job.trainer_config.optimizer.amsgrad
        )
    except ValueError as error:
        message = f"The optimizer's state in {previous.path} does not fit: {error}."
        raise UserError(message, where=SETTING, hint=_AS_BEFORE) from error


def _check_rate(job: Job, previous: PreviousRun, *, found: Findings) -> None:
    before, now = previous.learning_rate, job.trainer_config.optimizer.lr
    if before and before != now:
        rates = tuple(map(plain, (before, now, next_rate(job, previous), previous.rate)))
        found.warn(
            RATE,
            "The learning rate was {} and is to be {}, so training goes on with {} instead of {}.".format(
                *rates
            ),
        )


def _split(job: Job, previous: PreviousRun, data: Data) -> list[str]:
    own = previous.own
    if own.get("split") and own["split"] != split_digest(data.val):
        return [
            "The validation frames are not those of the earlier training: the model may have learned from some of "
            "them, so that its validation looks better than it is."
        ]
    if not own.get("split") and not validates_elsewhere(job):
        return [
            "Which frames the earlier training set aside for validation is not known: the model may have learned from "
            "some of those that are set aside now, so that its validation looks better than it is."
        ]
    return []


def _check_sizes(
    job: Job, previous: PreviousRun, *, steps: int, fabric: Fabric | None, found: Findings
) -> None:
    loader = "trainer_config.train_data_loader"
    batch = job.trainer_config.train_data_loader.batch_size * (1 if fabric is None else fabric.world_size)
    precision = None if fabric is None else number_format(fabric)
    for name, now, path, words in (
        ("batch_size", batch, f"{loader}.batch_size", "samples in a batch"),
        ("steps_per_epoch", steps, "trainer_config.train_steps_per_epoch", "steps in an epoch"),
        ("precision", precision, "trainer_config.trainer_accelerator", "as number format"),
    ):
        before = previous.own.get(name)
        if before is not None and now is not None and before != now:
            found.warn(path, f"This run has {now} {words}, the earlier one had {before}.")


def _not_counted(job: Job, previous: PreviousRun) -> list[str]:
    """Counts of the schedule, of the best epoch and of early stopping that the checkpoint lacks."""
    anew = []
    wanted = counts_of(job.trainer_config.lr_scheduler)
    if any(name not in previous.schedule for name in wanted):
        anew.append("the learning rate schedule")
    if "best_val" not in previous.best:
        anew.append("the best epoch")
    patience = EarlyStopping.from_settings(job.trainer_config.early_stopping).patience
    if "epochs_without_progress" not in previous.best and patience is not None:
        anew.append("the count for early stopping")
    return anew


def _not_random(previous: PreviousRun, fabric: Fabric | None) -> list[str]:
    states = previous.own.get("random")
    given: Mapping[str, Any] = states if isinstance(states, Mapping) else {}
    return [] if fabric is None else missing_parts(given, device=fabric.device)


def _not_summed(previous: PreviousRun, steps: int) -> list[str]:
    is_whole = has_sums(previous) or not min(previous.batch, steps)
    return [] if is_whole else ["the mean loss of the epoch in progress"]


#: What the sums of an earlier version lack; nothing that a training needs to go on.
_SUMMED_LATER = frozenset({"gradients", "measured"})


def has_sums(previous: PreviousRun) -> bool:
    """Whether the checkpoint holds the sums of an epoch in progress."""
    sums = previous.own.get("averages")
    names = {field.name for field in attrs.fields(Averages)}
    return isinstance(sums, Mapping) and names - _SUMMED_LATER <= set(sums) <= names


def _best_elsewhere(job: Job, previous: PreviousRun) -> list[str]:
    if not is_judged_alike(job, previous):
        now = job.trainer_config.model_ckpt.monitor or USUAL_MONITOR
        return [
            f"The earlier training chose its best model by {previous.monitor} and this one does by {now}, so best.ckpt will "
            "be the best of the epochs from now on."
        ]
    best = previous.val_of_best
    found = None if best is None else find_best(previous)
    if best is None or (found is not None and found.val is not None):
        return []
    return [
        f"The best model of the earlier training, with a validation loss of {plain(best)}, is not beside "
        f"{previous.path.name}, so best.ckpt will be the best of the epochs from now on."
    ]

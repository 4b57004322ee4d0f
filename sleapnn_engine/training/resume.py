"""Going on with an earlier training so that it ends as if it had never been interrupted.

What was done comes from the checkpoint: weights, moments, learning rate, the schedule's counts, epochs and steps, the
best epoch, the count for early stopping, the sums of an epoch in progress and all random states. What is to be done
comes from the config: a setting that was changed is followed, and the log says so.

A run that goes on has a folder of its own, and the earlier one stays as it is. Its log and journal begin with the
epoch it goes on with, and the best model until then is copied into it, so that `best.ckpt` is the best of both.

An epoch that was stopped after a batch is validated there and then, and its model may become `best.ckpt`; but the
checkpoint holds the state before that validation, and the epoch is finished from the next batch on. So losses are
those of a training that was never stopped, and that extra validation is counted nowhere. Where an epoch was
interrupted while it was validated, the validation is repeated.
"""

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.phrases import counted
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.models.weights import PREFIX

from .averages import Averages
from .callbacks.checkpoint import Checkpoints, Kept
from .earlier import SETTING, Earlier, find_best, validates_elsewhere
from .network_match import refuse_misfit
from .random_states import set_random_states
from .schedule import go_on_with
from .state import PointErrors, Training

log = logging.getLogger("sleapnn_engine.training")


def chosen_seed(job: Job, earlier: Earlier | None) -> int | None:
    """The seed of a run: its own, else that of the training it goes on with; None when there is none to be had."""
    if job.trainer_config.seed is not None or earlier is None:
        return job.trainer_config.seed
    if earlier.seed is not None:
        log.info("No seed is set; this run goes on with that of the earlier training, %d.", earlier.seed)
    return earlier.seed


def without_start_weights(job: Job) -> Job:
    """The job with a random start, for a network that gets all its weights from a checkpoint anyway."""
    model = job.model_config
    backbones = {
        name: attrs.evolve(chosen, pre_trained_weights=None)
        for name in ("convnext", "swint")
        if (chosen := getattr(model.backbone_config, name)) is not None
    }
    if model.backbone_config.timm is not None:
        backbones["timm"] = attrs.evolve(model.backbone_config.timm, pretrained=False, weights_file=None)
    return attrs.evolve(
        job,
        model_config=attrs.evolve(
            model,
            pretrained_backbone_weights=None,
            pretrained_head_weights=None,
            backbone_config=attrs.evolve(model.backbone_config, **backbones),
        ),
    )


def split_digest(labels: LabelSet) -> str:
    """A short text that is the same for the same validation frames, wherever their files lie."""
    frames = sorted((frame.file_index, frame.video_index, frame.frame_index) for frame in labels.frames)
    return hashlib.sha256(repr(frames).encode()).hexdigest()[:16]


def take_up(training: Training, earlier: Earlier) -> None:
    """Bring a training that was just built to where the earlier one was; what starts anew is told in the log.

    Raises UserError, before anything but weights is changed, when the checkpoint is of another network.
    """
    anew: list[str] = []
    _take_weights(training, earlier)
    _take_schedule(training, earlier, anew)
    _take_best(training, earlier, anew)
    random = earlier.own.get("random")
    states = random if isinstance(random, Mapping) else {}
    anew += set_random_states(states, training.feed, device=training.compute.device)
    # Last, for a training with steps behind it is one that is worth keeping.
    _take_place(training, earlier, anew)
    done = f"{counted(earlier.epoch, 'epoch')} and {counted(earlier.step, 'step')}"
    part = f", {training.batch} of them in an epoch that is not over" if training.batch else ""
    log.info("Training goes on from %s, after %s%s.", earlier.path, done, part)
    for sentence in differences(training, earlier):
        log.warning("%s", sentence)
    if anew:
        log.warning("%s does not hold everything; this starts anew: %s.", earlier.path.name, ", ".join(anew))


def inherit_best(checkpoints: Checkpoints, earlier: Earlier) -> None:
    """Have the best model of the earlier training copied, so that it is only replaced by a better one."""
    best = earlier.val_of_best
    if best is None or not checkpoints.top_k:
        return
    found = find_best(earlier)
    if found is None or found.val is None:
        log.warning(
            "The best model of the earlier training, with a validation loss of %s, is not beside %s, so best.ckpt "
            "will be the best of the epochs from now on.",
            plain(best), earlier.path.name,
        )  # fmt: skip
        return
    if best != earlier.best.get("best_val"):
        told = "The earlier best.ckpt, with a validation loss of %s, is from an epoch half-way."
        log.info(told, plain(found.val))
    checkpoints.inherited = Kept(found.path, int(found.content["epoch"]), found.val)


def differences(training: Training, earlier: Earlier) -> list[str]:
    """What of this run is otherwise than in the earlier one and changes its course, in sentences."""
    own, said = earlier.own, []
    if own.get("split") and own["split"] != training.split:
        said.append(
            "The validation frames are not those of the earlier training: the model may have learned from some of "
            "them, so that its validation looks better than it is."
        )
    elif not own.get("split") and not validates_elsewhere(training.job):
        said.append(
            "Which frames the earlier training set aside for validation is not known: the model may have learned from "
            "some of those that are set aside now, so that its validation looks better than it is."
        )
    if earlier.seed not in (None, training.seed):
        said.append(
            f"The seed is {training.seed} and was {earlier.seed}, so frames come in another order than they would have."
        )
    now = training.own_section()
    for name, words in (
        ("batch_size", "samples in a batch"),
        ("steps_per_epoch", "steps in an epoch"),
        ("precision", "as number format"),
    ):
        if own.get(name) not in (None, now[name]):
            said.append(f"This run has {now[name]} {words}, the earlier one had {own[name]}.")
    return said


def _take_weights(training: Training, earlier: Earlier) -> None:
    """Weights, moments, and the learning rate, which a changed setting scales."""
    state: dict[str, Tensor] = earlier.content["state_dict"]
    refuse_misfit(training.model.state_dict(), state, where=SETTING)
    optimizer = training.optimizer
    try:
        rate = go_on_with(optimizer, earlier.content["optimizer_states"][0])
    except ValueError as error:
        raise UserError(
            f"The optimizer's state in {earlier.path} does not fit: {error}.",
            where=SETTING,
            hint="Choose another checkpoint of that training.",
        ) from error
    training.model.load_state_dict({name.removeprefix(PREFIX): value for name, value in state.items()})
    before, now = earlier.learning_rate, training.job.trainer_config.optimizer.lr
    if before and before != now:
        for group in optimizer.param_groups:
            group["lr"] *= now / before
        log.warning(
            "The learning rate was %s and is to be %s, so training goes on with %s instead of %s.",
            *map(plain, (before, now, training.schedule.learning_rate, rate)),
        )  # fmt: skip


def _take_schedule(training: Training, earlier: Earlier, anew: list[str]) -> None:
    """Counts of the schedule. Other programs save before a plateau schedule has seen the epoch's validation."""
    states = earlier.content.get("lr_schedulers") or [{}]
    state = states[0] if isinstance(states[0], Mapping) else {}
    if not training.schedule.is_set:
        return
    if not training.schedule.go_on(state):
        anew.append("the learning rate schedule")
    elif (
        not earlier.own
        and "num_bad_epochs" in state
        and state["last_epoch"] == earlier.epoch - 1
        and earlier.val is not None
    ):
        training.schedule.step(earlier.val)


def _take_best(training: Training, earlier: Earlier, anew: list[str]) -> None:
    state = earlier.best
    training.best.go_on(state)
    if "best_val" not in state:
        anew.append("the best epoch")
    if "epochs_without_progress" not in state and training.best.patience is not None:
        anew.append("the count for early stopping")
    errors = earlier.own.get("best_errors")
    if isinstance(errors, Mapping):
        known = {field.name for field in attrs.fields(PointErrors)}
        training.best_errors = PointErrors(**errors) if set(errors) == known else None


def _take_place(training: Training, earlier: Earlier, anew: list[str]) -> None:
    """Epoch, step, and the sums of an epoch in progress. An epoch that is shorter now has no more steps than that."""
    training.epoch = earlier.epoch
    training.step = training.start_step = earlier.step
    training.batch = min(earlier.batch, training.steps_per_epoch)
    if not training.batch:
        return
    sums = earlier.own.get("averages")
    names = {field.name for field in attrs.fields(Averages)}
    if isinstance(sums, Mapping) and set(sums) == names:
        training.averages = Averages(**_moved(sums, device=training.compute.device))
        training.epoch_seconds = float(earlier.own.get("epoch_seconds") or 0.0)
    else:
        anew.append("the mean loss of the epoch in progress")


def _moved(value: Any, *, device: torch.device) -> Any:
    """The same nested dicts with tensors on the device."""
    if isinstance(value, Mapping):
        return {name: _moved(item, device=device) for name, item in value.items()}
    return value.to(device) if isinstance(value, Tensor) else value

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

import logging
from collections.abc import Mapping
from typing import Any

import attrs
import torch
from torch import Tensor

from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.schema.job import Job
from sleapnn_engine.config.text_format import counted
from sleapnn_engine.models.weights import PREFIX
from sleapnn_engine.protocol.measures import Measured
from sleapnn_engine.training.averages import Averages
from sleapnn_engine.training.callbacks.checkpoint import Checkpoints, Kept
from sleapnn_engine.training.resuming.continuing import has_sums, next_rate
from sleapnn_engine.training.resuming.previous_run import PreviousRun, find_best, is_judged_alike
from sleapnn_engine.training.resuming.random_states import set_random_states
from sleapnn_engine.training.schedule import go_on_with
from sleapnn_engine.training.state import Training

log = logging.getLogger("sleapnn_engine.training")


def chosen_seed(job: Job, previous: PreviousRun | None) -> int | None:
    """The seed of a run: its own, else that of the training it goes on with; None when there is none to be had."""
    if job.trainer_config.seed is not None or previous is None:
        return job.trainer_config.seed
    if previous.seed is not None:
        log.info("No seed is set; this run goes on with that of the earlier training, %d.", previous.seed)
    return previous.seed


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


def restore(training: Training, previous: PreviousRun) -> None:
    """Bring a training that was just built to where the earlier one was; `check_continuing` has told what differs."""
    parts = training.parts
    _restore_weights(training, previous)
    _restore_schedule(training, previous)
    _restore_best(training, previous)
    random = previous.own.get("random")
    states = random if isinstance(random, Mapping) else {}
    set_random_states(states, parts.batches, device=parts.fabric.device)
    if scale := previous.own.get("loss_scale"):
        parts.fabric.strategy.precision.load_state_dict(scale)
    # Last, for a training with steps behind it is one that is worth keeping.
    _restore_position(training, previous)
    done = f"{counted(previous.epoch, 'epoch')} and {counted(previous.step, 'step')}"
    part = (
        f", {training.progress.batch} of them in an epoch that is not over" if training.progress.batch else ""
    )
    log.info("Training goes on from %s, after %s%s.", previous.path, done, part)


def inherit_best(checkpoints: Checkpoints, previous: PreviousRun, *, job: Job) -> None:
    """Have the best model of the earlier training copied, so that it is only replaced by a better one."""
    best = previous.val_of_best
    if best is None or not checkpoints.top_k or not is_judged_alike(job, previous):
        return
    found = find_best(previous)
    if found is None or found.val is None or found.score is None:
        return
    if best != previous.best.get("best_val"):
        told = "The earlier best.ckpt, with a validation loss of %s, is from an epoch half-way."
        log.info(told, plain(found.val))
    checkpoints.inherited = Kept(found.path, int(found.content["epoch"]), found.val, found.score)


def _restore_weights(training: Training, previous: PreviousRun) -> None:
    """Weights, moments, and the learning rate, which a changed setting scales."""
    parts = training.parts
    state: dict[str, Tensor] = previous.content["state_dict"]
    go_on_with(parts.optimizer, previous.content["optimizer_states"][0])
    parts.model.load_state_dict({name.removeprefix(PREFIX): value for name, value in state.items()})
    for group in parts.optimizer.param_groups:
        group["lr"] = next_rate(parts.job, previous)


def _restore_schedule(training: Training, previous: PreviousRun) -> None:
    """Counts of the schedule. Other programs save before a plateau schedule has seen the epoch's validation."""
    state = previous.schedule
    if training.parts.schedule.is_curve:
        training.parts.schedule.go_to(previous.epoch)
        return
    if (
        training.parts.schedule.go_on(state)
        and not previous.own
        and "num_bad_epochs" in state
        and state["last_epoch"] == previous.epoch - 1
        and previous.val is not None
    ):
        training.parts.schedule.step(previous.val)


def _restore_best(training: Training, previous: PreviousRun) -> None:
    is_alike = is_judged_alike(training.parts.job, previous)
    training.parts.early_stopping.go_on(previous.best, is_alike=is_alike)
    errors = previous.own.get("best_errors")
    if isinstance(errors, Mapping) and is_alike:
        training.progress.best_errors = Measured.of(errors)


def _restore_position(training: Training, previous: PreviousRun) -> None:
    """Epoch, step, and the sums of an epoch in progress. An epoch that is shorter now has no more steps than that."""
    progress = training.progress
    progress.epoch = previous.epoch
    progress.step = progress.start_step = previous.step
    progress.batch = min(previous.batch, training.parts.steps_per_epoch)
    if progress.batch and has_sums(previous):
        sums = previous.own["averages"]
        progress.averages = Averages(**_moved(sums, device=training.parts.fabric.device))
        progress.epoch_seconds = float(previous.own.get("epoch_seconds") or 0.0)


def _moved(value: Any, *, device: torch.device) -> Any:
    """The same nested dicts with tensors on the device."""
    if isinstance(value, Mapping):
        return {name: _moved(item, device=device) for name, item in value.items()}
    return value.to(device) if isinstance(value, Tensor) else value

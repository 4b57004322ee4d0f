"""The training loop: epochs of optimizer steps, each followed by validation. Everything else is a callback."""

import contextlib
import itertools
import math
import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from sleapnn_engine.config.monitors import USUAL_MONITOR, named_losses
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.protocol.counting import epoch_name, epoch_number, step_name
from sleapnn_engine.protocol.remedies import smaller_than
from sleapnn_engine.protocol.signals import Interrupted
from sleapnn_engine.training.averages import Averages
from sleapnn_engine.training.callbacks.base import Callback
from sleapnn_engine.training.failures import Diverged
from sleapnn_engine.training.inputs.batches import Example
from sleapnn_engine.training.losses import LossResult, total_loss
from sleapnn_engine.training.processes.shares import Portion, averaged, portion_of
from sleapnn_engine.training.state import BatchResult, EpochResult, Parts, Training
from sleapnn_engine.training.validation import Scores, validate

GRADIENT_EVERY = 16
"""Of so many steps of an epoch, the first has its gradient measured: reading all of it takes time too."""

#: A learning rate that most trainings bear, for Adam.


def fit(training: Training, callbacks: Sequence[Callback]) -> str:
    """Train until the last epoch, a stop, or no more progress; returns completed, stopped or early_stopped.

    Raises Diverged when a loss is not finite and Interrupted when a signal came; both between two steps, with
    the weights of the last good step in the model.
    """
    for callback in callbacks:
        callback.fit_begun(training)
    outcome = _epochs(training, callbacks)
    for callback in callbacks:
        callback.fit_ended(training, outcome)
    return outcome


def _epochs(training: Training, callbacks: Sequence[Callback]) -> str:
    parts, progress = training.parts, training.progress
    while progress.stop_after is None:
        result = run_epoch(training, callbacks)
        with training.profile("callbacks"):
            for callback in callbacks:
                callback.epoch_ended(training, result)
        check_signals(training)
        if progress.stop_after is None and parts.early_stopping.exhausted:
            return "early_stopped"
        if progress.stop_after is None and epoch_number(progress.epoch) >= parts.max_epochs:
            return "completed"
        if progress.stop_after is None:
            progress.begin_next_epoch()
    return "stopped"


def run_epoch(training: Training, callbacks: Sequence[Callback]) -> EpochResult:
    """One epoch, or what is left of it: its steps (fewer when stopped), validation, one step of the schedule."""
    parts, progress = training.parts, training.progress
    if progress.averages is None:
        progress.averages = Averages()
    averages, learning_rate = progress.averages, parts.schedule.learning_rate
    for callback in callbacks:
        callback.epoch_begun(training)
    _train_epoch(training, averages, callbacks)
    if progress.batch < parts.steps_per_epoch:
        training.hold_unfinished()
    with training.profile("validation"):
        scores = validate(training, check=lambda: check_signals(training))
    _require_finite(scores.loss, training, what="validation loss")
    score = _score(training, averages, scores)
    improved = _count(training, scores, score=score)
    seconds = progress.epoch_seconds
    return EpochResult(
        epoch=progress.epoch,
        steps=progress.batch,
        train=averages.loss,
        val=scores.loss,
        learning_rate=learning_rate,
        train_seconds=seconds,
        val_seconds=scores.seconds,
        samples_per_second=averages.samples / max(seconds, 1e-9),
        waited=min(averages.waited / max(seconds, 1e-9), 1.0),
        by_node=averages.by_node(training),
        errors=scores.errors,
        improved=improved,
        score=score,
        train_by_head=averages.by_head,
        val_by_head=scores.by_head,
        body=scores.body,
        worst=scores.worst,
        worst_by_part=scores.worst_by_part,
        swapped=scores.swapped,
        gradient=averages.gradient,
    )


def _train_epoch(training: Training, averages: Averages, callbacks: Sequence[Callback]) -> None:
    """The steps of an epoch that are not done yet, until it is over or a viewer stops it."""
    parts, progress = training.parts, training.progress
    paused, began = progress.paused_seconds, time.perf_counter() - progress.epoch_seconds
    results = _steps(training)
    if progress.step == progress.start_step and progress.batch < parts.steps_per_epoch:
        with parts.report.phase("first_batch", "Taking the first step"):
            first = next(results)
        results = itertools.chain([first], results)
    text = f"{epoch_name(progress.epoch).capitalize()} of {parts.max_epochs}"
    with parts.report.phase("train", text, total=parts.steps_per_epoch) as phase:
        for result in results:
            progress.step, progress.batch = result.step + 1, result.batch + 1
            averages.add(result)
            progress.epoch_seconds = time.perf_counter() - began - (progress.paused_seconds - paused)
            phase.done = progress.batch
            with training.profile("callbacks"):
                for callback in callbacks:
                    callback.batch_ended(training, result)
            check_signals(training)
            if progress.stop_after == "batch":
                break


def _score(training: Training, averages: Averages, scores: Scores) -> float | None:
    """The loss by which the model of this epoch may be the best, where it is not that of validation."""
    monitor = training.parts.job.trainer_config.model_ckpt.monitor
    if monitor in (None, USUAL_MONITOR):
        return None
    by_head = {"train_by_head": averages.by_head, "val_by_head": scores.by_head}
    return named_losses(averages.loss, scores.loss, **by_head)[monitor]


def _count(training: Training, scores: Scores, *, score: float | None) -> bool:
    """Take in a validation; True when it is the best so far. Only a whole epoch moves the learning rate."""
    parts, progress = training.parts, training.progress
    if progress.batch >= parts.steps_per_epoch:
        parts.schedule.step(scores.loss)
        progress.epoch_ended = True
    improved = parts.early_stopping.add(progress.epoch, scores.loss, score=score)
    if improved:
        progress.best_errors = scores.errors
    return improved


def _steps(training: Training) -> Iterator[BatchResult]:
    """The optimizer steps of one epoch that are not done yet, each made when it is asked for."""
    training.parts.model.train()
    for batch in range(training.progress.batch, training.parts.steps_per_epoch):
        yield training_step(training, batch)


def training_step(training: Training, batch_index: int) -> BatchResult:
    """One optimizer step. With several processes all take it together, and the losses are those of the whole batch."""
    parts, progress = training.parts, training.progress
    began = time.perf_counter()
    if parts.followers is not None:
        rate = parts.schedule.learning_rate
        parts.followers.announce("step", number=progress.step, learning_rate=rate)
    with training.profile("data"):
        batch = parts.batches.next_batch()
    waited = time.perf_counter() - began
    portion = portion_of(
        parts.share,
        progress.step,
        samples=parts.batches.n_train,
        batch_size=parts.batch_size,
    )
    with _together(training):
        losses = _differentiate(training, batch, portion)
        told = [losses.total.detach(), *losses.by_head.values()]
        if batch_index % GRADIENT_EVERY == 0:
            told.append(_gradient_length(parts).to(told[0]))
        # One transfer, before the optimizer's step: the only moment at which a graphics card is waited for.
        loss, *by_head = torch.stack(told).tolist()
    _require_finite(loss, training, what="training loss")
    gradient = by_head.pop() if len(by_head) > len(losses.by_head) else None
    with training.profile("optimizer"):
        parts.update()
    return BatchResult(
        epoch=progress.epoch,
        step=progress.step,
        batch=batch_index,
        samples=portion.whole,
        loss=loss,
        by_head=dict(zip(losses.by_head, by_head, strict=True)),
        by_channel=losses.by_channel,
        waited=waited,
        seconds=time.perf_counter() - began,
        gradient=gradient,
    )


def _differentiate(training: Training, batch: Example, portion: Portion) -> LossResult:
    """Gradients and losses of the whole batch; with several processes, whose gradients DDP averages, all come to it."""
    parts = training.parts
    fabric, processes = parts.fabric, parts.share.of
    with training.profile("forward"):
        outputs = parts.forward(batch.images)
        losses = total_loss(parts.losses, outputs, batch.targets, weights=batch.weights)
    with training.profile("backward"):
        parts.optimizer.zero_grad(set_to_none=True)
        weight = portion.weight(processes)
        fabric.backward(losses.total if processes == 1 else losses.total * weight)
        return losses if processes == 1 else averaged(losses, fabric, weight=weight)


def _gradient_length(parts: Parts) -> Tensor:
    """Of all weights together, after `_differentiate`, as a scalar where the gradients are."""
    given = (weight.grad for weight in parts.model.parameters())
    lengths = [torch.linalg.vector_norm(gradient) for gradient in given if gradient is not None]
    scaler = getattr(parts.fabric.strategy.precision, "scaler", None)
    length: Tensor = torch.linalg.vector_norm(torch.stack(lengths))
    return length if scaler is None else length / float(scaler.get_scale())


@contextlib.contextmanager
def _together(training: Training) -> Iterator[None]:
    """Within it, the loss of another process is told as what it is. Raises UserError."""
    try:
        yield
    # A lost process shows as a RuntimeError; so do faults of this process, which are passed on.
    except RuntimeError as error:
        followers = training.parts.followers
        if followers is not None and not isinstance(error, torch.OutOfMemoryError) and followers.has_news():
            followers.check()
        raise


def _require_finite(loss: float, training: Training, *, what: str) -> None:
    progress = training.progress
    if math.isfinite(loss):
        return
    # Of a validation, all steps of its epoch are done; the one that fails in training is not counted yet.
    name = epoch_name(progress.epoch)
    when = (
        f"after {name}"
        if what.startswith("validation")
        else f"at {step_name(progress.epoch, batch=progress.batch)}"
    )
    raise Diverged(
        f"The {what} became {loss} {when}, so training cannot go on.",
        where="trainer_config.optimizer.lr",
        hint=smaller_rate(training.parts.schedule.learning_rate),
    )


def smaller_rate(rate: float) -> str:
    """What to try where losses ran away."""
    smaller = smaller_than(rate)
    if smaller < rate / 10:
        return f"A learning rate of {plain(rate)} is very large; try {plain(smaller)}."
    return f"Try a smaller learning rate, for example {plain(smaller, figures=2)} instead of {plain(rate)}."


def check_signals(training: Training) -> None:
    """Raise Interrupted when a signal came."""
    if training.progress.interrupted:
        raise Interrupted(training.progress.interrupted)

"""What a config's learning rate and early stopping would have done, over the losses of an earlier run or of a typical one."""

import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sleapnn_engine.config.build import build_trainer
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.config.run_labels import learned_from
from sleapnn_engine.config.schema.trainer import TrainerConfig
from sleapnn_engine.inspect.labelled import label_paths
from sleapnn_engine.inspect.wanted import Cancelled, never, require_wanted
from sleapnn_engine.protocol.epoch_history import read_epochs
from sleapnn_engine.protocol.run_state import find_runs
from sleapnn_engine.training.inputs.labels import TRAIN
from sleapnn_engine.training.schedule import (
    PLATEAU_COUNTS,
    EarlyStopping,
    Schedule,
    build_optimizer,
    counts_of,
)

#: Epochs that are worked out at most; more would not be seen apart.
MOST_EPOCHS = 2000
#: A run of fewer epochs says nothing of a schedule.
FEWEST_EPOCHS = 3
#: The typical curve: from its first loss to its last along an exponential of so many epochs, with this much noise.
FIRST_LOSS, LAST_LOSS, FALLING_EPOCHS, NOISE = 4e-3, 6e-4, 14.0, 0.03


def replay(
    values: Mapping[str, Any], *, folders: Sequence[str] = (), cancelled: Cancelled = never
) -> dict[str, Any]:
    """The answer as `questions` says. Raises UserError for settings of the training that are wrong, and NotWanted."""
    trainer = build_trainer(values)
    paths = label_paths(ConfigReader(values), TRAIN)
    run, losses = _last_run(paths, folders=[Path(folder) for folder in folders], cancelled=cancelled)
    epochs = min(trainer.max_epochs, MOST_EPOCHS)
    if run is None:
        losses = typical_losses(epochs)
    body = {"run": None if run is None else run.name, "max_epochs": trainer.max_epochs}
    return body | work_out(trainer, losses[:epochs], epochs=epochs)


def work_out(trainer: TrainerConfig, losses: Sequence[float], *, epochs: int) -> dict[str, Any]:
    """Let the schedule and early stopping of a training see these validation losses, epoch by epoch.

    Where the rate does not follow the loss it is known for all `epochs`, also behind the last loss.
    """
    weight = nn.Parameter(torch.zeros(1))
    optimizer = build_optimizer(
        [weight], name=trainer.optimizer_name, settings=trainer.optimizer, device=torch.device("cpu")
    )
    schedule = Schedule(optimizer, trainer.lr_scheduler, max_epochs=trainer.max_epochs)
    stopping, stopped = EarlyStopping.from_settings(trainer.early_stopping), None
    follows_loss = counts_of(trainer.lr_scheduler) == PLATEAU_COUNTS
    rates: list[float] = []
    for epoch in range(len(losses) if follows_loss else epochs):
        rates.append(schedule.learning_rate)
        optimizer.step()  # without gradients it moves nothing; PyTorch warns of a schedule that no step came before
        loss = losses[epoch] if epoch < len(losses) else math.nan
        if epoch < len(losses):
            stopping.add(epoch, loss)
        schedule.step(loss)
        if epoch < len(losses) and stopping.exhausted:
            stopped = epoch
            break
    return {
        "val": list(losses),
        "rates": rates,
        "falls": [epoch for epoch in range(1, len(rates)) if rates[epoch] < rates[epoch - 1]],
        "best": stopping.best_epoch if stopping.best_epoch >= 0 else None,
        "stopped": stopped,
    }


def typical_losses(epochs: int) -> list[float]:
    """Validation losses as they often are: they fall fast, then hardly, and jump a little. Always the same ones."""
    noise = random.Random(0)
    return [
        (LAST_LOSS + (FIRST_LOSS - LAST_LOSS) * math.exp(-epoch / FALLING_EPOCHS))
        * (1 + noise.uniform(-NOISE, NOISE))
        for epoch in range(epochs)
    ]


def _last_run(
    labels: Sequence[str], *, folders: Sequence[Path], cancelled: Cancelled
) -> tuple[Path | None, list[float]]:
    """The newest run that learned from these labels and came far enough, with its validation losses."""
    for run in find_runs(folders) if labels else ():
        require_wanted(cancelled)
        if not learned_from(run, labels):
            continue
        losses = []
        for one in read_epochs(run):
            if one.val is None or not math.isfinite(one.val):
                break
            losses.append(one.val)
        if len(losses) >= FEWEST_EPOCHS:
            return run, losses
    return None, []

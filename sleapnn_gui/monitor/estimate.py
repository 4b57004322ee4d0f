"""How long a run will still take: to its last epoch, and to the earliest moment early stopping could end it."""

import itertools
import math
import statistics

import attrs

from sleapnn_gui.monitor.store import RunStore

RECENT_EPOCHS = 5

VALIDATION_SHARE = 0.4
"""What a validation frame costs compared with a training frame, until the first epoch has shown it: there is no
backward pass, and no augmentation."""


@attrs.frozen
class Estimate:
    """Seconds left. `plateau` counts from now to early stopping if validation never improves again."""

    to_end: float
    plateau: float | None = None


def time_left(store: RunStore) -> Estimate | None:
    """Estimate from the pace of the last epochs, validation and saving included; None before there is a pace."""
    header = store.header
    if header is None or not header.max_epochs or not store.is_training:
        return None
    epoch_seconds = _epoch_seconds(store)
    if epoch_seconds is None:
        return None
    done = min(max(store.x, float(len(store.epochs))), float(header.max_epochs))
    to_end = (header.max_epochs - done) * epoch_seconds
    plateau = None
    if header.patience is not None and store.epochs:
        best = store.best_epoch if store.best_epoch is not None else store.epochs[0].number
        # Early stopping looks at the end of each epoch and ends the run `patience` epochs after the best one.
        last = best + 1 + header.patience
        plateau = max(0.0, (last - done) * epoch_seconds)
        if last >= header.max_epochs:
            plateau = None
    return Estimate(to_end, plateau)


def epoch_left(store: RunStore) -> float | None:
    """Seconds to the end of the epoch that is in progress; None before there is a pace."""
    seconds = _epoch_seconds(store) if store.header is not None and store.is_training else None
    return None if seconds is None else (math.ceil(store.x) - store.x) * seconds


def _epoch_seconds(store: RunStore) -> float | None:
    """Seconds from one epoch's end to the next, pauses left out; before that, batches plus a guess at validation."""
    header = store.header
    assert header is not None
    spans = []
    recent = store.epochs[-RECENT_EPOCHS - 1 :]
    for before, after in itertools.pairwise(recent):
        paused = sum(
            pause.seconds or 0.0
            for pause in store.pauses
            if pause.since >= before.t and pause.since < after.t
        )
        spans.append(max(after.t - before.t - paused, 0.0) / max(1, after.number - before.number))
    if spans:
        return statistics.median(spans)
    if store.epochs:
        return store.epochs[-1].seconds
    seconds = store.batch_seconds.values[-50:]
    if not len(seconds):
        return None
    batch = float(statistics.median(seconds.tolist()))
    validation = VALIDATION_SHARE * header.n_val / max(1, header.n_train)
    return batch * header.steps_per_epoch * (1.0 + validation)


def samples_per_second(store: RunStore) -> float | None:
    """Training frames in a second: as measured in the last epoch, before that from the batches themselves."""
    if store.epochs and store.epochs[-1].samples_per_second > 0:
        return store.epochs[-1].samples_per_second
    seconds = store.batch_seconds.values[-50:]
    if store.header is None or not store.header.n_train or not len(seconds) or not seconds.sum() > 0:
        return None
    return store.header.batch_samples * len(seconds) / float(seconds.sum())

"""Measuring the model on the validation frames: loss, and how far predicted points are from labelled ones."""

import time
from collections.abc import Callable, Sequence

import attrs
import numpy as np
import torch
from torch import Tensor

from sleapnn_engine.inference.peaks import global_peaks

from .feed import labelled, to_source
from .losses import total_loss
from .state import PointErrors, Training

#: In a validation during training every map gives a point, however faint: the error then falls from the first epoch on.
ANY_VALUE = float("-inf")


@attrs.frozen
class Scores:
    """Validation of one epoch: `loss` and `by_head` are means over frames."""

    loss: float
    by_head: dict[str, float]
    errors: PointErrors | None
    seconds: float


def validate(training: Training, *, heed: Callable[[], None]) -> Scores:
    """Run all validation frames through the model; `heed` is called between batches and may raise."""
    began = time.perf_counter()
    feed, losses = training.feed, [0.0] * (1 + len(training.losses))
    predicted, truth = [], []
    training.model.eval()
    with training.report.phase(
        "validate", f"Validating epoch {training.epoch + 1}", total=feed.val_batches
    ) as phase:
        for done, batch in enumerate(feed.validation(), start=1):
            outputs = predict(training, batch.images)
            result = total_loss(training.losses, outputs, batch.targets)
            values = [result.total, *result.by_head.values()]
            losses = [a + v.item() * len(batch.images) for a, v in zip(losses, values, strict=True)]
            points, _ = peaks(training, outputs)
            predicted.append(to_source(feed.val, batch.indices, points))
            truth.append(labelled(feed.val, batch.indices))
            phase.progress(done)
            heed()
    total, *heads = (loss / feed.n_val for loss in losses)
    return Scores(
        loss=total,
        by_head=dict(zip((loss.name for loss in training.losses), heads, strict=True)),
        errors=point_errors(np.concatenate(predicted), np.concatenate(truth), nodes=feed.nodes),
        seconds=time.perf_counter() - began,
    )


def predict(training: Training, images: Tensor) -> dict[str, Tensor]:
    """The model's outputs for (B, C, H, W) images in 0..1, without gradients, in the run's precision."""
    with torch.inference_mode(), training.compute.autocast():
        return training.model(images)


def peaks(training: Training, outputs: dict[str, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """The highest place of each map: points (B, N, 2) in input pixels where targets are drawn, and values (B, N)."""
    target = training.feed.targets[0]
    points, values = global_peaks(
        outputs[target.head], stride=target.stride, threshold=ANY_VALUE, refinement="quadratic"
    )
    return points.cpu().numpy(), values.cpu().numpy()


def point_errors(predicted: np.ndarray, truth: np.ndarray, *, nodes: Sequence[str]) -> PointErrors | None:
    """Compare (F, N, 2) points in source pixels; None when no labelled point has a predicted one."""
    distances = np.linalg.norm(predicted - truth, axis=-1)
    known = distances[np.isfinite(distances)]
    if not known.size:
        return None
    median = float(np.median(known))
    body = _body_length(truth)
    columns = (column[np.isfinite(column)] for column in distances.T)
    return PointErrors(
        median_px=median,
        p90_px=float(np.percentile(known, 90)),
        percent_of_body=None if not body else 100 * median / body,
        by_node={
            node: float(np.median(c)) if c.size else None for node, c in zip(nodes, columns, strict=True)
        },
    )


def _body_length(points: np.ndarray) -> float | None:
    """Median diagonal of the boxes around each frame's visible points, in pixels; None without two points anywhere."""
    seen = np.isfinite(points).all(axis=-1)
    lengths = [
        float(np.linalg.norm(frame[here].max(axis=0) - frame[here].min(axis=0)))
        for frame, here in zip(points, seen, strict=True)
        if here.sum() > 1
    ]
    return float(np.median(lengths)) if lengths else None

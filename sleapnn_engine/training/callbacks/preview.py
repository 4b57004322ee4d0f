"""Shows what the model sees: a few fixed frames after each epoch, to viewers and as pictures."""

import contextlib
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch

from sleapnn_engine.data.augment import to_float
from sleapnn_engine.data.frames import FrameStore

from ..drawing import draw_prediction, save_picture
from ..state import EpochResult, Training
from ..validation import peaks, predict
from .base import Callback

VALIDATION_FRAMES = 6
#: Frames of one epoch take at most about this much; with very large maps fewer are shown.
MOST_BYTES = 48_000_000


@attrs.frozen(kw_only=True)
class Shown:
    """One frame: `image` uint8 (H, W, C), `maps` float32 (nodes, h, w), points (nodes, 2) in its pixels."""

    split: str
    index: int
    image: np.ndarray
    maps: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray
    scale: float
    error_px: float | None


class Preview(Callback):
    """After each epoch: a `frame` event for each pinned frame, and with a folder one PNG of each part.

    Costs one prediction of up to seven images an epoch, and a few hundredths of a second for the pictures.
    """

    def __init__(self, pictures: Path | None, *, keep: bool) -> None:
        self._pictures = pictures
        self._keep = keep
        self._drawn: list[Path] = []

    def epoch_ended(self, training: Training, result: EpochResult) -> None:
        feed = training.feed
        most = max(MOST_BYTES // _frame_bytes(training), 2)
        pinned = [("train", feed.train, 0)]
        pinned += [("validation", feed.val, i) for i in spread(feed.n_val, min(VALIDATION_FRAMES, most - 1))]
        seen: set[str] = set()
        for split, store, index in pinned:
            shown = look(training, store, split=split, index=index)
            send(training, store, shown, epoch=result.epoch)
            if self._pictures is not None and split not in seen:
                self._draw(training, shown, epoch=result.epoch)
            seen.add(split)

    def fit_ended(self, training: Training, outcome: str) -> None:
        """Without `keep`, remove the pictures this run drew, and their folder when nothing else is in it."""
        if self._pictures is None or self._keep:
            return
        for path in self._drawn:
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: somebody else's files stay
            self._pictures.rmdir()

    def _draw(self, training: Training, shown: Shown, *, epoch: int) -> None:
        assert self._pictures is not None
        self._pictures.mkdir(exist_ok=True)
        picture = draw_prediction(
            shown.image,
            shown.maps,
            truth=shown.truth,
            predicted=shown.predicted,
            nodes=training.feed.nodes,
            stride=training.feed.targets[0].stride,
        )
        path = self._pictures / f"{shown.split}.{epoch:04d}.png"
        save_picture(picture, path)
        self._drawn.append(path)


def spread(count: int, wanted: int) -> list[int]:
    """Up to `wanted` indices below `count`, evenly spread, the first one included."""
    return sorted({i * count // wanted for i in range(wanted)}) if count else []


def look(training: Training, store: FrameStore, *, split: str, index: int) -> Shown:
    """Predict one frame as it is, without augmentation."""
    where = torch.tensor([index])
    batch = store.batch(where).to(training.compute.device)
    training.model.eval()
    outputs = predict(training, to_float(batch.images))
    points, values = peaks(training, outputs)
    sizing = store.sizings[index]
    truth = store.points[index, 0].numpy()
    distances = np.linalg.norm(sizing.to_source(points[0]) - store.labels.frames[index].points[0], axis=-1)
    return Shown(
        split=split,
        index=index,
        image=batch.images[0].permute(1, 2, 0).cpu().numpy(),
        maps=outputs[training.feed.targets[0].head][0].float().cpu().numpy(),
        truth=truth,
        predicted=points[0] - sizing.target_shift,
        scores=values[0],
        scale=float(1 / sizing.ratio[0]),
        error_px=float(np.nanmean(distances)) if np.isfinite(distances).any() else None,
    )


def send(training: Training, store: FrameStore, shown: Shown, *, epoch: int) -> None:
    """Publish one frame; it is not kept in the journal."""
    frame = store.labels.frames[shown.index]
    training.report.event(
        "frame",
        arrays={"image": shown.image, "confmaps": shown.maps.astype(np.float16)},
        epoch=epoch,
        split=shown.split,
        index=shown.index,
        labels_file=str(store.labels.files[frame.file_index]),
        video=store.labels.videos[frame.video_index].path,
        frame=int(frame.frame_index),
        scale=shown.scale,
        truth=[_plain_points(shown.truth)],
        predicted=[_plain_points(shown.predicted)],
        scores=[[float(score) for score in shown.scores]],
        error_px=shown.error_px,
        stride=training.feed.targets[0].stride,
    )


def _plain_points(points: np.ndarray) -> list[Any]:
    return [[float(x), float(y)] if np.isfinite(x) and np.isfinite(y) else None for x, y in points]


def _frame_bytes(training: Training) -> int:
    plan, target = training.feed.val.plan, training.feed.targets[0]
    cells = -(-plan.height // target.stride) * -(-plan.width // target.stride)
    return plan.height * plan.width * plan.channels + 2 * cells * len(training.feed.nodes)

"""From frame stores to what the network eats: augmented images and targets, on the training device."""

from collections.abc import Iterator, Sequence

import attrs
import numpy as np
import torch
from torch import Tensor

from sleapnn_engine.data.augment import Augmenter, to_float
from sleapnn_engine.data.frames import Batch, FrameStore
from sleapnn_engine.data.loader import TrainBatches, validation_batches
from sleapnn_engine.data.targets import confidence_maps


@attrs.frozen(eq=False)
class Example:
    """A batch for one step: `images` float32 (B, C, H, W) in 0..1, `targets` {head name: (B, channels, h, w)}.

    `indices` int64 (B,) are places in the store.
    """

    images: Tensor
    targets: dict[str, Tensor]
    indices: Tensor


@attrs.frozen(kw_only=True)
class MapTarget:
    """How the target of a confidence-map head is drawn; `sigma` is in cells of the map."""

    head: str
    stride: int
    sigma: float

    def draw(self, points: Tensor, *, height: int, width: int) -> Tensor:
        """(B, animals, nodes, 2) input pixels -> (B, nodes, h, w)."""
        return confidence_maps(points, height=height, width=width, stride=self.stride, sigma=self.sigma)


class Feed:
    """Hands out training examples without end, and the validation frames once per epoch.

    Only training images are augmented, on `device`. Both stores show the same nodes.
    """

    def __init__(
        self,
        train: FrameStore,
        val: FrameStore,
        *,
        batches: TrainBatches,
        val_batch_size: int,
        val_workers: int,
        targets: Sequence[MapTarget],
        augment: Augmenter | None,
        device: torch.device,
    ) -> None:
        self.train, self.val = train, val
        self.targets = tuple(targets)
        self._batches = batches
        self._stream = self._endless()
        self._val_batch_size = max(min(val_batch_size, len(val)), 1)
        self._val_workers = val_workers
        self._augment = augment
        self._device = device

    @property
    def nodes(self) -> tuple[str, ...]:
        return self.train.labels.nodes

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        return self.train.labels.edges

    @property
    def n_train(self) -> int:
        return len(self.train)

    @property
    def n_val(self) -> int:
        return len(self.val)

    @property
    def val_batches(self) -> int:
        """Batches in one validation."""
        return -(-len(self.val) // self._val_batch_size)

    def next_batch(self) -> Example:
        """The next training batch, augmented."""
        batch = next(self._stream).to(self._device, non_blocking=True)
        if self._augment is None:
            return self._example(batch, to_float(batch.images), batch.points)
        return self._example(batch, *self._augment(batch.images, batch.points))

    def validation(self) -> Iterator[Example]:
        """All validation frames in their order, as they are."""
        for batch in validation_batches(self.val, batch_size=self._val_batch_size, workers=self._val_workers):
            moved = batch.to(self._device, non_blocking=True)
            yield self._example(moved, to_float(moved.images), moved.points)

    def close(self) -> None:
        """Stop reading ahead and release videos."""
        self._batches.close()
        self.train.close()
        self.val.close()
        self.train.labels.close()
        self.val.labels.close()

    def _endless(self) -> Iterator[Batch]:
        while True:
            yield from self._batches.epoch()

    def _example(self, batch: Batch, images: Tensor, points: Tensor) -> Example:
        height, width = images.shape[-2:]
        placed = batch.target_points(points)
        targets = {target.head: target.draw(placed, height=height, width=width) for target in self.targets}
        return Example(images.contiguous(memory_format=torch.channels_last), targets, batch.indices)


def to_source(store: FrameStore, indices: Tensor, points: np.ndarray) -> np.ndarray:
    """Predicted points (B, N, 2) in input pixels of the frames at `indices` -> the same in source-image pixels."""
    mapped = [store.sizings[i].to_source(points[row]) for row, i in enumerate(indices.tolist())]
    return np.stack(mapped) if mapped else np.zeros_like(points)


def labelled(store: FrameStore, indices: Tensor) -> np.ndarray:
    """Labelled points (B, N, 2) of the only animal on each frame, in source-image pixels, NaN where not visible."""
    return np.stack([store.labels.frames[i].points[0] for i in indices.tolist()])

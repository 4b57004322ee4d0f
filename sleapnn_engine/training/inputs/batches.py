"""From samples to what the network eats: augmented images and targets, on the training device."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import accumulate

import attrs
import torch
from torch import Tensor

from sleapnn_engine.data.augment import Augmenter
from sleapnn_engine.data.frames import Batch
from sleapnn_engine.data.loader import TrainBatches, validation_batches
from sleapnn_engine.data.samples import FrameSamples, network_input
from sleapnn_engine.heads.kind import Target


@attrs.frozen(eq=False)
class Example:
    """A batch for one step: `images` float32 (B, C, H, W) in 0..1, `targets` {head name: what it should put out}.

    `indices` int64 (B,) are places in the samples. `points` (B, animals, nodes, 2) are at their exact place on the
    images, in pixels, and `shifts` (B, 2) from there to where targets are drawn. `weights` float32 (B,) say how much
    each sample counts in the loss, None where all count alike.
    """

    images: Tensor
    targets: dict[str, Tensor]
    indices: Tensor
    points: Tensor
    shifts: Tensor
    weights: Tensor | None = None

    def split(self, sizes: Sequence[int]) -> list["Example"]:
        """The batches, of so many samples each, that this one was made of; they share its memory."""
        if len(sizes) == 1:
            return [self]
        ends = accumulate(sizes)
        places = [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]
        return [
            Example(
                images=self.images[place],
                targets={head: target[place] for head, target in self.targets.items()},
                indices=self.indices[place],
                points=self.points[place],
                shifts=self.shifts[place],
                weights=None if self.weights is None else self.weights[place],
            )
            for place in places
        ]


def make_example(
    batch: Batch,
    samples: FrameSamples,
    *,
    targets: Sequence[Target],
    augment: Augmenter | None = None,
    moves: Tensor | None = None,
) -> Example:
    """Network input from a batch of samples, changed at random where there is an augmenter, with what belongs to it.

    `moves` are what the augmenter has drawn for it, where it was asked beforehand.
    """
    if augment is None:
        images, points = network_input(samples, batch)
    else:
        images, points = augment(
            batch.images, batch.points, margin=samples.margin, pictures=batch.pictures, moves=moves
        )
        images, points = samples.finish(images, points)
        images = images.contiguous(memory_format=torch.channels_last)
    height, width = images.shape[-2:]
    placed = batch.target_points(points)
    drawn = {target.head: target.draw(placed, batch.tracks, height=height, width=width) for target in targets}
    return Example(images, drawn, batch.indices, points, batch.shifts)


class Batches:
    """Hands out training examples without end, and the validation samples once per epoch.

    Only training images are augmented, on `device`. Both parts show the same nodes. `weights` are those of all training
    samples, None where they count alike. Batches that are read as one are made as one: of small images each call takes
    longer than its work. Nobody can tell from what is handed out, nor from `random_state`.
    """

    def __init__(
        self,
        train: FrameSamples,
        val: FrameSamples,
        *,
        batches: TrainBatches,
        val_batch_size: int,
        val_workers: int,
        targets: Sequence[Target],
        augment: Augmenter | None,
        device: torch.device,
        weights: Tensor | None = None,
    ) -> None:
        self.train, self.val = train, val
        self.targets = tuple(targets)
        self._batches = batches
        self._read: Batch | None = None
        self._sizes: deque[int] = deque()  # of the batches at its end that are not handed out yet
        self._made: deque[Example] = deque()
        # Those of the random changes after each batch that is made, and after the last one that was handed out.
        self._states: deque[Tensor] = deque()
        self._state: Tensor | None = None
        self._val_batch_size = max(min(val_batch_size, len(val)), 1)
        self._val_workers = val_workers
        self._augment, self._weights = augment, weights
        self._device = device

    @property
    def nodes(self) -> tuple[str, ...]:
        return self.train.nodes

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Limbs between nodes of the samples; none where a sample shows no nodes."""
        return tuple(edge for edge in self.train.store.labels.edges if set(edge) <= set(self.nodes))

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
        if not self._made:
            self._make()
        self._sizes.popleft()
        self._state = self._states.popleft() if self._states else None
        return self._made.popleft()

    def validation(self) -> Iterator[Example]:
        """All validation samples in their order, as they are."""
        for batch in validation_batches(self.val, batch_size=self._val_batch_size, workers=self._val_workers):
            yield self.unchanged(batch.to(self._device, non_blocking=True), self.val)

    def sample(self, samples: FrameSamples, index: int) -> Example:
        """One sample of either part as it is."""
        return self.unchanged(samples.batch(torch.tensor([index])).to(self._device), samples)

    def unchanged(self, batch: Batch, samples: FrameSamples) -> Example:
        """A batch on the training device as it is, with targets."""
        return make_example(batch, samples, targets=self.targets)

    def random_state(self) -> dict[str, Tensor]:
        """The state of the random changes of training images; empty without augmentation."""
        if self._augment is None:
            return {}
        return {"augmentation": self._augment.generator.get_state() if self._state is None else self._state}

    def set_random_state(self, state: dict[str, Tensor]) -> None:
        """Go on with the random changes of training images where `random_state` was taken."""
        if self._augment is not None and "augmentation" in state:
            self._augment.generator.set_state(state["augmentation"])
            self._made.clear()
            self._states.clear()
            self._state = None

    def close(self) -> None:
        """Stop reading ahead and release videos."""
        self._batches.close()
        self.train.close()
        self.val.close()

    def _make(self) -> None:
        """Make what is read and not handed out yet; where that is nothing, what comes next."""
        if not self._sizes:
            self._read, sizes = next(self._batches)
            self._sizes.extend(sizes)
        assert self._read is not None
        batch = self._read.rest(len(self._read) - sum(self._sizes)).to(self._device, non_blocking=True)
        moves = self._draw_moves() if len(self._sizes) > 1 else None
        example = make_example(batch, self.train, targets=self.targets, augment=self._augment, moves=moves)
        if self._weights is not None:
            example = attrs.evolve(example, weights=self._weights[batch.indices].to(self._device))
        self._made.extend(example.split(list(self._sizes)))

    def _draw_moves(self) -> Tensor | None:
        """What is drawn batch by batch for those that are made as one, None without augmentation."""
        if self._augment is None:
            return None
        drawn = []
        for size in self._sizes:
            drawn.append(self._augment.draw_moves(size))
            self._states.append(self._augment.generator.get_state())
        return torch.cat(drawn, dim=1)

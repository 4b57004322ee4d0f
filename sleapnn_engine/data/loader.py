"""Batches in a reproducible order, read ahead by threads (video readers cannot move to other processes)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import attrs
import torch

from sleapnn_engine.data.frames import Batch

_AHEAD = 2

Order = TypeVar("Order")
Made = TypeVar("Made")


@attrs.frozen
class Share:
    """Which part of every batch is one process's: part `rank` of `of`, whose sizes differ by one sample at most."""

    rank: int = 0
    of: int = 1

    def size(self, batch: int) -> int:
        """How many samples of a batch are this process's."""
        return batch // self.of + (self.rank < batch % self.of)

    def select(self, batch: torch.Tensor) -> torch.Tensor:
        """This process's part of indices (B,); one that is left without samples takes the first as a stand-in."""
        if self.of == 1:
            return batch
        part = batch.tensor_split(self.of)[self.rank]
        return part if len(part) else batch[:1]


#: A process that takes whole batches.
ALONE = Share()


def samples_of_step(step: int, *, samples: int, batch_size: int) -> int:
    """Size of the batch of `step`, counted from the start of training, where `TrainBatches` takes from `samples`."""
    size = min(batch_size, samples)
    per_pass = math.ceil(samples / size)
    return size if (step + 1) % per_pass else samples - (per_pass - 1) * size


class BatchSource(Protocol):
    """What batches are taken from: the frames of a store, or samples of them."""

    def __len__(self) -> int: ...

    def batch(self, indices: torch.Tensor) -> Batch:
        """What is at `indices`, int64 (B,); several threads may ask at once."""
        ...


class ReadAhead(Generic[Order, Made]):
    """Delivers what `make` makes of a stream of orders, in its order, while threads make the next ones.

    No more than `workers` + 2 are under way or wait to be taken, and no further orders are drawn: memory is bounded
    however long the stream is. Without workers each is made when it is asked for. What `make` raises is raised when
    its turn comes.
    """

    def __init__(self, make: Callable[[Order], Made], orders: Iterator[Order], *, workers: int) -> None:
        self._make = make
        self._orders = orders
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="frames") if workers > 0 else None
        self._depth = workers + _AHEAD
        self._pending: deque[Future[Made]] = deque()

    def __iter__(self) -> Iterator[Made]:
        return self

    def __next__(self) -> Made:
        if self._pool is None:
            return self._make(next(self._orders))
        while len(self._pending) < self._depth:
            order = next(self._orders, None)
            if order is None:
                break
            self._pending.append(self._pool.submit(self._make, order))
        if not self._pending:
            raise StopIteration
        return self._pending.popleft().result()

    def close(self) -> None:
        """Stop reading ahead and wait for the threads."""
        self._pending.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


class TrainBatches:
    """Training batches without end: pass after pass over all frames, each pass in an order of its own.

    The order of pass p depends only on the seed and p, and `start_step` counts batches from the beginning of training,
    so a resumed run sees exactly the batches that it would have seen. The last batch of a pass may be smaller;
    `batch_size` is lowered to the number of frames. Of every batch only the `share` of this process is read.

    Each turn gives `together` batches, read as one, and how many samples each of them has. `workers` threads read ahead
    (0: read when asked). Use as a context manager, or call `close`.
    """

    def __init__(
        self,
        source: BatchSource,
        *,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        start_step: int = 0,
        workers: int = 1,
        share: Share = ALONE,
        together: int = 1,
    ) -> None:
        if not len(source):
            raise ValueError("there are no frames to train on")
        self.batch_size = min(batch_size, len(source))
        self.batches_per_pass = math.ceil(len(source) / self.batch_size)
        self._count = len(source)
        self._seed, self._shuffle, self._share = seed, shuffle, share
        orders = self._orders(start_step)
        groups = ([next(orders) for _ in range(together)] for _ in count())
        self._stream = ReadAhead(partial(_read, source), groups, workers=workers)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[Batch, list[int]]:
        return next(self._stream)

    def order(self, number: int) -> torch.Tensor:
        """Return the order of frames in pass `number`, int64 (frames,)."""
        if not self._shuffle:
            return torch.arange(self._count)
        # A large odd factor keeps neighbouring seeds and passes from sharing streams.
        generator = torch.Generator().manual_seed((self._seed * 1_000_003 + number) % 2**63)
        return torch.randperm(self._count, generator=generator)

    def close(self) -> None:
        """Stop the threads."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _orders(self, start: int) -> Iterator[torch.Tensor]:
        number, skip = divmod(start, self.batches_per_pass)
        while True:
            for batch in self.order(number).split(self.batch_size)[skip:]:
                yield self._share.select(batch)
            number, skip = number + 1, 0


def _read(source: BatchSource, orders: list[torch.Tensor]) -> tuple[Batch, list[int]]:
    return source.batch(torch.cat(orders)), [len(order) for order in orders]


def validation_batches(source: BatchSource, *, batch_size: int, workers: int = 1) -> Iterator[Batch]:
    """Yield everything in `source` once, in their order; the last batch may be smaller."""
    batches = torch.arange(len(source)).split(max(min(batch_size, len(source)), 1))
    stream = ReadAhead(source.batch, iter(batches if len(source) else ()), workers=workers)
    try:
        yield from stream
    finally:
        stream.close()

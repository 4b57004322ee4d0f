"""Millions of numbers kept so that any stretch of them can be drawn with a few hundred: a min-max pyramid."""

import math

import numpy as np

FACTOR = 4
"""How many values of one level make one of the next."""

_WILD, _AROUND = 10.0, 31
"""More than so many times the median of so many values around is a spike."""


class Column:
    """A numpy array that grows at its end at a steady cost."""

    def __init__(self, dtype: type = np.float64, *, capacity: int = 1024) -> None:
        self._data: np.ndarray = np.empty(capacity, dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def extend(self, values: np.ndarray | list[float] | list[int]) -> None:
        """Append values, in order."""
        needed = self._size + len(values)
        if needed > len(self._data):
            grown = np.empty(max(needed, 2 * len(self._data)), self._data.dtype)
            grown[: self._size] = self._data[: self._size]
            self._data = grown
        self._data[self._size : needed] = values
        self._size = needed

    def append(self, value: float) -> None:
        """Append one value."""
        self.extend([value])

    @property
    def values(self) -> np.ndarray:
        """All values, as a view; do not keep it across an `extend`."""
        return self._data[: self._size]


class _Level:
    """Blocks of FACTOR**k values: smallest, largest, sum and count of the finite ones."""

    def __init__(self) -> None:
        self.low = Column(np.float32)
        self.high = Column(np.float32)
        self.total = Column(np.float64)
        self.count = Column(np.int64)

    def __len__(self) -> int:
        return len(self.low)


class Series:
    """y over an x that never falls, appended in pieces, read back thinned.

    Values that are not finite are kept as NaN: they leave gaps and take no part in extremes or means.
    """

    def __init__(self) -> None:
        self.x = Column()
        self.y = Column(np.float32)
        self._levels: list[_Level] = []

    def __len__(self) -> int:
        return len(self.y)

    def extend(self, x: np.ndarray, y: np.ndarray) -> None:
        """Append points; costs the same per point however many there are."""
        self.x.extend(x)
        self.y.extend(np.where(np.isfinite(y), y, np.nan))
        self._build_up()

    def envelope(self, x_from: float, x_to: float, *, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Points to draw between two x values, at most about `most`: each block's smallest and largest value.

        With few enough points these are the points themselves.
        """
        start, stop = self._span(x_from, x_to)
        depth = self._depth(stop - start, most // 2)
        if depth == 0:
            return self.x.values[start:stop].copy(), self.y.values[start:stop].astype(np.float64)
        size, first, (low, high, _, _) = self._blocks(depth, start, stop)
        starts = (first + np.arange(len(low))) * size
        left = self.x.values[np.minimum(starts, len(self) - 1)]
        x = np.repeat(left, 2)
        y = np.empty(2 * len(low))
        y[0::2], y[1::2] = low, high
        return x, y

    def smoothed(self, weight: float, *, most: int = 4096) -> tuple[np.ndarray, np.ndarray]:
        """An average in which each value keeps `weight` of the past, without trailing, read at no more than `most` points.

        The start is not pulled towards zero. A long series is averaged from the means of its blocks.
        """
        count = len(self)
        depth = self._depth(count, most)
        if depth == 0:
            x, y = self.x.values.copy(), self.y.values.astype(np.float64)
            return x, _unbiased_average(_tamed(y), weight)
        size, _, (_, _, total, seen) = self._blocks(depth, 0, count)
        ends = np.minimum((np.arange(len(total)) + 1) * size, count) - 1
        mean = np.divide(total, seen, out=np.full(len(total), np.nan), where=seen > 0)
        return self.x.values[ends], _unbiased_average(_tamed(mean), weight**size)

    def mean_between(self, x_from: float, x_to: float) -> float:
        """The mean of the finite values in a stretch; NaN when there are none."""
        start, stop = self._span(x_from, x_to)
        values = self.y.values[start:stop]
        finite = values[np.isfinite(values)]
        return float(finite.mean()) if len(finite) else math.nan

    def _span(self, x_from: float, x_to: float) -> tuple[int, int]:
        """Indices of the stretch, with one point more on either side so that lines leave the picture."""
        x = self.x.values
        start = max(0, int(np.searchsorted(x, x_from)) - 1)
        return start, min(len(x), int(np.searchsorted(x, x_to, side="right")) + 1)

    @staticmethod
    def _depth(count: int, most: int) -> int:
        depth = 0
        while count > most:
            count //= FACTOR
            depth += 1
        return depth

    def _build_up(self) -> None:
        depth = 0
        while True:
            below = len(self.y) if depth == 0 else len(self._levels[depth - 1])
            done = len(self._levels[depth]) if depth < len(self._levels) else 0
            ready = below // FACTOR
            if ready <= done:
                return
            if depth == len(self._levels):
                self._levels.append(_Level())
            low, high, total, count = self._read(depth, done * FACTOR, ready * FACTOR)
            level = self._levels[depth]
            level.low.extend(np.fmin.reduce(low.reshape(-1, FACTOR), axis=1))
            level.high.extend(np.fmax.reduce(high.reshape(-1, FACTOR), axis=1))
            level.total.extend(total.reshape(-1, FACTOR).sum(axis=1))
            level.count.extend(count.reshape(-1, FACTOR).sum(axis=1))
            depth += 1

    def _read(self, depth: int, start: int, stop: int) -> tuple[np.ndarray, ...]:
        """Low, high, sum and count of the blocks of a depth; depth 0 are the values themselves."""
        if depth == 0:
            values = self.y.values[start:stop]
            finite = np.isfinite(values)
            return values, values, np.where(finite, values, 0.0).astype(np.float64), finite.astype(np.int64)
        level = self._levels[depth - 1]
        columns = (level.low, level.high, level.total, level.count)
        return tuple(column.values[start:stop] for column in columns)

    def _blocks(self, depth: int, start: int, stop: int) -> tuple[int, int, tuple[np.ndarray, ...]]:
        """Block size, first block, and (low, high, sum, count) of the blocks that touch values start..stop.

        The values after the last whole block make one block of their own.
        """
        size = FACTOR**depth
        whole = len(self._levels[depth - 1]) if depth <= len(self._levels) else 0
        first = min(start // size, whole)
        parts = self._read(depth, first, min(-(-stop // size), whole)) if whole else (np.empty(0),) * 4
        if stop <= whole * size:
            return size, first, parts
        low, high, total, count = self._read(0, whole * size, len(self))
        rest = (np.fmin.reduce(low), np.fmax.reduce(high), total.sum(), count.sum())
        return size, first, tuple(np.append(part, value) for part, value in zip(parts, rest))


def _tamed(values: np.ndarray) -> np.ndarray:
    """Values of which none is more than so many times what is usual around it: an average would remember it for long."""
    if len(values) < _AROUND or not np.nanmax(values, initial=0.0) > _WILD * np.nanmedian(values):
        return values
    known = np.where(np.isfinite(values), values, np.nanmedian(values))
    padded = np.pad(known, _AROUND // 2, mode="reflect")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, _AROUND), axis=1)
    return np.where(values > _WILD * usual, _WILD * usual, values)


def _unbiased_average(values: np.ndarray, weight: float) -> np.ndarray:
    """An exponential average that does not trail: what comes after a value counts as what was before it.

    Each place has as much of the average from the right as balances how far that from the left looks back, at the
    start nearly none. Towards the end, where little is known of what comes, that from the left goes on as it fell.
    """
    if weight < 1e-3 or len(values) < 3:
        return _exponential_average(values, weight)
    before = _exponential_average(values, weight)
    after = _exponential_average(values[::-1], weight)[::-1]
    back = _mean_age(len(values), weight)
    ahead = back[::-1]
    share = back / np.maximum(back + ahead, 1e-12)
    known = np.minimum(1.0, 2.0 * ahead / back.max())
    middle = (1.0 - share) * before + share * after
    return np.where(
        np.isfinite(before), known * middle + (1.0 - known) * _gone_on(values, before, weight), np.nan
    )


def _gone_on(values: np.ndarray, before: np.ndarray, weight: float) -> np.ndarray:
    """An average without its lag, from what was before alone: it may leave the average, not the latest values."""
    reach = min(len(values), 4 + int(8.0 / (1.0 - weight)))
    ahead = 2.0 * before[-reach:] - _exponential_average(before[-reach:], weight)
    latest = values[-reach:][np.isfinite(values[-reach:])]
    if len(latest):
        ahead = np.clip(ahead, latest.min(), latest.max())
    return np.concatenate([before[:-reach], ahead])


def _mean_age(count: int, weight: float) -> np.ndarray:
    """How far the average of each of so many values looks back on the whole, in values; 0 for the first."""
    seen = np.arange(1.0, count + 1.0)
    kept = weight**seen
    return np.maximum(0.0, weight / (1.0 - weight) - seen * kept / (1.0 - kept))


def _exponential_average(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential average without the pull of an empty start; values that are NaN leave it as it was."""
    averaged = np.empty(len(values))
    mean = norm = 0.0
    gain = 1.0 - weight
    for index, value in enumerate(values.tolist()):
        if value == value:  # not NaN
            mean = weight * mean + gain * value
            norm = weight * norm + gain
        averaged[index] = mean / norm if norm else math.nan
    return averaged

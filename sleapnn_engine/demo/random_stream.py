"""Seeded chance that gives the same numbers on every machine and with every numpy."""

import zlib
from typing import TypeVar

import numpy as np

# The three constants of Steele, Lea & Flood's SplitMix64 (2014), a public counter-based generator.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)

Share = TypeVar("Share", np.ndarray, np.float64)


def _mix(words: np.ndarray) -> np.ndarray:
    """Scramble 64-bit words; integer arithmetic only, so it cannot differ between processors."""
    words = (words ^ (words >> np.uint64(30))) * _MIX_A
    words = (words ^ (words >> np.uint64(27))) * _MIX_B
    mixed: np.ndarray = words ^ (words >> np.uint64(31))
    return mixed


class RandomStream:
    """A stream of numbers named by its key; streams of other keys and of `child` are independent of it."""

    def __init__(self, *key: int | str) -> None:
        """Start the stream named by `key`, any mix of whole numbers and words."""
        state = np.zeros(1, np.uint64)
        for part in key:
            number = zlib.crc32(part.encode()) if isinstance(part, str) else part % (1 << 64)
            state = _mix(state + _STEP + np.array([number], np.uint64))
        self._state = state
        self._drawn = 0

    def child(self, *key: int | str) -> "RandomStream":
        """An independent stream below this one."""
        return RandomStream(int(self._state[0]), *key)

    def words(self, count: int) -> np.ndarray:
        """The next `count` 64-bit words, shape (count,), uint64."""
        places = np.arange(self._drawn + 1, self._drawn + count + 1, dtype=np.uint64)
        self._drawn += count
        return _mix(self._state + _STEP * places)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """One number in [low, high)."""
        return low + (high - low) * float(self.uniforms(1)[0])

    def uniforms(self, *shape: int) -> np.ndarray:
        """Numbers in [0, 1), float64 of the given shape."""
        count = int(np.prod(shape))
        return ((self.words(count) >> np.uint64(11)) * 2.0**-53).reshape(shape)

    def normals(self, *shape: int) -> np.ndarray:
        """Nearly normal numbers (mean 0, deviation 1, never beyond 3.5), float64 of the given shape.

        Four 16-bit uniforms are summed: no logarithm or cosine, whose last bit differs between libraries.
        """
        words = self.words(int(np.prod(shape)))
        total = sum((words >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48))
        values: np.ndarray = (total / 65535.0 - 2.0) * np.sqrt(3.0)
        return values.reshape(shape)


class Grain:
    """Smooth random values over a plane: random heights on a lattice, blended between the lattice points."""

    def __init__(self, rng: RandomStream, *, size: int = 64) -> None:
        """Draw a lattice of `size` x `size` values in -1..1; it repeats beyond its edge."""
        self._lattice = rng.uniforms(size, size) * 2.0 - 1.0
        self._size = size

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Values in -1..1 at lattice coordinates `x`, `y` (same shapes, any real numbers)."""
        column, row = np.floor(x), np.floor(y)
        across, down = _ease(x - column), _ease(y - row)
        left, top = column.astype(np.int64) % self._size, row.astype(np.int64) % self._size
        right, bottom = (left + 1) % self._size, (top + 1) % self._size
        upper = self._lattice[top, left] * (1 - across) + self._lattice[top, right] * across
        lower = self._lattice[bottom, left] * (1 - across) + self._lattice[bottom, right] * across
        values: np.ndarray = upper * (1 - down) + lower * down
        return values


class Drift:
    """A number that wanders smoothly over time, between -1 and 1."""

    def __init__(self, rng: RandomStream, *, period: float) -> None:
        """Draw the wander; it takes a new direction about every `period` time units."""
        self._heights = rng.uniforms(256) * 2.0 - 1.0
        self._period = period

    def at(self, time: float) -> float:
        """The value at `time`; continuous, with a continuous slope."""
        place = time / self._period
        index = int(np.floor(place))
        share = float(_ease(np.float64(place - index)))
        return float(self._heights[index % 256] * (1 - share) + self._heights[(index + 1) % 256] * share)


def _ease(share: Share) -> Share:
    """Blend weight 0..1 with flat ends."""
    eased: Share = share * share * (3.0 - 2.0 * share)
    return eased

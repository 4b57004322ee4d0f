"""How animals move: smooth walks inside the picture, as postures frame by frame."""

from collections.abc import Iterator

import attrs
import numpy as np

from sleapnn_engine.demo.random_stream import Drift, RandomStream


@attrs.frozen
class Posture:
    """Where an animal is and how it is bent, in one frame."""

    x: float
    y: float
    heading: float
    """Direction of the trunk in radians, 0 to the right, growing clockwise on the screen."""
    turn: float = 0.0
    """Change of heading in the last step, radians."""
    bend: float = 0.0
    """How far the body curls into its turn, radians over its length."""
    look: float = 0.0
    """How far the head is turned on the neck, radians."""
    lag: float = 0.0
    """Curl that is still in the tail from earlier turns, radians."""
    walked: float = 0.0
    """Way covered so far, pixels; drives the gait."""
    sway: float = 0.0
    """Slow side-to-side phase of the tail or antennae, radians."""


class Walker:
    """One animal wandering about: it turns away from walls and neighbours, and slows when it faces one."""

    def __init__(
        self, rng: RandomStream, *, size: tuple[int, int], length: float, start: tuple[float, float]
    ) -> None:
        """Place the animal at `start`; the picture is (height, width), the body `length` pixels long."""
        self._size = size
        self._length = length
        self._turn = Drift(rng.child("turn"), period=9.0)
        self._pace = Drift(rng.child("pace"), period=11.0)
        self._look = Drift(rng.child("look"), period=6.0)
        self._frame = 0
        self.posture = Posture(start[0], start[1], rng.uniform(0.0, 2 * np.pi), sway=rng.uniform(0.0, 6.0))

    def step(self, others: list[Posture]) -> Posture:
        """Move on by one frame and return the new posture."""
        now, length = self.posture, self._length
        away, press = self._push(others)
        off = np.arctan2(np.sin(away - now.heading), np.cos(away - now.heading))
        wish = 0.16 * self._turn.at(self._frame) * (1 - press) + press * np.clip(off, -1.0, 1.0) * 0.32
        turn = now.turn + 0.5 * (wish - now.turn)
        pace = length * (0.075 + 0.05 * self._pace.at(self._frame))
        # An animal that faces a wall turns on the spot before it walks on.
        pace *= 1.0 - press * (0.5 - 0.5 * np.cos(off))
        heading = now.heading + turn
        self._frame += 1
        moved = attrs.evolve(
            now,
            x=now.x + pace * np.cos(heading),
            y=now.y + pace * np.sin(heading),
            heading=heading,
            turn=turn,
            bend=now.bend + 0.35 * (2.4 * turn - now.bend),
            look=0.45 * self._look.at(self._frame) + 0.9 * turn,
            lag=now.lag + 0.14 * (5.0 * turn - now.lag),
            walked=now.walked + pace,
            sway=now.sway + 0.22 + 0.25 * pace / length,
        )
        self.posture = _settle(moved)
        return self.posture

    def _push(self, others: list[Posture]) -> tuple[float, float]:
        """The direction away from walls and neighbours, and how urgent it is, 0..1."""
        height, width = self._size
        now, room = self.posture, 1.1 * self._length
        x = now.x + 0.25 * self._length * np.cos(now.heading)
        y = now.y + 0.25 * self._length * np.sin(now.heading)
        pull_x = max(0.0, 1 - x / room) - max(0.0, 1 - (width - 1 - x) / room)
        pull_y = max(0.0, 1 - y / room) - max(0.0, 1 - (height - 1 - y) / room)
        for other in others:
            gap = float(np.hypot(x - other.x, y - other.y))
            if gap < room:
                strength = (1 - gap / room) / max(gap, 1e-6)
                pull_x += strength * (x - other.x)
                pull_y += strength * (y - other.y)
        press = min(1.0, 1.6 * float(np.hypot(pull_x, pull_y)))
        return float(np.arctan2(pull_y, pull_x)), press


def walk(rng: RandomStream, *, animals: int, size: tuple[int, int], length: float) -> Iterator[list[Posture]]:
    """Endless postures of all animals, one list a frame, the first frame first."""
    walkers = [
        Walker(rng.child("walker", index), size=size, length=length, start=spot)
        for index, spot in enumerate(_starts(rng.child("starts"), animals=animals, size=size))
    ]
    # The first steps only bring bodies and tails into the curl of their way.
    for _ in range(12):
        _advance(walkers)
    while True:
        yield [walker.posture for walker in walkers]
        _advance(walkers)


def _advance(walkers: list[Walker]) -> None:
    before = [walker.posture for walker in walkers]
    for index, walker in enumerate(walkers):
        walker.step(before[:index] + before[index + 1 :])


def _starts(rng: RandomStream, *, animals: int, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Starting places on a loose grid, so that animals do not begin on top of each other."""
    height, width = size
    columns = int(np.ceil(np.sqrt(animals)))
    rows = int(np.ceil(animals / columns))
    spots = []
    for index in range(animals):
        column, row = index % columns, index // columns
        x = width * (0.2 + 0.6 * (column + rng.uniform(0.3, 0.7)) / columns)
        y = height * (0.2 + 0.6 * (row + rng.uniform(0.3, 0.7)) / rows)
        spots.append((x, y))
    return spots


def _settle(posture: Posture) -> Posture:
    """Round every number far below what can be seen.

    A walk feeds each step into the next; rounding keeps the last bit, in which processors differ, from
    growing.
    """
    return Posture(*(round(float(getattr(posture, name)), 6) for name in attrs.fields_dict(Posture)))

"""The one drawing primitive: a chain of circles with tapering limbs between them, measured at every pixel."""

import attrs
import numpy as np


@attrs.frozen
class Part:
    """A piece of an animal: a chain of round joints, back to front in drawing order."""

    name: str
    joints: np.ndarray
    """Centres (k, 2) as x, y in pixels; (0, 0) is the centre of the top left pixel."""
    radii: np.ndarray
    """Radius at each joint (k,), pixels."""
    colour: tuple[float, float, float]
    """Red, green, blue in 0..1."""
    relief: float = 0.0
    """How round it is lit: 0 flat, 1 like a ball."""
    fur: float = 0.0
    """Strength of the streaks along the part, as a share of its brightness."""
    opacity: float = 1.0
    shadow: bool = True


@attrs.frozen
class Patch:
    """A rectangle of pixels, cut so that a part costs its own area and not the picture's."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where the patch lies in an array of rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """x and y of every pixel centre, both (height, width)."""
        columns = np.arange(self.left, self.left + self.width, dtype=np.float64)
        rows = np.arange(self.top, self.top + self.height, dtype=np.float64)
        x, y = np.meshgrid(columns, rows)
        return x, y


@attrs.frozen
class Measure:
    """What a part is at each pixel of a patch; all arrays (height, width)."""

    coverage: np.ndarray
    """Share of the pixel inside the outline, 0..1."""
    thickness: np.ndarray
    """Height of the rounded surface above the floor, pixels."""
    along: np.ndarray
    """Distance from the first joint along the chain, pixels."""
    across: np.ndarray
    """Signed distance from the chain's middle line, pixels."""


def rounded(joints: np.ndarray, radii: np.ndarray, *, pieces: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Joints (n, 2) and radii (n,) of a chain bent smoothly (Catmull-Rom) through the given joints.

    Every given joint stays in place; `pieces` limbs replace each of the old ones.
    """
    knots = np.column_stack([joints, radii])
    knots = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    share = np.arange(pieces)[:, None] / pieces
    bends = []
    for before, start, end, after in zip(knots[:-3], knots[1:-2], knots[2:-1], knots[3:]):
        bends.append(
            start
            + 0.5 * share * (end - before)
            + share**2 * (before - 2.5 * start + 2 * end - 0.5 * after)
            + share**3 * (1.5 * (start - end) + 0.5 * (after - before))
        )
    path = np.vstack([*bends, knots[-2:-1]])
    return path[:, :2], np.maximum(path[:, 2], 0.0)


def patch_around(parts: list[Part], *, size: tuple[int, int], margin: float) -> Patch | None:
    """The smallest patch of a (height, width) picture that holds all parts and a margin; None if outside."""
    lows = np.min([np.min(part.joints - part.radii[:, None], axis=0) for part in parts], axis=0) - margin
    highs = np.max([np.max(part.joints + part.radii[:, None], axis=0) for part in parts], axis=0) + margin
    left, top = (max(0, int(np.floor(value))) for value in lows)
    right = min(size[1], int(np.ceil(highs[0])) + 1)
    bottom = min(size[0], int(np.ceil(highs[1])) + 1)
    if right <= left or bottom <= top:
        return None
    return Patch(left, top, right - left, bottom - top)


def measure(part: Part, patch: Patch) -> Measure:
    """Outline, height and own coordinates of a part over a patch.

    The outline of a chain is the union of its limbs; edges are one pixel soft, so the shape's centroid lies
    where its joints say to a few hundredths of a pixel.
    """
    x, y = patch.grid()
    joints, radii = part.joints, part.radii
    if len(joints) == 1:
        joints, radii = np.repeat(joints, 2, axis=0), np.repeat(radii, 2)
    nearest = np.full(x.shape, np.inf)
    along, across = np.zeros_like(x), np.zeros_like(x)
    bulk = np.zeros_like(x)
    passed = 0.0
    for start, end, radius_start, radius_end in zip(joints[:-1], joints[1:], radii[:-1], radii[1:]):
        span = end - start
        length = float(np.hypot(*span))
        direction = span / length if length > 1e-9 else np.array([1.0, 0.0])
        forward = (x - start[0]) * direction[0] + (y - start[1]) * direction[1]
        sideways = (y - start[1]) * direction[0] - (x - start[0]) * direction[1]
        share = np.clip(forward / length, 0.0, 1.0) if length > 1e-9 else np.zeros_like(x)
        radius = radius_start + (radius_end - radius_start) * share
        squared = (forward - share * length) ** 2 + sideways**2
        distance = np.sqrt(squared) - radius
        closer = distance < nearest
        along = np.where(closer, passed + forward, along)
        across = np.where(closer, sideways, across)
        nearest = np.minimum(nearest, distance)
        # A high power mean instead of the maximum: limbs flow into each other without a crease.
        bulk += np.maximum(radius**2 - squared, 0.0) ** 3
        passed += length
    return Measure(np.clip(0.5 - nearest, 0.0, 1.0), bulk ** (1 / 6), along, across)


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur over the first two axes; the edge repeats outwards. `sigma` in pixels, 0 for none."""
    if sigma <= 0:
        return image
    reach = max(1, int(np.ceil(3 * sigma)))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        pad = [(0, 0)] * image.ndim
        pad[axis] = (reach, reach)
        wide = np.pad(image, pad, mode="edge")
        length = image.shape[axis]
        image = sum(w * np.take(wide, range(k, k + length), axis=axis) for k, w in enumerate(weights))
    return image

"""Everything in the picture that is no animal: the arena, things lying on it, the light and the camera.

The lamp hangs right above, so that light and shadow lie around an animal and not to one side of it. A lamp at a side pulls
what a network finds towards the shadow: where images are turned in training, shadows fall everywhere, and a small network
does not learn to make up for each.
"""

import numpy as np

from sleapnn_engine.demo.random_stream import Grain, RandomStream
from sleapnn_engine.demo.shapes import Part, Patch, blur, measure, patch_around


def draw_floor(rng: RandomStream, *, size: tuple[int, int], texture: float) -> np.ndarray:
    """An arena seen from above, without animals: float RGB (height, width, 3) in 0..1.

    `texture` scales scratches, stains and crumbs; 0 leaves an even grey.
    """
    height, width = size
    x, y = Patch(0, 0, width, height).grid()
    tone = np.full((height, width), 0.70)
    if texture <= 0:
        return np.repeat(tone[..., None], 3, axis=2)
    unit = min(height, width) / 192.0
    stain = Grain(rng.child("stain")).at(x / (34 * unit), y / (34 * unit))
    weave = Grain(rng.child("weave")).at(x / (9 * unit), y / (2.2 * unit))
    speckle = Grain(rng.child("speckle")).at(x / 1.3, y / 1.3)
    tone += texture * (0.030 * stain + 0.014 * weave + 0.016 * speckle)
    tone = _scratch(tone, rng.child("scratch"), unit=unit, strength=texture)
    tone *= _lamp(x, y, rng.child("lamp"), size=size)
    tone = _wall(tone, x, y, unit=unit, strength=min(1.0, texture))
    floor = tone[..., None] * np.array([1.0, 0.985, 0.955])
    return _crumbs(floor, rng.child("crumbs"), unit=unit)


def _lamp(x: np.ndarray, y: np.ndarray, rng: RandomStream, *, size: tuple[int, int]) -> np.ndarray:
    """The falling-off of the light towards the corners."""
    height, width = size
    middle_x, middle_y = width * rng.uniform(0.38, 0.52), height * rng.uniform(0.36, 0.50)
    away = ((x - middle_x) / width) ** 2 + ((y - middle_y) / height) ** 2
    return 1.10 - 0.42 * away


def _wall(tone: np.ndarray, x: np.ndarray, y: np.ndarray, *, unit: float, strength: float) -> np.ndarray:
    """A dark wall around the floor with a lit upper edge and a soft shadow at its foot."""
    height, width = tone.shape
    margin = np.minimum.reduce([x, y, width - 1 - x, height - 1 - y])
    inside = margin - 5.0 * unit
    foot = np.exp(-np.maximum(inside, 0.0) / (5.0 * unit))
    wall = np.clip(0.5 - inside / (0.8 * unit), 0.0, 1.0)
    rim = np.exp(-(((inside + 1.4 * unit) / (0.8 * unit)) ** 2))
    shaded = tone * (1 - 0.22 * foot)
    walled: np.ndarray = tone * (1 - strength) + strength * (shaded * (1 - wall) + wall * (0.30 + 0.30 * rim))
    return walled


def _scratch(tone: np.ndarray, rng: RandomStream, *, unit: float, strength: float) -> np.ndarray:
    """A few long, faint, slightly bent scratches."""
    height, width = tone.shape
    for index in range(9):
        one = rng.child(index)
        angle, bow = one.uniform(0, np.pi), one.uniform(-0.5, 0.5)
        start = np.array([one.uniform(0, width), one.uniform(0, height)])
        reach = one.uniform(20, 90) * unit
        bends = angle + bow * np.linspace(0, 1, 5)
        steps = np.stack([np.cos(bends), np.sin(bends)], axis=1) * reach / 5
        line = Part("scratch", start + np.cumsum(steps, axis=0), np.full(5, 0.35), (0, 0, 0))
        patch = patch_around([line], size=(height, width), margin=2)
        if patch is not None:
            lift = strength * one.uniform(-0.06, 0.05)
            tone[patch.slices] += lift * measure(line, patch).coverage
    return tone


def _crumbs(floor: np.ndarray, rng: RandomStream, *, unit: float) -> np.ndarray:
    """Bits of bedding and food with a small shadow around each; none is larger than an animal's foot."""
    height, width = floor.shape[:2]
    for index in range(16):
        one = rng.child(index)
        centre = np.array([one.uniform(8, width - 8), one.uniform(8, height - 8)])
        angle, half = one.uniform(0, np.pi), one.uniform(0.4, 1.6) * unit
        arm = half * np.array([np.cos(angle), np.sin(angle)])
        radius = one.uniform(0.45, 0.9) * unit
        colour = np.array([0.62, 0.52, 0.38]) * one.uniform(0.45, 1.15)
        for around, shade, opacity in ((0.5 * unit, np.zeros(3), 0.25), (0.0, colour, 0.9)):
            ends = np.stack([centre - arm, centre + arm])
            bit = Part("crumb", ends, np.full(2, radius + around), (0, 0, 0))
            patch = patch_around([bit], size=(height, width), margin=2)
            if patch is not None:
                alpha = opacity * measure(bit, patch).coverage[..., None]
                floor[patch.slices] = floor[patch.slices] * (1 - alpha) + shade * alpha
    return floor


def paint_shadow(image: np.ndarray, parts: list[Part], *, length: float, strength: float = 0.42) -> None:
    """Darken the floor below and around an animal, in place."""
    reach = 0.05 * length
    patch = patch_around(parts, size=image.shape[:2], margin=4 * reach)
    if patch is None:
        return
    cover = np.zeros((patch.height, patch.width))
    for part in parts:
        if part.shadow:
            wide = Part(part.name, part.joints, 1.3 * part.radii, part.colour)
            cover = np.maximum(cover, measure(wide, patch).coverage)
    image[patch.slices] *= 1 - strength * blur(cover, 0.6 * reach)[..., None]


def paint_part(image: np.ndarray, part: Part, *, grain: Grain, length: float) -> np.ndarray | None:
    """Paint a part over an RGB picture, in place; its cover (height, width) in 0..1, None if outside."""
    patch = patch_around([part], size=image.shape[:2], margin=2)
    if patch is None:
        return None
    seen = measure(part, patch)
    light = np.ones_like(seen.coverage)
    if part.relief > 0:
        surface = blur(seen.thickness, 0.012 * length)
        slope_y, slope_x = np.gradient(surface)
        facing = 1 / np.sqrt(slope_x**2 + slope_y**2 + 1)
        light = 1 + part.relief * (0.50 + 0.60 * facing + 0.15 * facing**8 - 1)
    if part.fur > 0:
        streaks = grain.at(seen.along / (0.075 * length), seen.across / (0.020 * length))
        patches = grain.at(seen.along / (0.24 * length) + 7.3, seen.across / (0.16 * length) + 3.1)
        light = light * (1 + part.fur * (streaks + 1.3 * patches))
    colour = np.array(part.colour) * light[..., None]
    alpha = (part.opacity * seen.coverage)[..., None]
    image[patch.slices] = image[patch.slices] * (1 - alpha) + colour * alpha
    cover = np.zeros(image.shape[:2])
    cover[patch.slices] = alpha[..., 0]
    return cover


def draw_occluders(rng: RandomStream, *, size: tuple[int, int], share: float) -> list[Part]:
    """Out-of-focus bars across the picture, as of a cage lid; they cover about `share` of it."""
    height, width = size
    if share <= 0:
        return []
    count = 3
    radius = 0.5 * share * max(height, width) / count
    bars = []
    lean = rng.uniform(-0.25, 0.25)
    for index in range(count):
        x = width * (index + rng.uniform(0.3, 0.7)) / count
        joints = np.array([[x - lean * height / 2, -10.0], [x + lean * height / 2, height + 10.0]])
        bars.append(Part(f"bar_{index}", joints, np.full(2, radius), (0.36, 0.37, 0.39), relief=0.9))
    return bars


def photograph(image: np.ndarray, rng: RandomStream, *, softness: float, noise: float) -> np.ndarray:
    """What the camera makes of a picture, as uint8: blur of `softness` px, grain of `noise` grey levels."""
    image = blur(image, softness) * 255.0
    if noise > 0:
        image = image + noise * rng.normals(*image.shape)
    return np.clip(np.floor(image + 0.5), 0, 255).astype(np.uint8)

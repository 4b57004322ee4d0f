"""From source pixels to network input and back: size matching, scaling, padding, colour, and the point maps.

Convention. Pixel centres are whole numbers, so an image of width w covers -0.5 .. w-0.5. Resizing by s
(with an antialiased bilinear filter) puts what was at x to `(x + 0.5) * s - 0.5`; that is where the picture
of a point really is, and it is the only map under which a rendered dot stays under its point.
`FrameSizing.to_input` is this exact map, with s the true ratio of the rounded sizes; augmentation and
drawing use it.

Models of the wider family are trained with targets at `x * s` instead, and divide by s after prediction; their s is
that which was asked for, before sizes were rounded. So that models open on both sides without a bias, targets are
drawn at the exact place plus what both differ by in the middle of an image, `FrameSizing.target_shift`, which is
`0.5 * (1 - s)` input pixels where no size is rounded. It is added *after* augmentation (added before, a rotation would
turn it and blur the targets by up to 0.7 input px at s = 0.5). `to_source` undoes both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import attrs
import numpy as np
import torch
import torch.nn.functional as functional

Size = tuple[int, int, int]
#: How targets lie, as checkpoints say it: 1 in those that do not, where rounded sizes and corners of crops did not count.
PLACES = 2
_LUMA = (0.299, 0.587, 0.114)


@attrs.frozen
class FrameSizing:
    """The way of images of one source size to the network input; sizes are (height, width) in pixels."""

    source: tuple[int, int]
    matched: tuple[int, int]
    canvas: tuple[int, int]
    scaled: tuple[int, int]
    nominal: float
    places: int = PLACES

    @property
    def ratio(self) -> tuple[float, float]:
        """True input pixels per source pixel, (x, y), after rounding of sizes."""
        (h, w), (mh, mw), (ch, cw), (sh, sw) = self.source, self.matched, self.canvas, self.scaled
        return mw / w * (sw / cw), mh / h * (sh / ch)

    @property
    def picture(self) -> tuple[int, int]:
        """(height, width), from the top left, of the pixels of the network input whose centres are on the picture."""
        height, width = (
            max(math.floor(scaled * matched / canvas + 0.5), 1)
            for scaled, matched, canvas in zip(self.scaled, self.matched, self.canvas, strict=True)
        )
        return height, width

    @property
    def target_shift(self) -> np.ndarray:
        """Input pixels, (2,) x, y, from the exact place of a point to the place of its training target."""
        if self.places < PLACES:
            return np.full(2, 0.5 * (1.0 - self.nominal))
        middle = (np.array(self.source[::-1]) - 1) / 2
        return np.asarray(middle * self.nominal - self.to_input(middle))

    def to_input(self, points: np.ndarray) -> np.ndarray:
        """Map (..., 2) x, y from source pixels to exact positions on the network input."""
        return scaled_points(points, np.asarray(self.ratio, dtype=np.float64))

    def to_source(self, points: np.ndarray, *, shifted: bool = True) -> np.ndarray:
        """Map (..., 2) x, y from the network input back to source pixels.

        `shifted` says that they are predictions of a model (trained on shifted targets) rather than exact
        positions.
        """
        shift: np.ndarray | float = self.target_shift if shifted else 0.0
        return (np.asarray(points) - shift + 0.5) / np.asarray(self.ratio, dtype=np.float64) - 0.5


def scaled_points(points: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Map (..., 2) x, y of an image to where they lie once it is sized by `ratio`, float64 (..., 2), about pixel centres."""
    found: np.ndarray = (np.asarray(points) + 0.5) * ratio - 0.5
    return found


@attrs.frozen
class InputPlan:
    """How every image of a training run becomes network input: one size and one channel count for all.

    `canvas` is the (height, width) that images are matched and padded to before scaling, `height` and
    `width` the size of the network input. `resize` says whether images are resized to the canvas or only
    padded (no size was asked for: then an image is resized only when it is larger than the canvas).
    """

    canvas: tuple[int, int]
    resize: bool
    scale: float
    height: int
    width: int
    channels: int
    warnings: tuple[str, ...] = ()
    places: int = PLACES

    def sizing(self, size: Sequence[int]) -> FrameSizing:
        """Return the way of images of `size` (height, width, ...)."""
        height, width = int(size[0]), int(size[1])
        ratio = min(self.canvas[0] / height, self.canvas[1] / width)
        ratio = ratio if self.resize else min(ratio, 1.0)
        matched_height, matched_width = (
            min(max(round(side * ratio), 1), limit)
            for side, limit in zip((height, width), self.canvas, strict=True)
        )
        return FrameSizing(
            source=(height, width),
            matched=(matched_height, matched_width),
            canvas=self.canvas,
            scaled=_scaled(self.canvas, self.scale),
            nominal=ratio * self.scale,
            places=self.places,
        )

    def render(self, image: np.ndarray) -> torch.Tensor:
        """Turn a source image, uint8 (h, w, 1 or 3), into network input, uint8 (channels, height, width)."""
        *_, (_, pixels) = self.stages(image)
        return pixels

    def stages(self, image: np.ndarray) -> Iterator[tuple[str, torch.Tensor]]:
        """The way of a source image to network input: the name of each step, and the uint8 (C, H, W) image after it."""
        sizing = self.sizing(image.shape)
        pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
        yield "source", pixels
        pixels = to_channels(pixels, channels=self.channels)
        yield "colour", pixels
        pixels = pad_image(resize_image(pixels, sizing.matched), sizing.canvas)
        yield "match", pixels
        pixels = resize_image(pixels, sizing.scaled)
        yield "scale", pixels
        yield "pad", pad_image(pixels, (self.height, self.width))


def plan_input(
    sizes: Iterable[Size],
    *,
    max_height: int | None = None,
    max_width: int | None = None,
    scale: float = 1.0,
    max_stride: int = 1,
    ensure_rgb: bool = False,
    ensure_grayscale: bool = False,
) -> InputPlan:
    """Plan the network input for training images of the given (height, width, channels) sizes.

    With `max_height` and `max_width`, images are resized (up or down, aspect kept) to fit and zero padded
    at the bottom and right. One alone is honoured: the other side follows from the widest (tallest) image.
    Without either, images keep their size and smaller ones are padded to the largest. Then everything is
    scaled by `scale` (rounding down, as the family does) and padded to multiples of `max_stride`.

    Channels: 3 with `ensure_rgb`, 1 with `ensure_grayscale`, else what the images have; mixed sets become
    colour. Raises ValueError for an empty set, both ensure flags at once or a scale of 0 or less.
    """
    every = sorted({(int(h), int(w), int(c)) for h, w, c in sizes})
    if not every:
        raise ValueError("there is no image to plan the network input for")
    if ensure_rgb and ensure_grayscale:
        raise ValueError("ensure_rgb and ensure_grayscale exclude each other")
    if not scale > 0:
        raise ValueError(f"the input scale must be above 0, not {scale}")
    canvas = _canvas(every, max_height, max_width)
    scaled = _scaled(canvas, scale)
    height, width = (math.ceil(side / max_stride) * max_stride for side in scaled)
    channels, warnings = _channels(every, ensure_rgb, ensure_grayscale)
    way = "resized and padded" if max_height or max_width else "padded"
    warnings += _size_notes(every, canvas, way=way)
    if max(scaled) < max_stride:
        warnings.append(
            f"The network sees images of {scaled[1]}×{scaled[0]} px, less than its largest stride: "
            f"padded to {width}×{height} px."
        )
    return InputPlan(
        canvas=canvas,
        resize=bool(max_height or max_width),
        scale=float(scale),
        height=height,
        width=width,
        channels=channels,
        warnings=tuple(warnings),
    )


def _size_notes(sizes: Sequence[Size], canvas: tuple[int, int], *, way: str) -> list[str]:
    """What to say when images differ in size."""
    outlines = sorted({size[:2] for size in sizes})
    if len(outlines) < 2:
        return []
    listed = ", ".join(f"{w}×{h}" for h, w in outlines)
    return [f"Images come in {len(outlines)} sizes ({listed} px): {way} to {canvas[1]}×{canvas[0]} px."]


def to_channels(image: torch.Tensor, *, channels: int) -> torch.Tensor:
    """Bring a uint8 (..., 1 or 3, height, width) image to 1 or 3 channels; gray is the ITU-R 601 luma."""
    have = image.shape[-3]
    if have == channels:
        return image
    if channels == 3:
        return image.expand(*image.shape[:-3], 3, *image.shape[-2:])
    weights = torch.tensor(_LUMA, device=image.device).view(3, 1, 1)
    return (image.float() * weights).sum(-3, keepdim=True).round().to(torch.uint8)


def resize_image(image: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Resize a uint8 (channels, height, width) image to (height, width), bilinear with antialias."""
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    pixels = image[None].contiguous()
    # PyTorch cannot shrink three channels of whole numbers to a single pixel.
    single = tuple(size) == (1, 1)
    resized = functional.interpolate(
        pixels.float() if single else pixels,
        size=tuple(size),
        mode="bilinear",
        antialias=True,
        align_corners=False,
    )
    return resized[0].round().to(torch.uint8) if single else resized[0]


def pad_image(image: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Zero pad a (..., height, width) image at the bottom and right to (height, width)."""
    below, right = size[0] - image.shape[-2], size[1] - image.shape[-1]
    if below < 0 or right < 0:
        raise ValueError(f"an image of {tuple(image.shape[-2:])} does not fit into {tuple(size)}")
    return functional.pad(image, (0, right, 0, below)) if below or right else image


def rectangles(bounds: torch.Tensor, *, like: torch.Tensor) -> torch.Tensor:
    """Draw rectangles (R, 4) top, left, bottom, right, the latter two not included, as bool (R, 1, H, W).

    Size and device are those of the images `like` (B, C, H, W).
    """
    top, left, bottom, right = bounds.to(like.device)[:, :, None].unbind(1)
    y, x = (torch.arange(side, device=like.device) for side in like.shape[-2:])
    return (((y >= top) & (y < bottom))[:, :, None] & ((x >= left) & (x < right))[:, None])[:, None]


def shows_picture(images: torch.Tensor, pictures: torch.Tensor | None) -> torch.Tensor | None:
    """Which pixels of images (B, C, H, W) are on their `pictures` (B, 4), bool (B, 1, H, W); None where all are."""
    whole = [0, 0, *images.shape[-2:]]
    if pictures is None or all(picture == whole for picture in pictures.tolist()):
        return None
    return rectangles(pictures, like=images)


def _canvas(sizes: Sequence[Size], max_height: int | None, max_width: int | None) -> tuple[int, int]:
    if max_height and max_width:
        return max_height, max_width
    if max_height:
        return max_height, max(math.ceil(w * max_height / h) for h, w, _ in sizes)
    if max_width:
        return max(math.ceil(h * max_width / w) for h, w, _ in sizes), max_width
    return max(size[0] for size in sizes), max(size[1] for size in sizes)


def _scaled(canvas: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(int(canvas[0] * scale), 1), max(int(canvas[1] * scale), 1)


def _channels(sizes: Sequence[Size], ensure_rgb: bool, ensure_grayscale: bool) -> tuple[int, list[str]]:
    kinds = {size[2] for size in sizes}
    if ensure_rgb or ensure_grayscale:
        return (3 if ensure_rgb else 1), []
    if len(kinds) == 1:
        return kinds.pop(), []
    return 3, [
        "Some images are gray, some in colour: all become colour (gray is repeated into three channels)."
    ]

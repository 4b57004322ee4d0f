"""Random changes of training images and their points, for a whole batch at once, on the device it is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import torch

from sleapnn_engine.data.affine import affine_matrices, drop_outside, move_images, move_points
from sleapnn_engine.data.geometry import rectangles, shows_picture

Intensity = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

#: Hears of a change: its name, the rows of the batch it is made to, int64 (R,), and what was drawn for each of them,
#: float (R,) or (R, more), None where that is noise.
Told = Callable[[str, torch.Tensor, torch.Tensor | None], None]


def to_float(images: torch.Tensor) -> torch.Tensor:
    """Turn uint8 images (0..255) into float32 (0..1); float images are taken to be 0..1 already."""
    return torch.div(images, 255.0) if images.dtype == torch.uint8 else images.float()


def cut_margin(
    images: torch.Tensor, points: torch.Tensor, *, margin: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut `margin` pixels off each side of (B, C, H, W) images; points (B, I, N, 2) outside the rest become NaN."""
    if not margin:
        return images, points
    images = images[..., margin:-margin, margin:-margin]
    return images, drop_outside(points - margin, height=images.shape[-2], width=images.shape[-1])


@attrs.define(eq=False)
class Augmenter:
    """Changes batches as `data_config.augmentation_config` says; one per run, for it holds the random stream.

    Order: uniform noise, gaussian noise, contrast, brightness; then rotation, scale and shift as one map;
    then erasing, then mixing. Every change is drawn for each image on its own. `intensity` and `geometric`
    are the two parts of the config (attributes named as in the config guide), None for no change of that
    kind. Around a picture that does not fill its image nothing is changed, for validation has plain black there.

    The generator lives on the CPU. Choices and factors are drawn from it there, and noise on the batch's
    device comes from a generator seeded from it, so a run on one kind of device repeats exactly with the
    same seed. `on_draw` hears of what was drawn: `uniform_noise`, `gaussian_noise`, `contrast` and `brightness` (a factor),
    `move` (degrees, scale, shift x and y in pixels), `erase`, `mixup` (a share).
    """

    intensity: Any
    geometric: Any
    generator: torch.Generator
    on_draw: Told | None = None

    @classmethod
    def from_job(cls, data_config: Any, *, seed: int) -> Augmenter | None:
        """Make the augmenter of a job, or None when augmentation is off or has no settings."""
        config = data_config.augmentation_config
        if not data_config.use_augmentations_train or config is None:
            return None
        if config.intensity is None and config.geometric is None:
            return None
        return cls(config.intensity, config.geometric, torch.Generator().manual_seed(seed))

    @property
    def moves(self) -> bool:
        """Whether images may be turned, scaled or shifted, so that a crop needs a margin to turn into view."""
        g = self.geometric
        if g is None:
            return False
        parts = (g.rotation_p, g.scale_p, g.translate_p)
        return any(p is not None and p > 0 for p in parts) or (
            all(p is None for p in parts) and g.affine_p > 0
        )

    @property
    def only_moves(self) -> bool:
        """Whether images are moved and nothing else is drawn for them, so that `draw_moves` can be asked beforehand."""
        return self.geometric is not None and not self._paints and not self._changes_intensity

    def draw_moves(self, count: int) -> torch.Tensor:
        """The random numbers that decide how the images of a batch move, float32 (7, count) in 0..1."""
        return torch.rand((7, count), generator=self.generator)

    def __call__(
        self,
        images: torch.Tensor,
        points: torch.Tensor,
        *,
        margin: int = 0,
        pictures: torch.Tensor | None = None,
        moves: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Change images, uint8 or float 0..1 (B, C, H, W), and their points, float32 (B, I, N, 2) in pixels.

        `margin` pixels on each side are there to be turned into view: they are cut off after images have moved, and
        shares of the image's size do not count them. `pictures` (B, 4) says where the picture is on each image, as in
        a `Batch`; None for pictures that fill their images. `moves` are what `draw_moves` has drawn for them, where that was
        asked beforehand. Returns float32 images in 0..1 and the moved points; points that leave the image become NaN.
        The arguments are not changed.
        """
        changes_intensity = self._changes_intensity
        # Where pictures are matters to changes of colour and to what is painted, and to nothing else.
        asked = changes_intensity or (self.geometric is not None and self._paints)
        changed, inside = images, shows_picture(images, pictures) if asked else None
        if changes_intensity:
            changed = self._change_intensity(to_float(images.clone()), inside)
        if self.geometric is not None:
            changed, points, inside = self._move(changed, points, inside, margin=margin, moves=moves)
        else:
            changed, points = cut_margin(changed, points, margin=margin)
        changed = to_float(changed)
        if images.dtype != torch.uint8 and _shares_memory(changed, images):
            changed = changed.clone()
        if self.geometric is not None:
            changed = self._erase(changed, inside)
            changed = self._mix(changed, inside)
        return changed, points

    @property
    def _changes_intensity(self) -> bool:
        c = self.intensity
        return c is not None and bool(
            max(c.uniform_noise_p, c.gaussian_noise_p, c.contrast_p, c.brightness_p) > 0
        )

    def _change_intensity(self, images: torch.Tensor, inside: torch.Tensor | None) -> torch.Tensor:
        c = self.intensity
        steps: tuple[tuple[float, Intensity], ...] = (
            (c.uniform_noise_p, self._uniform_noise),
            (c.gaussian_noise_p, self._gaussian_noise),
            (c.contrast_p, self._contrast),
            (c.brightness_p, self._brightness),
        )
        for probability, change in steps:
            rows = self._choose(len(images), probability, images.device)
            if rows is not None:
                images[rows] = _only(inside, rows, change(images[rows], rows).clamp_(0.0, 1.0), images)
        return images

    def _uniform_noise(self, images: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        self._report_draw("uniform_noise", rows)
        low, high = self.intensity.uniform_noise_min, self.intensity.uniform_noise_max
        noise = torch.rand(images.shape, device=images.device, generator=self._noise_generator(images.device))
        return images + noise.mul_(high - low).add_(low)

    def _gaussian_noise(self, images: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        self._report_draw("gaussian_noise", rows)
        mean, std = self.intensity.gaussian_noise_mean, self.intensity.gaussian_noise_std
        noise = torch.randn(
            images.shape, device=images.device, generator=self._noise_generator(images.device)
        )
        return images + noise.mul_(std).add_(mean)

    def _contrast(self, images: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        factor = self._factors(len(images), self.intensity.contrast_min, self.intensity.contrast_max)
        self._report_draw("contrast", rows, factor.flatten())
        return (images - 0.5) * factor.to(images.device) + 0.5

    def _brightness(self, images: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        factor = self._factors(len(images), self.intensity.brightness_min, self.intensity.brightness_max)
        self._report_draw("brightness", rows, factor.flatten())
        return images * factor.to(images.device)

    def _move(
        self,
        images: torch.Tensor,
        points: torch.Tensor,
        inside: torch.Tensor | None,
        *,
        margin: int,
        moves: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        height, width = images.shape[-2:]
        moves = self.draw_moves(images.shape[0]) if moves is None else moves
        drawn = self._maps(moves, height=height - 2 * margin, width=width - 2 * margin)
        if not self._paints:
            inside = None  # nobody asks where the picture has gone
        if drawn is None:
            images, points = cut_margin(images, points, margin=margin)
            return images, points, _without_margin(inside, margin=margin)
        rows, matrices = (part.to(images.device) for part in drawn)
        on_cpu = images.device.type == "cpu"
        points = _moved_points(points, rows, matrices, size=(height, width), margin=margin)
        if inside is not None:
            # A picture that fills its image goes on filling it, whatever other pictures of the batch do.
            fills = inside.flatten(1).all(dim=1)[:, None, None, None]
            white = inside.byte() * 255 if on_cpu else inside.float()
            inside = (_moved(white, rows, matrices, margin=margin) >= 0.5) | fills
        images = images if on_cpu else to_float(images)
        return _moved(images, rows, matrices, margin=margin), points, inside

    def move_alone(self, points: torch.Tensor, *, size: tuple[int, int], margin: int = 0) -> torch.Tensor:
        """What becomes of points (B, I, N, 2) on images of `size` (height, width), margin included, without the images.

        Points that leave become NaN, as in a batch; the random stream is that of images to which nothing else happens.
        """
        drawn = None
        if self.geometric is not None:
            moves = self.draw_moves(len(points))
            drawn = self._maps(moves, height=size[0] - 2 * margin, width=size[1] - 2 * margin)
        if drawn is None:
            drawn = torch.empty(0, dtype=torch.int64), torch.empty(0, 2, 3)
        return _moved_points(points, *drawn, size=size, margin=margin)

    def _maps(
        self, moves: torch.Tensor, *, height: int, width: int
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Make maps of the numbers drawn, on the CPU: the rows that move, int64 (R,), and their (R, 2, 3) matrices; or None.

        With any of rotation_p, scale_p, translate_p set, each part has its own chance, parts left null are
        off, and affine_p is ignored. Otherwise one draw with affine_p decides for all three together.
        """
        g = self.geometric
        own = (g.rotation_p, g.scale_p, g.translate_p)
        bundled = all(p is None for p in own)
        turns, scales, shifts = (p or 0.0 for p in own)
        reach_x, reach_y = g.translate_width * width, g.translate_height * height
        moving: list[int] = []
        drawn: list[tuple[float, float, float, float]] = []
        # Numbers one by one: of a batch there are a few, for which each call of an array's function takes longer.
        for row, (first, second, third, turn, size, right, down) in enumerate(
            zip(*moves.tolist(), strict=True)
        ):
            if bundled:
                turned = scaled = shifted = first < g.affine_p
            else:
                turned, scaled, shifted = first < turns, second < scales, third < shifts
            degrees = g.rotation_min + (g.rotation_max - g.rotation_min) * turn if turned else 0.0
            scale = g.scale_min + (g.scale_max - g.scale_min) * size if scaled else 1.0
            x, y = ((2 * right - 1) * reach_x, (2 * down - 1) * reach_y) if shifted else (0.0, 0.0)
            if degrees != 0 or scale != 1 or x != 0 or y != 0:
                moving.append(row)
                drawn.append((degrees, scale, x, y))
        if not drawn:
            return None
        rows, chosen = torch.from_numpy(np.array(moving)), np.array(drawn)
        self._report_draw("move", rows, torch.from_numpy(chosen))
        return rows, affine_matrices(degrees=chosen[:, 0], scale=chosen[:, 1], shift=chosen[:, 2:])

    @property
    def _paints(self) -> bool:
        return bool(max(self.geometric.erase_p, self.geometric.mixup_p) > 0)

    def _erase(self, images: torch.Tensor, inside: torch.Tensor | None) -> torch.Tensor:
        """Paint a rectangle of one random colour over each chosen picture; points stay, as if occluded.

        The rectangle's area is a share of the box around what shows of the picture, and it lies in there.
        """
        g = self.geometric
        rows = self._choose(images.shape[0], g.erase_p, images.device)
        if rows is None:
            return images
        count, channels = len(rows), images.shape[1]
        corner, box = _boxes(images[rows], None if inside is None else inside[rows])
        area = self._uniform(count, g.erase_scale_min, g.erase_scale_max) * box[:, 0] * box[:, 1]
        ratio = self._uniform(count, g.erase_ratio_min, g.erase_ratio_max)
        chance = torch.rand(count, generator=self.generator)
        size = _whole_sides(area, ratio, height=box[:, 0], width=box[:, 1], chance=chance)
        start = (
            corner
            + (torch.rand((count, 2), generator=self.generator) * ((box - size).clamp_min(0) + 1)).floor()
        )
        colour = torch.rand((count, channels, 1, 1), generator=self.generator).to(images.device)
        erased = rectangles(torch.cat([start, start + size], dim=1), like=images)
        images[rows] = _only(inside, rows, torch.where(erased, colour, images[rows]), images)
        self._report_draw("erase", rows)
        return images

    def _mix(self, images: torch.Tensor, inside: torch.Tensor | None) -> torch.Tensor:
        """Blend each chosen picture with a share of another image of the batch; points stay those of the picture."""
        g = self.geometric
        rows = self._choose(images.shape[0], g.mixup_p, images.device)
        if rows is None or len(images) < 2:
            return images
        step = torch.randint(1, len(images), (len(rows),), generator=self.generator).to(images.device)
        share = self._factors(len(rows), g.mixup_lambda_min, g.mixup_lambda_max).to(images.device)
        self._report_draw("mixup", rows, share.flatten())
        partners = images[(rows + step) % len(images)]
        images[rows] = _only(inside, rows, images[rows] * (1 - share) + partners * share, images)
        return images

    def _report_draw(self, name: str, rows: torch.Tensor, drawn: torch.Tensor | None = None) -> None:
        if self.on_draw is not None:
            self.on_draw(name, rows, drawn)

    def _happens(self, count: int, probability: float) -> torch.Tensor:
        """Decide for each image, bool (count,)."""
        return torch.rand(count, generator=self.generator) < probability

    def _choose(self, count: int, probability: float, device: torch.device) -> torch.Tensor | None:
        """Choose the images that a change applies to, int64 rows on the device; None for none."""
        if probability <= 0:
            return None
        rows = self._happens(count, probability).nonzero().squeeze(1)
        return rows.to(device) if len(rows) else None

    def _uniform(self, count: int, low: float, high: float) -> torch.Tensor:
        return torch.rand(count, generator=self.generator).mul_(high - low).add_(low)

    def _factors(self, count: int, low: float, high: float) -> torch.Tensor:
        return self._uniform(count, low, high).view(count, 1, 1, 1)

    def _noise_generator(self, device: torch.device) -> torch.Generator:
        if device.type == "cpu":
            return self.generator
        seed = int(torch.randint(2**62, (1,), generator=self.generator))
        return torch.Generator(device=device).manual_seed(seed)


def _moved_points(
    points: torch.Tensor, rows: torch.Tensor, matrices: torch.Tensor, *, size: tuple[int, int], margin: int
) -> torch.Tensor:
    """Points (B, I, N, 2) on images of `size`, those of `rows` moved by their maps, on images without the margin."""
    height, width = size
    inner = {"height": height - 2 * margin, "width": width - 2 * margin}
    every = rows.shape[0] == points.shape[0]
    places = move_points(points if every else points[rows], matrices, height=height, width=width)
    places = drop_outside(places - margin if margin else places, **inner)
    if every:
        return places
    points = drop_outside(points - margin, **inner) if margin else points.clone()
    return points.index_copy_(0, rows, places)


def _shares_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def _only(
    inside: torch.Tensor | None, rows: torch.Tensor, changed: torch.Tensor, images: torch.Tensor
) -> torch.Tensor:
    """What was made of images[rows], (R, C, H, W), where their pictures are, and around them the images as they were."""
    return changed if inside is None else torch.where(inside[rows], changed, images[rows])


def _without_margin(images: torch.Tensor | None, *, margin: int) -> torch.Tensor | None:
    return images[..., margin:-margin, margin:-margin] if margin and images is not None else images


def _moved(images: torch.Tensor, rows: torch.Tensor, matrices: torch.Tensor, *, margin: int) -> torch.Tensor:
    """Images (B, C, H, W) without their margin as floats, those of `rows` moved by their maps."""
    if rows.shape[0] == images.shape[0]:
        return move_images(images, matrices, margin=margin)
    moved = move_images(images[rows], matrices, margin=margin)
    rest = _without_margin(images, margin=margin)
    assert rest is not None
    rest = to_float(rest) if rest.dtype == torch.uint8 else rest.clone()
    return rest.index_copy_(0, rows, moved)


def _boxes(images: torch.Tensor, inside: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Top left pixel and size, float (R, 2) each, y before x, of the boxes around what shows of the pictures.

    On the CPU, where chance is drawn. The box of a picture that has left its image is a pixel.
    """
    height, width = images.shape[-2:]
    if inside is None:
        return torch.zeros(len(images), 2), torch.tensor([[height, width]]).float().expand(len(images), 2)
    starts, sizes = [], []
    for axis in (3, 2):
        shows = inside.any(dim=axis)[:, 0].cpu().float()
        first, last = shows.argmax(dim=1), shows.shape[1] - 1 - shows.flip(1).argmax(dim=1)
        starts.append(first)
        sizes.append((last - first + 1).where(shows.any(dim=1), torch.ones_like(first)))
    return torch.stack(starts, dim=1).float(), torch.stack(sizes, dim=1).float()


def _whole_sides(
    area: torch.Tensor,
    ratio: torch.Tensor,
    *,
    height: torch.Tensor,
    width: torch.Tensor,
    chance: torch.Tensor,
) -> torch.Tensor:
    """Height and width (R, 2), whole pixels and at least one, of rectangles of `area` and height-to-width `ratio` (R,).

    The shorter side is rounded and the longer one up or down by `chance` (R,) in 0..1, so that areas are right on
    average. A side that would be longer than the image's, `height` and `width` (R,), leaves its area to the other one.
    """
    tall = (area * ratio).sqrt().minimum(height).maximum(area / width)
    is_tall = tall * tall > area
    limit = torch.where(is_tall, height, width)
    # Not below what the longer side can make up for; a little less, for division is not exact.
    least = (area / limit - 1e-4).ceil()
    shorter = torch.where(is_tall, area / tall, tall).round().maximum(least).clamp_min(1)
    longer = (area / shorter + chance).floor().clamp_min(1).minimum(limit)
    return torch.stack([torch.where(is_tall, longer, shorter), torch.where(is_tall, shorter, longer)], dim=1)

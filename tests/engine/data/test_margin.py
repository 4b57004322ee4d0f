"""Crops with a margin: what turns into view is what the picture shows there, and points are those of the finished crop."""

import numpy as np
import pytest
import torch
from torch import Tensor

from sleapnn_engine.data.augment import to_float
from sleapnn_engine.data.crops import crop_corners, cut_crops
from tests.engine.data.scenes import dot_place, dots
from tests.engine.data.test_augment import augmenter

SIDE, MARGIN, REACH = 96, 70, 10
WHOLE = SIDE + 2 * MARGIN
MOVES = {
    "affine_p": 1.0, "rotation_min": -180.0, "rotation_max": 180.0, "scale_min": 0.6, "scale_max": 1.2,
    "translate_width": 0.1, "translate_height": 0.15,
}  # fmt: skip


def crops(*, size: int) -> tuple[Tensor, Tensor]:
    """Crops of a picture full of dots around six places in it, uint8, and where the dots are on each (6, 1, dots, 2)."""
    places = np.stack(np.meshgrid(np.arange(12.3, 400, 28), np.arange(14.6, 360, 28)), -1).reshape(-1, 2)
    picture = torch.from_numpy(dots(places, height=360, width=400, radius=2.5)).permute(2, 0, 1)[None]
    centers = torch.from_numpy(np.random.default_rng(4).uniform([122, 122], [278, 238], (6, 2)))
    corners = crop_corners(centers, size=size)
    cut = cut_crops(picture, corners, torch.zeros(6, dtype=torch.long), size=size)
    points = torch.from_numpy(places).float() - corners[:, None]
    return cut, points[:, None]


def within(points: Tensor, *, least: float, most: float) -> Tensor:
    return ((points >= least) & (points <= most)).all(dim=-1)


def test_dots_lie_under_their_points_on_the_finished_crop() -> None:
    images, points = crops(size=WHOLE)
    shown, moved = augmenter(seed=2, geometric=MOVES)(images, points, margin=MARGIN)
    assert shown.shape == (6, 1, SIDE, SIDE)
    clear = within(moved, least=REACH, most=SIDE - 1 - REACH)
    for image, found in enumerate(clear[:, 0]):
        for point in moved[image, 0][found].numpy():
            np.testing.assert_allclose(
                dot_place(shown[image, 0].numpy(), point, reach=REACH), point, atol=0.3
            )
    assert clear.sum() >= 6 * 3
    came_in = clear & ~within(points, least=MARGIN, most=MARGIN + SIDE - 1)
    assert came_in.sum() >= 3, "some of them stood in the margin before"


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_it_is_the_middle_of_the_larger_picture_augmented(share: float) -> None:
    images, points = crops(size=WHOLE)
    moves = {**MOVES, "affine_p": share}
    # A share of the finished crop's side, as a share of the larger picture's.
    smaller = {key: MOVES[key] * SIDE / WHOLE for key in ("translate_width", "translate_height")}
    shown, moved = augmenter(seed=2, geometric=moves)(images, points, margin=MARGIN)
    larger, places = augmenter(seed=2, geometric={**moves, **smaller})(images, points)
    middle = slice(MARGIN, MARGIN + SIDE)
    torch.testing.assert_close(shown, larger[..., middle, middle], atol=0.02, rtol=0)
    inside = within(places, least=MARGIN - 0.5, most=MARGIN + SIDE - 0.5)
    expected = torch.where(inside[..., None], places - MARGIN, torch.nan)
    torch.testing.assert_close(moved, expected, atol=1e-3, rtol=0, equal_nan=True)
    assert 0 < int(inside.sum()) < inside.numel()
    still = (shown == to_float(images)[..., middle, middle]).flatten(1).all(dim=1)
    assert still.any() == (share < 1)
    assert not still.all()


def test_without_a_move_the_margin_is_cut_off() -> None:
    images, points = crops(size=WHOLE)
    inner, places = crops(size=SIDE)
    seen = within(places, least=-0.5, most=SIDE - 0.5)
    expected = torch.where(seen[..., None], places, torch.nan)
    for settings in ({"intensity": {"brightness_p": 1.0}}, {"geometric": {}}):
        shown, moved = augmenter(**settings)(images, points, margin=MARGIN)
        torch.testing.assert_close(shown, to_float(inner))
        torch.testing.assert_close(moved, expected, atol=1e-3, rtol=0, equal_nan=True)

"""Augmentation: pixels and points move together, exactly, with the chances and ranges that were asked for."""

import math
from types import SimpleNamespace

import attrs
import numpy as np
import pytest
import torch
from scipy import ndimage

from sleapnn_engine.data.affine import affine_matrices, drop_outside, move_images, move_points
from sleapnn_engine.data.augment import Augmenter, to_float
from tests.engine.data.scenes import dot_place, dots

OFF_INTENSITY = {
    "uniform_noise_min": 0.0, "uniform_noise_max": 1.0, "uniform_noise_p": 0.0,
    "gaussian_noise_mean": 0.0, "gaussian_noise_std": 1.0, "gaussian_noise_p": 0.0,
    "contrast_min": 0.9, "contrast_max": 1.1, "contrast_p": 0.0,
    "brightness_min": 1.0, "brightness_max": 1.0, "brightness_p": 0.0,
}  # fmt: skip
OFF_GEOMETRIC = {
    "rotation_min": -15.0, "rotation_max": 15.0, "scale_min": 0.9, "scale_max": 1.1,
    "translate_width": 0.0, "translate_height": 0.0, "affine_p": 0.0,
    "rotation_p": None, "scale_p": None, "translate_p": None,
    "erase_scale_min": 0.0001, "erase_scale_max": 0.01, "erase_ratio_min": 1.0, "erase_ratio_max": 1.0,
    "erase_p": 0.0, "mixup_lambda_min": 0.01, "mixup_lambda_max": 0.05, "mixup_p": 0.0,
}  # fmt: skip


def augmenter(*, seed=0, intensity=None, geometric=None):
    return Augmenter(
        None if intensity is None else SimpleNamespace(**{**OFF_INTENSITY, **intensity}),
        None if geometric is None else SimpleNamespace(**{**OFF_GEOMETRIC, **geometric}),
        torch.Generator().manual_seed(seed),
    )


def map_of(*, degrees=0.0, scale=1.0, shift=(0.0, 0.0)):
    return affine_matrices(degrees=np.array([degrees]), scale=np.array([scale]), shift=np.array([shift]))


@pytest.mark.parametrize("size", [(5, 5), (6, 6), (4, 9), (7, 4)])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_move_every_pixel_exactly_with_its_point(size, turns):
    height, width = size
    if turns % 2 and (height + width) % 2:
        return  # a quarter turn of such an image puts pixels between pixels
    image = torch.rand(1, 1, height, width)
    matrices = map_of(degrees=90.0 * turns)
    turned = move_images(image, matrices)[0, 0]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    points = torch.stack([x, y], -1).float().reshape(1, 1, -1, 2)
    moved = move_points(points, matrices, height=height, width=width)[0, 0]
    torch.testing.assert_close(moved, moved.round(), atol=1e-4, rtol=0)
    checked = 0
    for (px, py), (qx, qy) in zip(points[0, 0].long().tolist(), moved.round().long().tolist(), strict=True):
        if 0 <= qx < width and 0 <= qy < height:
            assert turned[qy, qx] == pytest.approx(float(image[0, 0, py, px]), abs=1e-5)
            checked += 1
    assert checked >= min(size) ** 2 - 2


def test_positive_angles_turn_clockwise_on_the_screen():
    right_of_centre = torch.tensor([[[[8.0, 5.0]]]])
    moved = move_points(right_of_centre, map_of(degrees=90.0), height=11, width=11)
    torch.testing.assert_close(moved, torch.tensor([[[[5.0, 8.0]]]]))


@pytest.mark.parametrize(
    "how",
    [
        {"degrees": 30.0},
        {"degrees": -77.0},
        {"degrees": 180.0},
        {"scale": 1.5},
        {"scale": 0.7},
        {"shift": (7.3, -4.6)},
        {"degrees": 25.0, "scale": 1.2, "shift": (-5.0, 3.5)},
    ],
)
@pytest.mark.parametrize("size", [(200, 240), (201, 241)])
def test_dots_stay_under_their_points(how, size):
    points = np.array([[85.0, 75.3], [150.6, 80.0], [120.2, 140.5]])
    image = torch.from_numpy(dots(points, height=size[0], width=size[1], radius=3)).permute(2, 0, 1)[None]
    matrices = map_of(**how)
    shown = move_images(to_float(image), matrices)[0, 0].numpy()
    moved = move_points(torch.tensor(points)[None, None].float(), matrices, height=size[0], width=size[1])
    for point in moved[0, 0].numpy():
        np.testing.assert_allclose(dot_place(shown, point), point, atol=0.05)


def test_images_agree_with_scipy():
    image = ndimage.gaussian_filter(np.random.default_rng(0).random((40, 52)), 2)
    matrices = map_of(degrees=33.0, scale=1.15, shift=(3.2, -6.1))
    shown = move_images(torch.from_numpy(image)[None, None].float(), matrices)[0, 0].numpy()
    full = np.vstack([matrices[0].numpy().astype(float), [0, 0, 1]])
    centre = np.array([[1, 0, 51 / 2], [0, 1, 39 / 2], [0, 0, 1]])
    back = np.linalg.inv(centre @ full @ np.linalg.inv(centre))
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])  # scipy counts rows first
    expected = ndimage.affine_transform(image, swap @ back @ swap, order=1, mode="grid-constant")
    np.testing.assert_allclose(shown[3:-3, 3:-3], expected[3:-3, 3:-3], atol=1e-4)


def test_points_that_leave_the_image_are_dropped():
    points = torch.tensor(
        [[-0.5, 3.0], [-0.6, 3.0], [9.5, 3.0], [9.6, 3.0], [4.0, 7.6], [math.nan, math.nan]]
    )
    kept = drop_outside(points, height=8, width=10)
    assert torch.isfinite(kept).all(-1).tolist() == [True, False, True, False, False, False]


def test_a_whole_batch_moves_with_its_points():
    points = np.random.default_rng(1).uniform([40, 40], [80, 80], (8, 2, 1, 2))
    images = torch.stack(
        [
            torch.from_numpy(dots(p.reshape(-1, 2), height=120, width=120, radius=3)).permute(2, 0, 1)
            for p in points
        ]
    )
    change = augmenter(
        geometric={"affine_p": 1.0, "rotation_min": -180, "rotation_max": 180, "translate_width": 0.1}
    )
    shown, moved = change(images, torch.from_numpy(points).float())
    assert not torch.allclose(moved, torch.from_numpy(points).float(), atol=2)
    apart = np.linalg.norm(points[:, 0] - points[:, 1], axis=-1).ravel() > 15
    assert apart.sum() >= 4
    for row in np.flatnonzero(apart):
        for point in moved[row].reshape(-1, 2).numpy():
            np.testing.assert_allclose(dot_place(shown[row, 0].numpy(), point, reach=6), point, atol=0.25)


def test_the_arguments_stay_as_they_were():
    images, points = torch.rand(4, 1, 16, 16), torch.rand(4, 1, 2, 2) * 16
    before = images.clone(), points.clone()
    change = augmenter(
        intensity={"brightness_p": 1.0, "brightness_min": 0.5},
        geometric={"affine_p": 1.0, "erase_p": 1.0, "mixup_p": 1.0},
    )
    shown, moved = change(images, points)
    assert torch.equal(images, before[0])
    assert torch.equal(points, before[1])
    assert not torch.equal(shown, images)
    assert not torch.equal(moved, points)


def test_nothing_switched_on_changes_nothing():
    images = torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8)
    points = torch.rand(3, 1, 2, 2)
    shown, moved = augmenter(intensity={}, geometric={})(images, points)
    torch.testing.assert_close(shown, images.float() / 255)
    assert torch.equal(moved, points)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_batches(seed):
    images, points = torch.rand(6, 3, 20, 24), torch.rand(6, 1, 2, 2) * 20
    settings = {
        "intensity": {
            "uniform_noise_p": 0.5,
            "gaussian_noise_p": 0.5,
            "gaussian_noise_std": 0.1,
            "contrast_p": 0.5,
        },
        "geometric": {"affine_p": 0.5, "erase_p": 0.5, "mixup_p": 0.5},
    }
    first, second = augmenter(seed=seed, **settings), augmenter(seed=seed, **settings)
    for _ in range(3):
        for a, b in zip(first(images, points), second(images, points), strict=True):
            assert torch.equal(a.nan_to_num(-1), b.nan_to_num(-1))
    other = augmenter(seed=seed + 7, **settings)(images, points)[0]
    assert not torch.equal(other, augmenter(seed=seed, **settings)(images, points)[0])


def drawn(settings, count=4000):
    """Draw maps for many images and take them apart: degrees, scales and shifts, (count,) each, identity if unmoved."""
    change = augmenter(geometric=settings)
    rows_and_maps = change._maps(change.draw_moves(count), height=100, width=200)
    matrices = torch.eye(2, 3).repeat(count, 1, 1)
    if rows_and_maps is not None:
        matrices[rows_and_maps[0]] = rows_and_maps[1]
    linear = matrices[:, :, :2]
    scale = torch.linalg.det(linear).sqrt()
    degrees = torch.rad2deg(torch.atan2(linear[:, 1, 0], linear[:, 0, 0]))
    return degrees, scale, matrices[:, :, 2]


def share(changed):
    return float(changed.float().mean())


def test_bundled_changes_happen_together():
    degrees, scale, shift = drawn({"affine_p": 0.3, "translate_width": 0.1, "translate_height": 0.2})
    turned, scaled, moved = degrees.abs() > 1e-3, (scale - 1).abs() > 1e-4, shift.abs().amax(1) > 1e-3
    assert share(turned) == pytest.approx(0.3, abs=0.03)
    assert share(turned == scaled) > 0.99
    assert share(turned == moved) > 0.99
    assert degrees.abs().max() <= 15.001
    assert 0.899 < scale[scaled].min() < 0.92
    assert 1.08 < scale[scaled].max() < 1.101
    assert 19 < shift[:, 0].abs().max() <= 20.01
    assert 19 < shift[:, 1].abs().max() <= 20.01


@pytest.mark.setting(
    "data_config.augmentation_config.geometric.translate_width",
    "data_config.augmentation_config.geometric.translate_height",
)
@pytest.mark.parametrize("axis", [0, 1])
def test_a_shift_keeps_its_limits_on_a_wide_image_that_is_turned_and_scaled(axis):
    limits = {"translate_width": 0.2 * (axis == 0), "translate_height": 0.2 * (axis == 1)}
    moves = {"affine_p": 1.0, "rotation_min": -180, "rotation_max": 180, "scale_min": 0.5, "scale_max": 2.0}
    images, centre = torch.zeros(500, 1, 50, 200, dtype=torch.uint8), torch.tensor([99.5, 24.5])
    _, moved = augmenter(geometric={**moves, **limits})(images, centre.expand(500, 1, 1, 2))
    way = (moved[:, 0, 0] - centre).abs().amax(dim=0)
    assert 0.95 * (40, 10)[axis] < way[axis] <= (40, 10)[axis] + 1e-3
    assert way[1 - axis] < 1e-3


def test_separate_chances_are_independent_and_switch_the_bundle_off():
    settings = {"affine_p": 1.0, "rotation_p": 0.5, "scale_p": 0.2, "translate_width": 0.1}
    degrees, scale, shift = drawn(settings)
    turned, scaled = degrees.abs() > 1e-3, (scale - 1).abs() > 1e-4
    assert share(turned) == pytest.approx(0.5, abs=0.04)
    assert share(scaled) == pytest.approx(0.2, abs=0.04)
    assert share(turned & scaled) == pytest.approx(0.1, abs=0.03)
    assert shift.abs().max() < 1e-3, "a chance left null is off"


def test_a_range_of_nothing_moves_nothing():
    settings = {"affine_p": 1.0, "rotation_min": 0.0, "rotation_max": 0.0, "scale_min": 1.0, "scale_max": 1.0}
    change = augmenter(geometric=settings)
    assert change._maps(change.draw_moves(100), height=10, width=10) is None


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"brightness_p": 1.0, "brightness_min": 0.5, "brightness_max": 0.5}, lambda v: v * 0.5),
        (
            {"brightness_p": 1.0, "brightness_min": 1.5, "brightness_max": 1.5},
            lambda v: (v * 1.5).clamp(0, 1),
        ),
        (
            {"contrast_p": 1.0, "contrast_min": 2.0, "contrast_max": 2.0},
            lambda v: ((v - 0.5) * 2 + 0.5).clamp(0, 1),
        ),
        (
            {"uniform_noise_p": 1.0, "uniform_noise_min": 0.1, "uniform_noise_max": 0.1},
            lambda v: (v + 0.1).clamp(0, 1),
        ),
        (
            {"gaussian_noise_p": 1.0, "gaussian_noise_mean": 0.2, "gaussian_noise_std": 0.0},
            lambda v: (v + 0.2).clamp(0, 1),
        ),
    ],
)
def test_intensity_changes_are_what_they_say(settings, expected):
    images = torch.rand(5, 3, 9, 11)
    shown, _ = augmenter(intensity=settings)(images, torch.zeros(5, 1, 1, 2))
    torch.testing.assert_close(shown, expected(images))


def test_noise_has_the_strength_that_was_asked_for():
    images = torch.full((4, 1, 64, 64), 0.5)
    points = torch.zeros(4, 1, 1, 2)
    settings = {"gaussian_noise_p": 1.0, "gaussian_noise_mean": 0.05, "gaussian_noise_std": 0.1}
    noise = augmenter(intensity=settings)(images, points)[0] - 0.5
    assert float(noise.mean()) == pytest.approx(0.05, abs=0.01)
    assert float(noise.std()) == pytest.approx(0.1, abs=0.01)
    settings = {"uniform_noise_p": 1.0, "uniform_noise_min": 0.1, "uniform_noise_max": 0.3}
    noise = augmenter(intensity=settings)(images, points)[0] - 0.5
    assert 0.0999 < float(noise.min()) < 0.105
    assert 0.295 < float(noise.max()) < 0.3001


def test_intensity_comes_before_geometry():
    images = torch.full((1, 1, 16, 16), 0.5)
    change = augmenter(
        intensity={"brightness_p": 1.0, "brightness_min": 2.0, "brightness_max": 2.0},
        geometric={"affine_p": 1.0, "rotation_min": 45, "rotation_max": 45},
    )
    shown = change(images, torch.zeros(1, 1, 1, 2))[0]
    assert float(shown[0, 0, 0, 0]) == 0.0, "the corners of a turned image are black, not brightened"
    assert float(shown[0, 0, 8, 8]) == pytest.approx(1.0)


def test_erasing_paints_one_plain_rectangle_of_the_wanted_size():
    images, points = torch.full((200, 3, 40, 60), 0.5), torch.rand(200, 1, 3, 2) * 30
    settings = {
        "erase_p": 0.5,
        "erase_scale_min": 0.05,
        "erase_scale_max": 0.05,
        "erase_ratio_min": 2.0,
        "erase_ratio_max": 2.0,
    }
    shown, moved = augmenter(geometric=settings)(images, points)
    assert torch.equal(moved, points)
    height, width = round(math.sqrt(0.05 * 2400 * 2)), round(math.sqrt(0.05 * 2400 / 2))
    erased = (shown != 0.5).any(dim=1)
    hit = erased.flatten(1).any(1)
    assert share(hit) == pytest.approx(0.5, abs=0.12)
    corners = set()
    for image, mask in zip(shown[hit], erased[hit], strict=True):
        rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
        assert (len(rows), len(columns)) == (height, width)
        assert int(mask.sum()) == height * width
        assert all(len(image[c][mask].unique()) == 1 for c in range(3))
        corners.add((int(rows[0]), int(columns[0])))
    assert len(corners) > 50


def painted(*, side, scale, ratio):
    """How many pixels erasing paints over on each of 50 square images."""
    settings = {
        "erase_p": 1.0,
        "erase_scale_min": scale,
        "erase_scale_max": scale,
        "erase_ratio_min": ratio,
        "erase_ratio_max": ratio,
    }
    shown, _ = augmenter(geometric=settings)(torch.full((50, 3, side, side), 0.5), torch.zeros(50, 1, 1, 2))
    return (shown != 0.5).any(dim=1).flatten(1).sum(dim=1)


@pytest.mark.setting(
    "data_config.augmentation_config.geometric.erase_scale_min",
    "data_config.augmentation_config.geometric.erase_scale_max",
)
@pytest.mark.parametrize("size", [(64, 64), (40, 160), (160, 40)])
@pytest.mark.parametrize("ratio", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("scale", [0.002, 0.01, 0.03, 0.5])
def test_erased_areas_are_right_on_average(size, ratio, scale):
    settings = {
        "erase_p": 1.0, "erase_scale_min": scale, "erase_scale_max": scale,
        "erase_ratio_min": ratio, "erase_ratio_max": ratio,
    }  # fmt: skip
    shown, _ = augmenter(geometric=settings)(torch.full((1000, 1, *size), 2.0), torch.zeros(1000, 1, 1, 2))
    assert (shown != 2.0).float().mean() == pytest.approx(scale, rel=0.025)


@pytest.mark.parametrize("ratio", [0.1, 1.0, 10.0])
def test_the_smallest_rectangle_is_still_a_pixel(ratio):
    assert (painted(side=64, scale=1e-6, ratio=ratio) >= 1).all()


@pytest.mark.parametrize("ratio", [0.25, 4.0])
def test_a_side_longer_than_the_image_leaves_its_area_to_the_other(ratio):
    count = painted(side=100, scale=0.5, ratio=ratio)
    assert (count >= 4800).all()
    assert (count <= 5000).all()


def test_mixing_blends_a_little_of_another_image_of_the_batch():
    images = torch.stack([torch.full((1, 4, 4), value) for value in (0.0, 0.4, 1.0)])
    points = torch.rand(3, 1, 2, 2)
    settings = {"mixup_p": 1.0, "mixup_lambda_min": 0.25, "mixup_lambda_max": 0.25}
    shown, moved = augmenter(geometric=settings)(images, points)
    assert torch.equal(moved, points)
    values = (0.0, 0.4, 1.0)
    for row, value in enumerate(values):
        wanted = [0.75 * value + 0.25 * other for i, other in enumerate(values) if i != row]
        assert any(torch.allclose(shown[row], torch.tensor(w), atol=1e-6) for w in wanted)
    alone, _ = augmenter(geometric=settings)(images[2:], points[2:])
    assert torch.equal(alone, images[2:])


def test_a_job_switches_augmentation_on_and_off():
    part = SimpleNamespace(intensity=None, geometric=SimpleNamespace(**OFF_GEOMETRIC))
    job = SimpleNamespace(use_augmentations_train=True, augmentation_config=part)
    assert Augmenter.from_job(job, seed=1).geometric is part.geometric
    assert (
        Augmenter.from_job(SimpleNamespace(use_augmentations_train=False, augmentation_config=part), seed=1)
        is None
    )
    assert (
        Augmenter.from_job(SimpleNamespace(use_augmentations_train=True, augmentation_config=None), seed=1)
        is None
    )


def test_the_settings_have_the_names_of_the_schema():
    from sleapnn_engine.config.schema.augment import AugmentationConfig, GeometricConfig, IntensityConfig
    from sleapnn_engine.config.schema.data import DataConfig

    assert set(attrs.asdict(IntensityConfig())) == set(OFF_INTENSITY)
    assert set(attrs.asdict(GeometricConfig())) == set(OFF_GEOMETRIC)
    config = DataConfig(
        augmentation_config=AugmentationConfig(intensity=IntensityConfig(), geometric=GeometricConfig())
    )
    change = Augmenter.from_job(config, seed=3)
    images = torch.rand(2, 1, 8, 8)
    assert change(images, torch.rand(2, 1, 2, 2) * 8)[0].shape == images.shape

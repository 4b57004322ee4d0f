"""Settings of images in pairs and more, on wide images: each truth is a formula written out here or a drawn dot found again."""

import itertools
import math
from typing import Any

import attrs
import numpy as np
import pytest
import torch
from torch import Tensor

from sleapnn_engine.data.augment import cut_margin, to_float
from sleapnn_engine.data.centroids import centroids
from sleapnn_engine.data.crops import auto_crop_size, crop_corners, crop_margin
from sleapnn_engine.data.frames import MemoryFrames
from sleapnn_engine.data.geometry import plan_input
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.data.samples import CropPlan, CropSamples
from tests.engine.data.scenes import dot_place, dots, label_set
from tests.engine.data.test_augment import augmenter

SIZES = [(96, 160), (50, 131), (131, 50)]
SIDES = [{}, {"max_height": 80}, {"max_width": 101}, {"max_height": 150, "max_width": 90}, {"max_height": 61, "max_width": 170}]  # fmt: skip
SCALES = [0.5, 0.37, 1.0, 1.6]


def places(size: tuple[int, int]) -> np.ndarray:
    """Two points (2, 2) x, y on an image of that size, off its middle lines and at least 20 px apart."""
    return np.array([(0.27, 0.3), (0.71, 0.64)]) * size[::-1] + 0.3


def canvas_of(size: tuple[int, int], sides: dict[str, int]) -> tuple[int, int]:
    """What an image is fitted into: the sides that are set; the other one as the image needs it."""
    height, width = sides.get("max_height"), sides.get("max_width")
    if height is None and width is None:
        return size
    if height is None:
        return math.ceil(size[0] * width / size[1]), width
    return height, math.ceil(size[1] * height / size[0]) if width is None else width


@pytest.mark.setting(
    "data_config.preprocessing.scale",
    "data_config.preprocessing.max_height",
    "data_config.preprocessing.max_width",
)
@pytest.mark.parametrize("stride", [1, 16, 32])
@pytest.mark.parametrize("size", SIZES)
def test_scale_sides_and_stride_together_put_an_image_where_the_formula_says(
    size: tuple[int, int], stride: int
) -> None:
    image, points = dots(places(size), height=size[0], width=size[1]), places(size)
    for sides, scale in itertools.product(SIDES, SCALES):
        case = f"{sides} scale {scale}"
        canvas = canvas_of(size, sides)
        fit = min(canvas[0] / size[0], canvas[1] / size[1]) if sides else 1.0
        matched = [min(round(side * fit), limit) for side, limit in zip(size, canvas, strict=True)]
        scaled = [int(side * scale) for side in canvas]
        plan = plan_input([(*size, 1)], scale=scale, max_stride=stride, **sides)
        shown = plan.render(image)[0].numpy()
        assert shown.shape == tuple(math.ceil(side / stride) * stride for side in scaled), case
        ratio = np.array([matched[a] / size[a] * scaled[a] / canvas[a] for a in (1, 0)])
        expected = (points + 0.5) * ratio - 0.5
        np.testing.assert_allclose(plan.sizing(size).to_input(points), expected, atol=1e-9, err_msg=case)
        for point in expected:
            found = dot_place(shown, point, reach=int(14 * ratio.max()) + 1)
            np.testing.assert_allclose(found, point, atol=0.12, err_msg=case)


def animals(size: tuple[int, int]) -> tuple[np.ndarray, LabelSet]:
    """One animal of two nodes in the middle of an image and one over its edge, as dots; (2, 2, 2) points and labels."""
    height, width = size
    points = np.array([[(width / 2 - 9.3, height / 2 - 7.4), (width / 2 + 8.6, height / 2 + 9.1)]])
    points = np.concatenate([points, points * 0 + [[(7.2, 9.4), (12.6, height - 10.3)]]])
    labels = label_set([dots(points.reshape(-1, 2), height=height, width=width, radius=2.5)], [points])
    frames = tuple(attrs.evolve(f, centers=f.points.mean(axis=1)) for f in labels.frames)
    return points, attrs.evolve(labels, frames=frames)


@pytest.mark.setting("data_config.preprocessing.crop_size", "data_config.preprocessing.scale")
@pytest.mark.parametrize("sides", [{}, {"max_height": 150}, {"max_height": 61, "max_width": 170}])
@pytest.mark.parametrize("size", SIZES)
def test_crops_of_any_size_scale_stride_and_margin_show_each_animal_where_its_points_are(
    size: tuple[int, int], sides: dict[str, int]
) -> None:
    points, labels = animals(size)
    store, found_again = MemoryFrames(labels, plan_input([(*size, 1)], **sides)), 0
    for side, scale, multiple, margin in itertools.product((41, 64, 160), (0.5, 1.0, 1.6), (1, 16), (0, 13)):
        samples = CropSamples(store, CropPlan(side=side, scale=scale, multiple=multiple, margin=margin))
        batch = samples.batch(torch.arange(2))
        images, moved = samples.finish(*cut_margin(to_float(batch.images), batch.points, margin=margin))
        case = f"side {side} scale {scale} multiple {multiple} margin {margin}"
        expected_side = math.ceil(int(side * scale) / multiple) * multiple
        assert images.shape == (2, 1, expected_side, expected_side), case
        ratio = int(side * scale) / side
        reach = max(int(11 * ratio * store.sizings[0].nominal), 3)
        middle = (ratio * side - 1) / 2
        for row in range(2):
            kept = torch.isfinite(moved[row, 0]).all(dim=-1).numpy()
            both = moved[row, 0].numpy()
            if kept.all():  # a whole pixel is the corner, so the middle is half a pixel off at most
                assert np.abs(both.mean(axis=0) - middle).max() <= 0.5 * ratio + 1e-3, case
            for node in np.flatnonzero(kept):
                alone = not kept.all() or np.linalg.norm(both[1] - both[0]) > 2 * reach
                if alone and min(both[node].min(), side * ratio - 1 - both[node].max()) > reach:
                    found = dot_place(images[row, 0].numpy(), both[node], reach=reach)
                    found_again += 1
                    np.testing.assert_allclose(found, both[node], atol=0.25, err_msg=case)
            back = samples.to_source(row, both + batch.shifts[row].numpy())
            np.testing.assert_allclose(back[kept], points[row][kept], atol=1e-2, err_msg=case)
    assert found_again >= 24


TURNS = (-180.0, -90.0, -31.0, 17.0, 45.0, 90.0)
SHARES = ((0.0, 0.0), (0.2, 0.0), (0.0, 0.2), (0.05, 0.3))


@pytest.mark.setting(
    "data_config.augmentation_config.geometric.rotation_*",
    "data_config.augmentation_config.geometric.scale_*",
    "data_config.augmentation_config.geometric.translate_*",
)
@pytest.mark.parametrize("bundled", [True, False])
@pytest.mark.parametrize("size", SIZES[:2])
def test_turn_scale_and_shift_together_are_the_turn_the_scale_and_the_shift_that_were_set(
    size: tuple[int, int], bundled: bool
) -> None:
    height, width = size
    middle, points = np.array([(width - 1) / 2, (height - 1) / 2]), places(size)
    images = torch.from_numpy(dots(points, height=height, width=width, radius=3.0)).permute(2, 0, 1)[None]
    chances = {"affine_p": 1.0} if bundled else {"rotation_p": 1.0, "scale_p": 1.0, "translate_p": 1.0}
    for degrees, scale, (across, down) in itertools.product(TURNS, (0.6, 1.0, 1.5), SHARES):
        settings = {
            "rotation_min": degrees, "rotation_max": degrees, "scale_min": scale, "scale_max": scale,
            "translate_width": across, "translate_height": down, **chances,
        }  # fmt: skip
        count, case = 8, str(settings)
        given = torch.from_numpy(points).float().expand(count, 1, 2, 2)
        given = torch.cat([given, torch.from_numpy(middle).float().expand(count, 1, 1, 2)], dim=2)
        shown, moved = augmenter(geometric=settings)(images.expand(count, -1, -1, -1), given)
        shift = (moved[:, 0, 2] - torch.from_numpy(middle)).numpy()
        assert (np.abs(shift) <= np.array([across * width, down * height]) + 1e-3).all(), case
        assert (np.ptp(shift, axis=0) > 0.2 * np.array([across * width, down * height])).tolist() == [
            across > 0, down > 0,
        ], case  # fmt: skip
        turn = np.deg2rad(degrees)
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * scale
        expected = (points - middle) @ turned.T + middle + shift[:, None]
        inside = ((expected >= -0.5) & (expected <= np.array([width, height]) - 0.5)).all(axis=-1)
        assert (torch.isfinite(moved[:, 0, :2]).all(dim=-1).numpy() == inside).all(), case
        np.testing.assert_allclose(moved[:, 0, :2].numpy()[inside], expected[inside], atol=1e-2, err_msg=case)
        reach = int(9 * scale) + 1
        clear = (
            (expected >= reach) & (expected <= np.array([width, height]) - 1 - reach)
        ).all(axis=-1) & (np.linalg.norm((expected[:, 0] - expected[:, 1]), axis=-1)[:, None] > 2.2 * reach)  # fmt: skip
        for row, node in zip(*np.nonzero(clear), strict=True):
            found = dot_place(shown[row, 0].numpy(), expected[row, node], reach=reach)
            np.testing.assert_allclose(found, expected[row, node], atol=0.3, err_msg=case)


NOISES: dict[str, tuple[dict[str, float], float, float]] = {
    "uniform": ({"uniform_noise_p": 1.0, "uniform_noise_max": 0.2}, 0.1, 0.2 / math.sqrt(12)),
    "gaussian": ({"gaussian_noise_p": 1.0, "gaussian_noise_mean": 0.05, "gaussian_noise_std": 0.03}, 0.05, 0.03),
}  # fmt: skip


@pytest.mark.setting("data_config.preprocessing.ensure_rgb", "data_config.preprocessing.ensure_grayscale")
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("ensure", [{}, {"ensure_rgb": True}, {"ensure_grayscale": True}])
@pytest.mark.parametrize("colour", [(90,), (40, 120, 80)])
def test_forced_colours_and_noise_together_have_the_channels_and_the_noise_that_were_set(
    colour: tuple[int, ...], ensure: dict[str, bool], noise: str
) -> None:
    image = np.full((50, 131, len(colour)), colour, np.uint8)
    plan = plan_input([image.shape], max_stride=32, **ensure)
    if len(colour) == 3 and "ensure_grayscale" in ensure:
        expected = [round(0.299 * 40 + 0.587 * 120 + 0.114 * 80)]
    else:
        expected = list(colour) * (3 if "ensure_rgb" in ensure and len(colour) == 1 else 1)
    settings, mean, spread = NOISES[noise]
    pictures = torch.tensor([[0, 0, 50, 131]]).expand(4, 4)
    images = plan.render(image).expand(4, -1, -1, -1)
    shown, _ = augmenter(intensity=settings)(images, torch.zeros(4, 1, 1, 2), pictures=pictures)
    assert shown.shape == (4, len(expected), 64, 160)
    assert not shown[..., 50:, :].any()
    assert not shown[..., 131:].any()
    for channel, value in enumerate(expected):
        seen = shown[:, channel, :50, :131] - value / 255
        assert float(seen.mean()) == pytest.approx(mean, abs=0.002)
        assert float(seen.std()) == pytest.approx(spread, rel=0.03)


def bodies() -> Tensor:
    """(12, 4, 2) animals of very different sizes on wide frames, some with parts that are not seen."""
    chance = np.random.default_rng(7)
    shapes = chance.uniform(-1, 1, (12, 4, 2)) * chance.uniform(5, [70, 25], (12, 1, 2))
    points = shapes + chance.uniform([40, 20], [120, 70], (12, 1, 2))
    points[::3, 2] = np.nan
    return torch.from_numpy(points)


@pytest.mark.setting("data_config.preprocessing.min_crop_size", "data_config.preprocessing.crop_padding")
@pytest.mark.parametrize("anchor", [None, 0, 2])
def test_least_size_room_anchor_and_stride_together_give_the_smallest_crop_that_holds_all(
    anchor: int | None,
) -> None:
    points = bodies()
    centers = centroids(points, anchor=anchor)
    reach = float((points - centers[:, None]).abs().nan_to_num(0).max())
    for least, room, stride in itertools.product((None, 32, 100, 250), (0, 10, 77), (1, 8, 32)):
        case = f"least {least} room {room} stride {stride}"
        side = auto_crop_size(
            points.numpy(), centers.numpy(), max_stride=stride, min_crop_size=least, crop_padding=room
        )
        wanted = max(2 * reach + room, least or 0)
        assert side % stride == 0, case
        assert wanted <= side < wanted + stride, case
        places = points - crop_corners(centers, size=side)[:, None]
        # The corner is a whole pixel: without any room a part may stand on the very edge.
        assert float((places - (side - 1) / 2).abs().nan_to_num(0).max()) <= (side - room) / 2 + 0.5, case


@pytest.mark.setting("data_config.preprocessing.crop_padding")
@pytest.mark.parametrize("share", [(0.0, 0.0), (0.1, 0.0), (0.05, 0.2)])
@pytest.mark.parametrize("least", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("degrees", [0.0, 30.0, 180.0])
def test_a_margin_leaves_no_false_border_for_turn_scale_and_shift_together(
    degrees: float, least: float, share: tuple[float, float]
) -> None:
    settings: dict[str, Any] = {
        "affine_p": 1.0, "rotation_min": -degrees, "rotation_max": degrees, "scale_min": least, "scale_max": 1.3,
        "translate_width": share[0], "translate_height": share[1],
    }  # fmt: skip
    change = augmenter(seed=3, geometric=settings)
    margin = crop_margin(48, geometric=change.geometric)
    white = torch.full((300, 1, 48 + 2 * margin, 48 + 2 * margin), 255, dtype=torch.uint8)
    shown, _ = change(white, torch.zeros(300, 1, 1, 2), margin=margin)
    assert shown.shape == (300, 1, 48, 48)
    assert (shown == 1.0).all()

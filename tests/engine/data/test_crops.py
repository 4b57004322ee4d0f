"""Crops are exact to the pixel, and large enough."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sleapnn_engine.data.centroids import centroids
from sleapnn_engine.data.crops import auto_crop_size, crop_corners, cut_crops
from tests.engine.data.opened import open_labels
from tests.engine.data.scenes import dot_place, dots


@pytest.mark.parametrize("size", [8, 9])
def test_crops_are_the_pixels_of_the_image_and_zero_outside(size):
    images = torch.randint(1, 256, (3, 2, 30, 40), dtype=torch.uint8)
    centers = torch.tensor([[20.0, 15.0], [0.0, 0.0], [39.2, 29.9], [-50.0, 10.0], [13.49, 7.51]])
    rows = torch.tensor([0, 2, 1, 1, 0])
    corners = crop_corners(centers, size=size)
    crops = cut_crops(images, corners, rows, size=size)
    assert crops.shape == (5, 2, size, size)
    assert crops.dtype == torch.uint8
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (100, 100), (100, 100)))
    for crop, (x, y), row in zip(crops.numpy(), corners.tolist(), rows.tolist(), strict=True):
        np.testing.assert_array_equal(
            crop, padded[row, :, y + 100 : y + 100 + size, x + 100 : x + 100 + size]
        )
    middle = corners + (size - 1) / 2
    assert (middle - centers).abs().max() <= 0.5


def test_a_dot_stays_under_its_point_in_a_crop():
    point = np.array([[51.3, 40.8]])
    image = torch.from_numpy(dots(point, height=90, width=100)).permute(2, 0, 1)[None]
    corners = crop_corners(torch.tensor([[48.7, 44.2]]), size=40)
    crops = cut_crops(image, corners, torch.tensor([0]), size=40)
    place = point[0] - corners[0].numpy()
    np.testing.assert_allclose(dot_place(crops[0, 0].numpy(), place), place, atol=0.02)


def test_a_crop_without_a_centre_is_refused():
    with pytest.raises(ValueError, match="finite"):
        crop_corners(torch.tensor([[math.nan, 1.0]]), size=4)


ANIMAL = np.array([[0.0, 0.0], [60.0, 0.0], [np.nan, np.nan], [np.inf, 3.0]])
CENTER = np.array([30.0, 0.0])


def geometric(**changes):
    settings = {
        "rotation_min": -15.0, "rotation_max": 15.0, "scale_min": 0.9, "scale_max": 1.5, "affine_p": 0.0,
        "rotation_p": None, "scale_p": None, "translate_p": None,
    }  # fmt: skip
    return SimpleNamespace(**{**settings, **changes})


@pytest.mark.parametrize(
    ("settings", "side"),
    [
        ({"min_crop_size": None, "crop_padding": 0}, 64),
        ({"min_crop_size": None, "crop_padding": 10}, 80),
        ({"min_crop_size": 100, "crop_padding": 0}, 112),
        ({"min_crop_size": 100, "crop_padding": 20}, 112),
        ({"min_crop_size": 64, "crop_padding": 0}, 64),
        ({"min_crop_size": 100}, 112),
        ({"min_crop_size": 20, "geometric": geometric()}, 64),
        ({"min_crop_size": 20, "geometric": geometric(scale_p=1.0)}, 96),
        ({"min_crop_size": 20, "geometric": geometric(affine_p=1.0, scale_p=1.0)}, 96),
        ({"min_crop_size": 20, "geometric": geometric(rotation_p=1.0, rotation_max=180.0)}, 96),
        ({"min_crop_size": 20, "geometric": geometric(affine_p=0.5, rotation_max=180.0)}, 128),
    ],
)
def test_the_automatic_crop_holds_the_largest_animal(settings, side):
    assert auto_crop_size([ANIMAL, ANIMAL / 2], [CENTER, CENTER / 2], max_stride=16, **settings) == side


def test_the_automatic_crop_counts_from_its_centre():
    assert auto_crop_size([ANIMAL], [np.zeros(2)], max_stride=16, min_crop_size=None, crop_padding=0) == 128


def test_reach_counts_along_an_axis_as_a_square_does():
    animal = np.array([[60.0, 40.0], [0.0, 0.0]])
    assert auto_crop_size([animal], [np.zeros(2)], max_stride=4, min_crop_size=None, crop_padding=0) == 120


@pytest.mark.interop
def test_real_flies_get_the_crop_that_sleap_nn_gives_them(shared_data):
    labels = open_labels([shared_data / "flies13_pair" / "train.pkg.slp"])
    animals = np.concatenate([frame.points for frame in labels.frames])
    centers = centroids(torch.from_numpy(animals), anchor=labels.nodes.index("thorax")).numpy()
    changes = geometric(rotation_p=1.0, scale_p=1.0, scale_max=1.1)
    assert auto_crop_size(animals, centers, max_stride=16, geometric=changes) == 112


def test_an_animal_of_one_point_still_gets_a_crop():
    assert auto_crop_size([ANIMAL[:1]], [ANIMAL[0]], max_stride=16, min_crop_size=None, crop_padding=0) == 16

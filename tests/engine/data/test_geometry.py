"""Resizing, padding and colour, and that a rendered dot stays under its point all the way."""

import numpy as np
import pytest
import torch

from sleapnn_engine.data.geometry import plan_input, resize_image, to_channels
from tests.engine.data.scenes import dot_place, dots

POINTS = np.array([[30.0, 25.0], [97.3, 61.7], [150.6, 120.2], [31.4, 128.9]])
PLANS = [
    {"scale": 1.0},
    {"scale": 0.5},
    {"scale": 0.37},
    {"scale": 1.6},
    {"max_height": 120},
    {"max_width": 300},
    {"max_height": 200, "max_width": 160},
    {"max_height": 333, "max_width": 444, "scale": 0.6},
    {"max_height": 101, "scale": 0.75, "max_stride": 32},
]


@pytest.mark.parametrize("settings", PLANS)
@pytest.mark.parametrize("size", [(160, 180), (161, 187)])
def test_a_dot_stays_under_its_point(settings, size):
    image = dots(POINTS, height=size[0], width=size[1])
    plan = plan_input([(*size, 1)], **settings)
    shown = plan.render(image)[0].numpy()
    placed = plan.sizing(size).to_input(POINTS)
    for point in placed:
        reach = int(14 * plan.sizing(size).nominal) + 1
        np.testing.assert_allclose(dot_place(shown, point, reach=reach), point, atol=0.06)


def test_scaling_points_by_the_factor_alone_would_miss_the_dot():
    image = dots(POINTS, height=160, width=180)
    plan = plan_input([(160, 180, 1)], scale=0.5)
    shown = plan.render(image)[0].numpy()
    found = np.array([dot_place(shown, point * 0.5, reach=8) for point in POINTS])
    np.testing.assert_allclose(found - POINTS * 0.5, -0.25, atol=0.06)
    assert plan.sizing((160, 180)).target_shift.tolist() == [0.25, 0.25]


@pytest.mark.parametrize("settings", PLANS)
@pytest.mark.parametrize("size", [(160, 180), (161, 187)])
def test_points_come_back_from_the_network_input(settings, size):
    sizing = plan_input([(*size, 1)], **settings).sizing(size)
    placed = sizing.to_input(POINTS)
    np.testing.assert_allclose(sizing.to_source(placed, shifted=False), POINTS, atol=1e-9)
    np.testing.assert_allclose(sizing.to_source(placed + sizing.target_shift), POINTS, atol=1e-9)


def test_targets_lie_where_the_family_draws_them():
    sizing = plan_input([(160, 180, 1)], max_height=320, scale=0.25).sizing((160, 180))
    np.testing.assert_allclose(sizing.to_input(POINTS) + sizing.target_shift, POINTS * 2 * 0.25, atol=1e-9)
    np.testing.assert_allclose(sizing.to_source(POINTS), POINTS / 0.5, atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "canvas", "network"),
    [
        ({}, (100, 150), (100, 150)),
        ({"max_stride": 16}, (100, 150), (112, 160)),
        ({"scale": 0.29}, (100, 150), (28, 43)),  # int(100 * 0.29) is 28, as in the family
        ({"max_height": 50}, (50, 75), (50, 75)),
        ({"max_width": 300}, (200, 300), (200, 300)),
        ({"max_height": 50, "max_width": 100}, (50, 100), (50, 100)),
        ({"max_height": 50, "max_width": 100, "scale": 0.5, "max_stride": 8}, (50, 100), (32, 56)),
    ],
)
def test_sizes_follow_the_settings(settings, canvas, network):
    plan = plan_input([(100, 150, 1)], **settings)
    assert plan.canvas == canvas
    assert (plan.height, plan.width) == network
    assert plan.render(np.full((100, 150, 1), 7, np.uint8)).shape == (1, *network)


def test_the_aspect_is_kept_and_the_rest_is_zero_below_and_to_the_right():
    plan = plan_input([(100, 150, 1)], max_height=60, max_width=60, max_stride=64)
    shown = plan.render(np.full((100, 150, 1), 200, np.uint8))[0].numpy()
    assert (shown[:40, :60] == 200).all()
    assert shown[40:].max() == shown[:, 60:].max() == 0


def test_without_a_size_smaller_images_are_padded_and_keep_their_pixels():
    plan = plan_input([(30, 40, 1), (20, 50, 1)], max_stride=8)
    assert (plan.canvas, plan.resize) == ((30, 50), False)
    image = np.random.default_rng(0).integers(0, 256, (20, 40, 1), dtype=np.uint8)
    np.testing.assert_array_equal(plan.render(image)[0, :20, :40].numpy(), image[..., 0])
    assert "2 sizes (50×20, 40×30 px): padded to 50×30 px" in plan.warnings[0]


def test_an_image_larger_than_those_of_training_is_made_to_fit():
    plan = plan_input([(30, 40, 1)])
    sizing = plan.sizing((60, 60))
    assert sizing.matched == (30, 30)
    assert plan.render(np.zeros((60, 60, 1), np.uint8)).shape == (1, 30, 40)


def test_channels_follow_the_images_unless_forced():
    sizes = {"gray": [(8, 8, 1)], "colour": [(8, 8, 3)], "both": [(8, 8, 1), (8, 8, 3)]}
    assert plan_input(sizes["gray"]).channels == 1
    assert plan_input(sizes["colour"]).channels == 3
    mixed = plan_input(sizes["both"])
    assert mixed.channels == 3
    assert "all become colour" in mixed.warnings[0]
    assert plan_input(sizes["both"], ensure_grayscale=True).channels == 1
    assert plan_input(sizes["gray"], ensure_rgb=True).channels == 3


def test_gray_is_the_luma_and_colour_repeats_gray():
    colours = torch.tensor(
        [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [10, 200, 90]], dtype=torch.uint8
    )
    image = colours.T.reshape(3, 1, 5)
    assert to_channels(image, channels=1).flatten().tolist() == [76, 150, 29, 255, 131]
    gray = torch.arange(6, dtype=torch.uint8).reshape(1, 2, 3)
    assert torch.equal(to_channels(gray, channels=3), gray.expand(3, 2, 3))


@pytest.mark.parametrize(
    "settings", [{"ensure_rgb": True, "ensure_grayscale": True}, {"scale": 0}, {"scale": float("nan")}]
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError):
        plan_input([(8, 8, 1)], **settings)
    with pytest.raises(ValueError):
        plan_input([])


def test_shrinking_is_antialiased():
    stripes = np.zeros((64, 64, 1), np.uint8)
    stripes[:, ::4] = 255
    shown = plan_input([(64, 64, 1)], scale=0.25).render(stripes).float()
    assert (shown[..., 2:-2] - 255 / 4).abs().max() < 10


@pytest.mark.parametrize("shade", [(7,), (10, 128, 255)])
@pytest.mark.parametrize("size", [(1, 1), (1, 3), (2, 1)])
def test_an_image_of_one_shade_keeps_it_down_to_a_single_pixel(shade, size):
    image = torch.tensor(shade, dtype=torch.uint8)[:, None, None].expand(-1, 40, 30)
    small = resize_image(image, size)
    assert small.dtype == torch.uint8
    assert torch.equal(small, image[:, : size[0], : size[1]])


def test_images_smaller_than_the_largest_stride_are_told():
    plan = plan_input([(20, 24, 1)], scale=0.5, max_stride=16)
    assert (plan.height, plan.width) == (16, 16)
    assert plan.warnings == (
        "The network sees images of 12×10 px, less than its largest stride: padded to 16×16 px.",
    )
    assert plan_input([(20, 40, 1)], scale=0.5, max_stride=16).warnings == ()

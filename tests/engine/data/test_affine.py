"""Two ways to move images, OpenCV's and torch's, against scipy's: channel by channel, image by image."""

import cv2
import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from sleapnn_engine.data import affine
from sleapnn_engine.data.affine import affine_matrices, move_by_grid, move_images

HEIGHT, WIDTH, EDGE = 40, 52, 3


def maps() -> Tensor:
    """Three maps, each with a turn, a scale and a shift of its own: (3, 2, 3)."""
    return affine_matrices(
        degrees=np.array([33.0, -80.0, 170.0]),
        scale=np.array([1.15, 0.8, 1.0]),
        shift=np.array([[3.2, -6.1], [0.0, 4.4], [-7.7, 0.5]]),
    )


def scenes(channels: int) -> np.ndarray:
    """Smooth noise (3, channels, HEIGHT, WIDTH), every channel of every image another."""
    noise = np.random.default_rng(channels).random((3, channels, HEIGHT, WIDTH))
    return ndimage.gaussian_filter(noise, (0, 0, 2, 2))


def by_scipy(image: np.ndarray, matrix: Tensor) -> np.ndarray:
    """One channel (HEIGHT, WIDTH) moved by a (2, 3) matrix about the middle of the image, black outside."""
    full = np.vstack([matrix.double().numpy(), [0, 0, 1]])
    centre = np.array([[1, 0, (WIDTH - 1) / 2], [0, 1, (HEIGHT - 1) / 2], [0, 0, 1]])
    back = np.linalg.inv(centre @ full @ np.linalg.inv(centre))
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])  # scipy counts rows first
    return ndimage.affine_transform(image, swap @ back @ swap, order=1, mode="grid-constant")


def interior(images: Tensor | np.ndarray) -> np.ndarray:
    return np.asarray(images)[..., EDGE:-EDGE, EDGE:-EDGE]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("move", [move_images, move_by_grid])
def test_every_channel_moves_as_scipy_moves_it(move, channels) -> None:
    images, matrices = scenes(channels), maps()
    moved = move(torch.from_numpy(images).float(), matrices)
    expected = np.stack(
        [
            [by_scipy(channel, matrix) for channel in image]
            for image, matrix in zip(images, matrices, strict=True)
        ]
    )
    np.testing.assert_allclose(interior(moved), interior(expected), atol=1e-3)
    apart = np.abs(interior(expected)[:, [0]] - interior(expected)[:, [-1]]).max()
    assert channels == 1 or apart > 0.05, "a channel in the place of another would be seen"


@pytest.mark.parametrize("channels", [1, 3])
def test_both_ways_agree_with_a_margin_too(channels) -> None:
    images, matrices = torch.from_numpy(scenes(channels)).float(), maps()
    by_grid = move_by_grid(images, matrices)
    np.testing.assert_allclose(interior(move_images(images, matrices)), interior(by_grid), atol=1e-3)
    inner = move_images(images, matrices, margin=EDGE)
    assert inner.shape == (3, channels, HEIGHT - 2 * EDGE, WIDTH - 2 * EDGE)
    np.testing.assert_allclose(inner, interior(by_grid), atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("most", [0, HEIGHT * WIDTH * 3])
def test_bytes_become_what_opencv_makes_of_bytes_however_they_are_moved(channels, most, monkeypatch) -> None:
    monkeypatch.setattr(affine, "_AS_FLOATS", most)
    images, matrices = torch.from_numpy((scenes(channels) * 255).round().astype(np.uint8)), maps()
    moved = move_images(images, matrices)
    by_grid = interior(move_by_grid(images.float(), matrices))
    np.testing.assert_allclose(interior(moved) * 255, by_grid, atol=1.0, err_msg="each colour in its channel")
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    for image, matrix, found in zip(images, matrices.double().numpy(), moved, strict=True):
        matrix[:, 2] += middle - matrix[:, :2] @ middle
        source = np.ascontiguousarray(image.numpy().transpose(1, 2, 0))
        shown = cv2.warpAffine(source, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        expected = torch.from_numpy(shown.reshape(HEIGHT, WIDTH, channels)).permute(2, 0, 1) / 255.0
        assert torch.equal(found, expected)

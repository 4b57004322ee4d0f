"""Peaks of maps whose truth is known, at the middle, at the edge, with noise, and where there is nothing."""

import math

import numpy as np
import pytest
import torch

from sleapnn_engine.decoding.peaks import global_peaks
from sleapnn_engine.heads.confmaps import confidence_maps


def maps_of(points, *, sigma=1.5, stride=4, height=64, width=80):
    return confidence_maps(torch.tensor(points), height=height, width=width, stride=stride, sigma=sigma)


def inner_points(batch=16, nodes=5, seed=0):
    return np.random.default_rng(seed).uniform([14, 14], [62, 46], (batch, 1, nodes, 2))


@pytest.mark.parametrize("sigma", [0.8, 1.5, 2.5, 5.0])
def test_the_fit_is_exact_for_any_width(sigma):
    points = inner_points()
    found, scores = global_peaks(maps_of(points, sigma=sigma), stride=4, refinement="quadratic")
    np.testing.assert_allclose(found.numpy(), points[:, 0], atol=0.02)
    assert (scores > 0.7).all()


def test_the_centre_of_mass_follows_its_definition():
    maps = maps_of(inner_points(batch=3, nodes=2), sigma=2.0)
    found, _ = global_peaks(maps, stride=4)
    for b, n in np.ndindex(3, 2):
        values = np.pad(maps[b, n].numpy(), 2)
        y, x = np.unravel_index(values.argmax(), values.shape)
        patch = values[y - 2 : y + 3, x - 2 : x + 3]
        d = np.arange(-2, 3)
        expected = np.array(
            [x - 2 + (patch.sum(0) * d).sum() / patch.sum(), y - 2 + (patch.sum(1) * d).sum() / patch.sum()]
        )
        np.testing.assert_allclose(found[b, n].numpy(), expected * 4, atol=1e-4)


@pytest.mark.parametrize("refinement", [None, "integral", "quadratic"])
def test_refinement_never_leaves_the_neighbourhood_of_the_cell(refinement):
    maps = torch.rand(8, 4, 12, 15) - 0.3
    found, scores = global_peaks(maps, refinement=refinement, threshold=-1)
    cells, values = global_peaks(maps, refinement=None, threshold=-1)
    assert torch.equal(scores, values)
    assert torch.equal(scores, maps.flatten(2).amax(2))
    if refinement == "quadratic":
        assert (found - cells).abs().max() <= 1


def test_without_refinement_points_are_cells_times_the_stride():
    maps = torch.zeros(1, 2, 6, 7)
    maps[0, 0, 4, 5] = 1.0
    maps[0, 1, 0, 0] = 0.5
    found, scores = global_peaks(maps, stride=8, refinement=None)
    assert found.tolist() == [[[40.0, 32.0], [0.0, 0.0]]]
    assert scores.tolist() == [[1.0, 0.5]]


def test_refinement_improves_on_cells_under_noise():
    points = inner_points(batch=40)
    maps = maps_of(points, sigma=1.5)
    noisy = maps + 0.01 * torch.randn(maps.shape, generator=torch.Generator().manual_seed(0))
    errors = {
        kind: float(
            np.linalg.norm(
                global_peaks(noisy, stride=4, refinement=kind)[0].numpy() - points[:, 0], axis=-1
            ).mean()
        )
        for kind in (None, "integral", "quadratic")
    }
    assert errors["quadratic"] < errors["integral"] < errors[None]
    assert errors["quadratic"] < 0.3


@pytest.mark.parametrize("refinement", ["integral", "quadratic"])
def test_peaks_at_the_edge_stay_close_to_it(refinement):
    points = np.array([[[[0.0, 0.0], [76.0, 60.0], [0.0, 60.0], [38.0, 0.0]]]])
    found, _ = global_peaks(maps_of(points), stride=4, refinement=refinement)
    assert np.abs(found.numpy() - points[:, 0]).max() <= 4.0


def test_faint_maps_give_no_point():
    maps = torch.stack([torch.full((5, 6), 0.1), torch.full((5, 6), math.nan), torch.full((5, 6), -3.0)])[
        None
    ]
    for refinement in (None, "integral", "quadratic"):
        found, scores = global_peaks(maps, refinement=refinement)
        assert torch.isnan(found).all()
        assert scores.tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_tiny_maps_and_low_precision_work(size):
    maps = torch.zeros(1, 1, *size, dtype=torch.bfloat16)
    maps[..., -1, -1] = 1
    for refinement in (None, "integral", "quadratic"):
        found, _ = global_peaks(maps, refinement=refinement)
        assert found.dtype == torch.float32
        assert (found - torch.tensor([size[1] - 1.0, size[0] - 1.0])).abs().max() <= 1

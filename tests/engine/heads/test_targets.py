"""Targets against slow references written straight from their definitions."""

import math

import numpy as np
import pytest
import torch

from sleapnn_engine.data.centroids import centroids
from sleapnn_engine.heads.class_maps import class_maps
from sleapnn_engine.heads.class_vectors import class_vectors
from sleapnn_engine.heads.confmaps import confidence_maps
from sleapnn_engine.heads.gaussians import map_size
from sleapnn_engine.heads.pafs import part_affinity_fields
from sleapnn_engine.heads.patch_indexing import NOTHING

RANDOM = np.random.default_rng(0)
NAN = math.nan


def some_points(batch=2, animals=3, nodes=4, height=40, width=56):
    points = RANDOM.uniform([-3, -3], [width + 3, height + 3], (batch, animals, nodes, 2))
    points[0, 1, 2] = NAN
    points[1, 2] = NAN
    return points


def slow_confidence(points, height, width, stride, sigma):
    rows, columns = math.ceil(height / stride), math.ceil(width / stride)
    out = np.zeros((points.shape[0], points.shape[2], rows, columns))
    for b, i, n in np.ndindex(*points.shape[:3]):
        x, y = points[b, i, n]
        if np.isnan(x):
            continue
        for r in range(rows):
            for c in range(columns):
                distance = (c * stride - x) ** 2 + (r * stride - y) ** 2
                out[b, n, r, c] = max(out[b, n, r, c], math.exp(-distance / (2 * (sigma * stride) ** 2)))
    return out


@pytest.mark.parametrize(("stride", "sigma"), [(1, 2.5), (2, 1.5), (4, 5.0), (3, 0.8), (1, 0.4), (1, 0.7)])
@pytest.mark.parametrize("animals", [1, 3])
def test_confidence_maps_agree_with_the_definition(stride, sigma, animals):
    points = some_points(animals=3)[:, :animals]
    maps = confidence_maps(torch.tensor(points), height=40, width=55, stride=stride, sigma=sigma)
    np.testing.assert_allclose(maps.numpy(), slow_confidence(points, 40, 55, stride, sigma), atol=NOTHING)


def test_single_precision_is_enough():
    points = some_points()
    maps = confidence_maps(torch.tensor(points).float(), height=40, width=55, stride=2, sigma=2.0)
    assert maps.dtype == torch.float32
    np.testing.assert_allclose(maps.numpy(), slow_confidence(points, 40, 55, 2, 2.0), atol=1e-5)


def test_a_cell_stands_for_its_number_times_the_stride():
    points = torch.tensor([[[[12.0, 8.0]]]])
    maps = confidence_maps(points, height=32, width=32, stride=4, sigma=1.0)
    assert maps.shape == (1, 1, 8, 8)
    assert float(maps[0, 0, 2, 3]) == 1.0
    assert float(maps[0, 0, 2, 4]) == pytest.approx(math.exp(-0.5))
    assert map_size(33, 31, stride=4) == (9, 8)


def test_missing_points_leave_zeros():
    maps = confidence_maps(torch.full((2, 2, 3, 2), NAN), height=16, width=16, stride=2, sigma=2.0)
    assert not maps.any()


def slow_fields(points, edges, height, width, stride, sigma):
    rows, columns = math.ceil(height / stride), math.ceil(width / stride)
    out = np.zeros((len(points), 2 * len(edges), rows, columns))
    for b, i, e in np.ndindex(points.shape[0], points.shape[1], len(edges)):
        a, z = points[b, i, edges[e][0]], points[b, i, edges[e][1]]
        length = np.linalg.norm(z - a)
        if not length > 0:
            continue
        for r in range(rows):
            for c in range(columns):
                here = np.array([c * stride, r * stride])
                along = min(max(np.dot(here - a, z - a) / max(length**2, 1), 0), 1)
                squared = ((here - a - along * (z - a)) ** 2).sum()
                weight = math.exp(-(squared**2) / (2 * sigma**2))
                out[b, 2 * e : 2 * e + 2, r, c] += weight * (z - a) / length
    return out


@pytest.mark.parametrize(("stride", "sigma"), [(2, 15.0), (4, 50.0)])
def test_affinity_fields_agree_with_the_definition(stride, sigma):
    points, edges = some_points(), [(0, 1), (1, 2), (3, 0)]
    fields = part_affinity_fields(
        torch.tensor(points), torch.tensor(edges), height=40, width=55, stride=stride, sigma=sigma
    )
    np.testing.assert_allclose(fields.numpy(), slow_fields(points, edges, 40, 55, stride, sigma), atol=1e-10)


def test_edges_without_length_or_end_add_nothing():
    points = torch.tensor([[[[5.0, 5.0], [5.0, 5.0], [NAN, NAN]]]])
    fields = part_affinity_fields(
        points, torch.tensor([(0, 1), (1, 2)]), height=16, width=16, stride=2, sigma=15.0
    )
    assert fields.shape == (1, 4, 8, 8)
    assert not fields.any()


def test_an_edge_shorter_than_a_pixel_points_its_way():
    points = torch.tensor([[[[5.0, 5.0], [5.4, 5.0]]]])
    fields = part_affinity_fields(points, torch.tensor([(0, 1)]), height=16, width=16, stride=1, sigma=15.0)
    assert torch.isfinite(fields).all()
    assert float(fields[0, 0, 5, 5]) == pytest.approx(1.0)
    assert not fields[0, 1].any()


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0], [2, 0, 1]])
def test_class_maps_show_each_animal_in_its_own_class(order):
    places = torch.tensor([[10.0, 10.0], [40.0, 10.0], [25.0, 40.0]])
    maps = class_maps(
        places.view(1, 3, 1, 2), torch.tensor([order]), classes=3, height=56, width=56, stride=2, sigma=3.0
    )
    assert maps.shape == (1, 3, 28, 28)
    for animal, class_index in enumerate(order):
        x, y = (places[animal] / 2).long().tolist()
        values = maps[0, :, y, x].tolist()
        assert values[class_index] == pytest.approx(1.0, abs=0.01)
        assert sum(values) - values[class_index] < 0.01


def slow_classes(points, tracks, classes, height, width, stride, sigma):
    claims = np.stack(
        [
            slow_confidence(points[:, i : i + 1], height, width, stride, sigma).max(1)
            for i in range(points.shape[1])
        ],
        1,
    )
    out = np.zeros((len(points), classes, *claims.shape[2:]))
    for b, i in np.ndindex(points.shape[:2]):
        with np.errstate(invalid="ignore"):
            weight = np.where(claims[b, i] > 0.2, claims[b, i] / claims[b].sum(0), 0)
        if 0 <= tracks[b, i] < classes:
            out[b, tracks[b, i]] = np.maximum(out[b, tracks[b, i]], weight)
    return out


def test_class_maps_agree_with_the_definition():
    points, tracks = some_points(), np.array([[2, 0, -1], [1, 1, 0]])
    maps = class_maps(
        torch.tensor(points), torch.tensor(tracks), classes=3, height=40, width=55, stride=4, sigma=2.0
    )
    np.testing.assert_allclose(maps.numpy(), slow_classes(points, tracks, 3, 40, 55, 4, 2.0), atol=1e-10)


def test_class_vectors_are_zero_without_a_track():
    vectors = class_vectors(torch.tensor([[1, -1], [0, 7]]), classes=3)
    assert vectors.tolist() == [[[0, 1, 0], [0, 0, 0]], [[1, 0, 0], [0, 0, 0]]]


def test_centroids_take_the_anchor_or_the_middle_of_the_box():
    animals = torch.tensor(
        [
            [[0.0, 0.0], [10.0, 4.0], [2.0, 20.0]],
            [[NAN, NAN], [10.0, 4.0], [2.0, 20.0]],
            [[NAN, NAN], [NAN, NAN], [NAN, NAN]],
        ]
    )
    middle = centroids(animals)
    assert middle[:2].tolist() == [[5.0, 10.0], [6.0, 12.0]]
    assert torch.isnan(middle[2]).all()
    anchored = centroids(animals, anchor=0)
    assert anchored[:2].tolist() == [[0.0, 0.0], [6.0, 12.0]]
    assert torch.isnan(anchored[2]).all()

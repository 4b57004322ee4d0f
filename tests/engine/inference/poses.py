"""Animals of known shape, turned and placed at random, and the maps a perfect network would answer."""

import numpy as np
import torch

from sleapnn_engine.heads.class_maps import class_maps
from sleapnn_engine.heads.confmaps import confidence_maps
from sleapnn_engine.heads.pafs import part_affinity_fields

#: A fly of 13 nodes around its thorax, about 80 px long; edges as (source, target).
FLY = np.array(
    [[0, 0], [30, 0], [36, 8], [36, -8], [-30, 0], [-46, 14], [-46, -14],
     [18, 22], [18, -22], [0, 30], [0, -30], [-20, 26], [-20, -26]], dtype=float,
)  # fmt: skip
FLY_EDGES = np.array(
    [[0, 1], [1, 2], [1, 3], [0, 4], [0, 5], [0, 6], [0, 7], [0, 8], [0, 9], [0, 10], [0, 11], [0, 12]]
)
#: A mouse of 6 nodes in a line; its root is in the middle, so that edges point both ways.
MOUSE = np.array([[45, 0], [25, 2], [0, 0], [-25, -2], [-45, 6], [-62, 20]], dtype=float)
MOUSE_EDGES = np.array([[2, 1], [1, 0], [2, 3], [3, 4], [4, 5]])

HEIGHT, WIDTH = 256, 320


def place(shape, *, at, degrees, scale=1.0):
    """Turn a shape (N, 2) about its first point and move it."""
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return shape @ matrix.T * scale + np.asarray(at)


def crowd(shape, *, animals, seed, apart=14.0, margin=14.0):
    """Place animals at random, (animals, N, 2), so close that they overlap, but no two like nodes within `apart`."""
    random = np.random.default_rng(seed)
    middle = np.array([WIDTH, HEIGHT]) / 2
    placed = []
    while len(placed) < animals:
        one = place(shape, at=middle + random.uniform(-75, 75, 2), degrees=random.uniform(0, 360))
        inside = ((one > margin) & (one < np.array([WIDTH, HEIGHT]) - 1 - margin)).all()
        if inside and all(np.linalg.norm(one - other, axis=-1).min() > apart for other in placed):
            placed.append(one)
    return np.array(placed)


def stack(scenes):
    """Put scenes of different numbers of animals (I, N, 2) into one tensor (B, most, N, 2), filled with NaN."""
    most = max(len(scene) for scene in scenes)
    points = np.full((len(scenes), most, *scenes[0].shape[1:]), np.nan)
    for row, scene in enumerate(scenes):
        points[row, : len(scene)] = scene
    return torch.tensor(points, dtype=torch.float32)


def maps_of(points, *, stride=2, sigma=1.5):
    """Confidence maps of points (B, I, N, 2)."""
    return confidence_maps(points, height=HEIGHT, width=WIDTH, stride=stride, sigma=sigma)


def fields_of(points, edges, *, stride=4, sigma=15.0):
    """Part affinity fields of points (B, I, N, 2)."""
    return part_affinity_fields(
        points, torch.tensor(np.array(edges)), height=HEIGHT, width=WIDTH, stride=stride, sigma=sigma
    )


def classes_of(points, tracks, *, classes, stride=4, sigma=4.0):
    """Class maps of points (B, I, N, 2) with tracks (B, I)."""
    return class_maps(
        points,
        torch.as_tensor(tracks),
        classes=classes,
        height=HEIGHT,
        width=WIDTH,
        stride=stride,
        sigma=sigma,
    )


def pairing(found, truth):
    """For each labelled animal the nearest found one, by the nodes of the former: row numbers (T,)."""
    gaps = np.linalg.norm(found[None] - truth[:, None], axis=-1)
    return np.nanmean(np.where(np.isnan(gaps), 1e3, gaps), axis=-1).argmin(axis=1)


def assert_same_animals(found, truth, *, within=0.1):
    """Every labelled animal (T, N, 2) is found once and whole, and nothing else is; missing nodes stay missing."""
    truth = np.asarray(truth)
    seen = np.isfinite(truth).all(axis=-1)
    assert len(found) == len(truth)
    used = pairing(found, np.where(seen[..., None], truth, np.nan))
    assert len(set(used.tolist())) == len(truth)
    ordered = found[used]
    np.testing.assert_array_equal(np.isfinite(ordered).all(axis=-1), seen)
    np.testing.assert_allclose(ordered[seen], truth[seen], atol=within)

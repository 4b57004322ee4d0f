"""Several peaks of one map: each once, also with flat tops, at edges, in numbers, and compared with a slow search."""

import math

import numpy as np
import pytest
import torch

from sleapnn_engine.decoding.peaks import global_peaks, local_peaks
from tests.engine.inference.poses import FLY, HEIGHT, WIDTH, crowd, maps_of, place, stack


def listed(peaks):
    """(image, channel, x, y, value) of every peak."""
    return [
        (int(b), int(c), float(x), float(y), float(v))
        for b, c, (x, y), v in zip(peaks.rows, peaks.channels, peaks.points, peaks.values, strict=True)
    ]


def slow_peaks(maps, threshold):
    """Every cell that is above the threshold and above each of its neighbours, one by one."""
    found = set()
    for b, n, y, x in np.ndindex(*maps.shape):
        value = maps[b, n, y, x]
        around = [
            maps[b, n, j, i]
            for j in range(max(y - 1, 0), min(y + 2, maps.shape[2]))
            for i in range(max(x - 1, 0), min(x + 2, maps.shape[3]))
            if (j, i) != (y, x)
        ]
        if value > threshold and all(value > other for other in around):
            found.add((b, n, x, y))
    return found


def test_every_drawn_point_is_found_once():
    scenes = [crowd(FLY, animals=1 + seed % 3, seed=seed) for seed in range(6)]
    peaks = local_peaks(maps_of(stack(scenes)), stride=2, refinement="quadratic")
    assert len(peaks) == sum(scene.shape[0] * 13 for scene in scenes)
    for row, channel, x, y, value in listed(peaks):
        gaps = np.linalg.norm(scenes[row][:, channel] - [x, y], axis=-1)
        assert gaps.min() < 0.1
        assert value > 0.75


def test_the_same_cells_as_a_search_one_by_one():
    maps = torch.rand((2, 3, 11, 9), generator=torch.Generator().manual_seed(3))
    peaks = local_peaks(maps, stride=1, threshold=0.4, refinement=None)
    assert {(b, c, int(x), int(y)) for b, c, x, y, _ in listed(peaks)} == slow_peaks(maps.numpy(), 0.4)
    assert all(
        value == pytest.approx(float(maps[b, c, int(y), int(x)])) for b, c, x, y, value in listed(peaks)
    )


@pytest.mark.parametrize("refinement", [None, "integral", "quadratic"])
def test_one_peak_alone_is_where_the_global_search_finds_it(refinement):
    maps = maps_of(stack([place(FLY, at=(150.3, 120.4), degrees=11 * k)[None] for k in range(5)]))
    peaks = local_peaks(maps, stride=2, refinement=refinement)
    points, scores = global_peaks(maps, stride=2, refinement=refinement)
    torch.testing.assert_close(peaks.points.view(5, 13, 2), points)
    torch.testing.assert_close(peaks.values.view(5, 13), scores)


def test_peaks_are_sorted_and_only_the_strongest_are_kept():
    maps = torch.rand((3, 4, 40, 50), generator=torch.Generator().manual_seed(1))
    every, few = (
        local_peaks(maps, stride=3, threshold=0.1, refinement=None, most=most) for most in (None, 7)
    )
    assert len(few) == 3 * 4 * 7
    for b, c in np.ndindex(3, 4):
        mine, best = (
            [(y, x, v) for row, channel, x, y, v in listed(peaks) if (row, channel) == (b, c)]
            for peaks in (every, few)
        )
        assert len(mine) > 50
        assert mine == sorted(mine)
        assert best == sorted(sorted(mine, key=lambda peak: -peak[2])[:7])


@pytest.mark.parametrize(
    ("cells", "middle"),
    [
        ([(4, 5)], (4, 5)),
        ([(4, 5), (5, 5)], (4.5, 5)),
        ([(4, 5), (5, 5), (4, 6), (5, 6)], (4.5, 5.5)),
        ([(4, 5), (5, 6), (6, 7)], (5, 6)),
        ([(3, 4), (4, 4), (5, 4), (3, 5), (4, 5), (5, 5), (3, 6), (4, 6), (5, 6)], (4, 5)),
        ([(0, 0), (1, 0), (0, 1), (1, 1)], (0.5, 0.5)),
        ([(11, 9), (10, 9)], (10.5, 9)),
    ],
)
def test_flat_tops_count_once_at_their_middle(cells, middle):
    maps = torch.zeros(2, 1, 10, 12)
    for x, y in cells:
        maps[1, 0, y, x] = 0.7
    maps[0, 0, 3, 3] = 0.5
    peaks = local_peaks(maps, stride=2, refinement=None)
    assert listed(peaks) == [
        (0, 0, 6.0, 6.0, 0.5),
        (1, 0, 2.0 * middle[0], 2.0 * middle[1], pytest.approx(0.7)),
    ]


def test_a_flat_top_is_refined_around_the_cell_before_its_middle():
    """As the family's programs do it; another cell would have another patch around it."""
    for x in (4, 5):
        maps = torch.zeros(1, 1, 10, 12)
        maps[0, 0, 5, x : x + 2] = 0.7
        maps[0, 0, 5, x + 3] = 0.2
        (point,) = local_peaks(maps, stride=1, refinement="integral").points
        assert point.tolist() == pytest.approx([x + 0.7 / 1.4, 5])


def test_two_flat_tops_in_one_map_stay_two():
    maps = torch.zeros(1, 1, 10, 12)
    maps[0, 0, 2, 2:4] = 0.7
    maps[0, 0, 2, 5:7] = 0.7
    assert [(x, y) for _, _, x, y, _ in listed(local_peaks(maps, stride=1, refinement=None))] == [
        (2.5, 2),
        (5.5, 2),
    ]


def test_a_step_on_a_slope_is_no_peak():
    """Cells level with each other, of which one has a higher neighbour."""
    maps = torch.zeros(1, 1, 5, 12)
    maps[0, 0, 2, 1:6] = 0.5
    maps[0, 0, 2, 6] = 0.9
    assert [(x, y) for _, _, x, y, _ in listed(local_peaks(maps, stride=1, refinement=None))] == [(6, 2)]


@pytest.mark.parametrize("value", [0.3, 1.0])
def test_a_flat_map_has_no_peak(value):
    assert len(local_peaks(torch.full((2, 3, 64, 80), value), stride=2)) == 0


def test_points_survive_half_precision():
    """Rounded to 8 bits, the top of a wide gaussian is flat over several cells."""
    scenes = [crowd(FLY, animals=2, seed=seed, apart=60) for seed in range(4)]
    maps = maps_of(stack(scenes), sigma=4.0).to(torch.bfloat16)
    peaks = local_peaks(maps, stride=2, refinement="quadratic")
    assert len(peaks) == 4 * 2 * 13
    for row, channel, x, y, _ in listed(peaks):
        assert np.linalg.norm(scenes[row][:, channel] - [x, y], axis=-1).min() < 1.0


def test_nothing_there_gives_nothing():
    maps = torch.stack(
        [
            torch.zeros(6, 7),
            torch.full((6, 7), math.nan),
            torch.full((6, 7), -math.inf),
            torch.full((6, 7), -1.0),
        ]
    )[None]
    for refinement in (None, "integral", "quadratic"):
        peaks = local_peaks(maps, stride=1, refinement=refinement)
        assert len(peaks) == 0
        assert peaks.points.shape == (0, 2)
    assert len(local_peaks(torch.zeros(0, 3, 4, 4), stride=1)) == 0


def test_noise_never_throws_a_point_out_of_its_neighbourhood():
    maps = torch.randn((2, 6, 40, 50), generator=torch.Generator().manual_seed(2))
    cells = local_peaks(maps, stride=1, refinement=None)
    for refinement in ("integral", "quadratic"):
        refined = local_peaks(maps, stride=1, refinement=refinement)
        assert torch.equal(refined.values, cells.values)
        assert float((refined.points - cells.points).abs().max()) <= 2.0


def test_peaks_at_the_border_are_found():
    points = torch.tensor([[[[0.0, 0.0], [WIDTH - 2.0, HEIGHT - 2.0], [0.0, 100.0]]]])
    peaks = local_peaks(maps_of(points), stride=2, refinement=None)
    assert peaks.points.tolist() == points[0, 0].tolist()

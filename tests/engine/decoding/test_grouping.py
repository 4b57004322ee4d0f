"""Peaks and fields of known animals: every animal comes back whole, also close, crossing, partly hidden, in a forest."""

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from sleapnn_engine.decoding.grouping import Grouping, group_along_fields, skeleton_trees
from sleapnn_engine.decoding.paf_scores import LineScoring, choose_pairs, line_scores
from sleapnn_engine.decoding.peaks import Peaks, local_peaks
from tests.engine.inference.poses import (
    FLY,
    FLY_EDGES,
    HEIGHT,
    MOUSE,
    MOUSE_EDGES,
    WIDTH,
    assert_same_animals,
    crowd,
    fields_of,
    maps_of,
    place,
    stack,
)


def decode(points, edges, *, fields=None, maps=None, **settings):
    """Group the peaks of drawn points (B, I, N, 2)."""
    maps = maps_of(points) if maps is None else maps
    fields = fields_of(points, edges) if fields is None else fields
    peaks = local_peaks(maps, stride=2, refinement="quadratic")
    return group_along_fields(
        peaks, fields, edges, n_nodes=points.shape[2], stride=4, settings=Grouping(**settings)
    )


@pytest.mark.parametrize(("shape", "edges"), [(FLY, FLY_EDGES), (MOUSE, MOUSE_EDGES)], ids=["fly", "mouse"])
def test_animals_close_to_each_other_come_back_whole(shape, edges):
    scenes = [crowd(shape, animals=1 + seed % 3, seed=seed) for seed in range(12)]
    for found, truth in zip(decode(stack(scenes), edges), scenes, strict=True):
        assert_same_animals(found.points, truth)
        assert (found.scores > 0.8 * len(edges)).all()
        assert (found.node_scores > 0.8).all()
        assert (found.classes == -1).all()
        assert np.isnan(found.class_scores).all()


def test_the_direction_of_edges_and_their_order_do_not_matter():
    scenes = [crowd(MOUSE, animals=3, seed=seed) for seed in range(4)]
    for edges in (
        MOUSE_EDGES[::-1],
        MOUSE_EDGES[:, ::-1],
        np.array([[1, 2], [4, 3], [0, 1], [3, 2], [5, 4]]),
    ):
        for found, truth in zip(decode(stack(scenes), edges), scenes, strict=True):
            assert_same_animals(found.points, truth)


@pytest.mark.parametrize("degrees", [20, 45, 90])
def test_crossing_animals_are_told_apart(degrees):
    """Their middles are one point apart only, so that the lines of one run through the other's."""
    one = place(MOUSE, at=(160, 128), degrees=0)
    other = place(MOUSE, at=(160 + 9, 128 + 9), degrees=degrees + 180)
    truth = np.array([one, other])
    assert_same_animals(decode(stack([truth]), MOUSE_EDGES)[0].points, truth)


def test_missing_nodes_stay_missing_and_the_rest_holds_together():
    scene = crowd(FLY, animals=3, seed=5)
    scene[0, [5, 7, 12]] = np.nan
    scene[1, 2] = np.nan
    assert_same_animals(decode(stack([scene]), FLY_EDGES)[0].points, scene)


def test_an_animal_without_its_middle_comes_in_pieces():
    mouse = place(MOUSE, at=(150, 120), degrees=30)[None]
    mouse[0, 2] = np.nan
    found = decode(stack([mouse]), MOUSE_EDGES)[0].points
    front, back = np.full_like(mouse, np.nan), np.full_like(mouse, np.nan)
    front[0, :2], back[0, 3:] = mouse[0, :2], mouse[0, 3:]
    assert_same_animals(found, np.concatenate([front, back]))


def test_images_of_a_batch_do_not_mix_and_may_be_empty():
    scenes = [crowd(FLY, animals=2, seed=1), np.full((1, 13, 2), np.nan), crowd(FLY, animals=3, seed=2)]
    found = decode(stack(scenes), FLY_EDGES)
    assert_same_animals(found[0].points, scenes[0])
    assert found[1].points.shape == (0, 13, 2)
    assert found[1].node_scores.shape == (0, 13)
    assert_same_animals(found[2].points, scenes[2])


def test_noise_peaks_leave_the_animals_alone():
    scene = crowd(FLY, animals=2, seed=3)
    points = stack([scene])
    generator = torch.Generator().manual_seed(0)
    noise = (torch.rand((1, 8, 13, 2), generator=generator) * torch.tensor([WIDTH, HEIGHT])).float()
    gaps = (noise[:, :, None] - points[:, None]).norm(dim=-1).amin(dim=2)
    noise[gaps < 16] = torch.nan
    maps = torch.maximum(maps_of(points), 0.5 * maps_of(noise))
    assert int((local_peaks(maps, stride=2).channels == 0).sum()) > 4
    found = decode(points, FLY_EDGES, maps=maps, limbs="lenient")[0]
    whole = found.scores > 6
    assert_same_animals(found.points[whole], scene)
    assert np.isfinite(found.points[~whole]).all(-1).sum() <= 6
    # By the strict rule a peak of noise takes a point of an animal here.
    strict = decode(points, FLY_EDGES, maps=maps)[0]
    assert np.isfinite(strict.points[:2]).all(-1).sum() == 2 * 13 - 1


# Nodes 0-2 and 3-5 in two trees, node 6 without any edge.
FOREST = np.array([[0, 1], [1, 2], [4, 3], [4, 5]])
FOREST_SHAPE = np.array([[0, 0], [20, 0], [40, 4], [0, 18], [18, 22], [36, 20], [-16, 6]], dtype=float)


def test_trees_of_a_forest_are_found():
    assert skeleton_trees(FOREST, n_nodes=7) == [[0, 1, 2], [3, 4, 5], [6]]
    assert skeleton_trees(FLY_EDGES, n_nodes=13) == [list(range(13))]
    assert skeleton_trees(np.empty((0, 2), int), n_nodes=2) == [[0], [1]]


def test_a_forest_is_joined_where_its_pieces_are_near():
    scenes = [
        np.array(
            [
                place(FOREST_SHAPE, at=(70, 70), degrees=40 * turn),
                place(FOREST_SHAPE, at=(150, 90), degrees=100 - 70 * turn),
                place(FOREST_SHAPE, at=(230, 160), degrees=200 + 50 * turn),
            ]
        )
        for turn in range(4)
    ]
    for found, truth in zip(decode(stack(scenes), FOREST), scenes, strict=True):
        assert_same_animals(found.points, truth)


def test_pieces_of_a_forest_that_are_far_apart_stay_apart():
    shape = FOREST_SHAPE.copy()
    shape[3:6] += [150, 150]
    truth = place(shape, at=(60, 50), degrees=0)[None]
    found = decode(stack([truth]), FOREST)[0].points
    front, back = truth.copy(), truth.copy()
    front[:, 3:6], back[:, [0, 1, 2, 6]] = np.nan, np.nan
    assert_same_animals(found, np.concatenate([front, back]))


def test_a_single_peak_of_a_lone_node_is_no_animal():
    points = np.full((1, 7, 2), np.nan)
    points[0, 6] = 100
    assert len(decode(stack([points]), FOREST)[0]) == 0


def test_loops_never_give_an_animal_two_peaks_of_one_node():
    triangle = np.array([[0, 1], [1, 2], [2, 0]])
    shape = np.array([[0, 0], [30, 0], [15, 26]], dtype=float)
    scene = np.array([place(shape, at=(80 + 50 * i, 100), degrees=50 * i) for i in range(3)])
    found = decode(stack([scene]), triangle)[0]
    assert_same_animals(found.points, scene)
    assert (found.scores > 2.5).all()


def flat_fields(*directions, cells=20):
    """Fields that point the same way everywhere, (1, 2E, cells, cells)."""
    return (
        torch.tensor(directions, dtype=torch.float32)
        .flatten()[None, :, None, None]
        .repeat(1, 1, cells, cells)
    )


def peaks_at(*places):
    """Peaks of height 1 on one image: (node, x, y)."""
    table = torch.tensor(sorted(places), dtype=torch.float32)
    return Peaks(
        torch.zeros(len(table), dtype=torch.long), table[:, 0].long(), table[:, 1:], torch.ones(len(table))
    )


def test_of_two_parents_that_disagree_the_weaker_line_is_left_out():
    """Node 2 hangs on nodes 0 and 1, which want different peaks of it."""
    peaks = peaks_at((0, 10, 10), (1, 30, 10), (2, 10, 40), (2, 30, 40))
    edges = np.array([[0, 1], [1, 2], [0, 2]])
    for strengths, wanted in (((1.0, 0.8), 30), ((0.8, 1.0), 10)):
        fields = flat_fields([1, 0], [0, strengths[0]], [0, strengths[1]])
        found = group_along_fields(
            peaks,
            fields,
            edges,
            n_nodes=3,
            stride=4,
            settings=Grouping(max_edge_length_ratio=1, min_line_score=0.7),
        )[0]
        assert found.points.tolist() == [[[10, 10], [30, 10], [wanted, 40]]]
        assert found.scores.tolist() == pytest.approx([2.0])


@pytest.mark.parametrize(("limbs", "score"), [("lenient", 0.4), ("strict", 1.0)])
def test_the_allowed_length_is_a_share_of_the_image(limbs, score):
    """32 px wide, so that 8 px are free and 12 of 20 px cost; by the strict rule its 60 channels are a side of 240 px."""
    edges = np.array([[0, 1]] + [[k, k + 1] for k in range(1, 30)])
    fields = flat_fields(*[[1, 0]] * 30, cells=8)
    found = group_along_fields(
        peaks_at((0, 4, 16), (1, 24, 16)), fields, edges, n_nodes=31, stride=4, settings=Grouping(limbs=limbs)
    )[0]
    assert found.scores.tolist() == pytest.approx([score])


def test_a_line_scores_as_the_formula_says():
    generator = np.random.default_rng(0)
    field = torch.tensor(generator.uniform(-1, 1, (2, 2, 20, 30)), dtype=torch.float64)
    starts, ends = generator.uniform([-10, -10], [130, 90], (2, 40, 2))
    ends[0] = starts[0]
    rows = generator.integers(0, 2, 40)
    scoring = LineScoring(stride=4, longest=30.0, distance_penalty=0.7, points=10, least=0.25)
    scores = line_scores(
        field, torch.tensor(rows), torch.tensor(starts), torch.tensor(ends), scoring=scoring
    ).numpy()
    for number in range(40):
        span = (ends[number] - starts[number]).astype(float)
        length = np.hypot(*span)
        if length == 0:
            assert np.isnan(scores[number])
            continue
        total = 0.0
        for k in range(10):
            x, y = np.round((starts[number] + span * k / 9) / 4).astype(int)
            x, y = min(max(x, 0), 29), min(max(y, 0), 19)
            total += float(field[rows[number], :, y, x].numpy() @ span) / length
        expected = total / 10 + min(30.0 / length - 1, 0) * 0.7
        assert scores[number] == pytest.approx(expected, abs=1e-9)


def test_by_the_lenient_rule_a_wrong_pair_cannot_cost_a_good_one():
    values = np.array([[0.9, 0.3], [0.3, -2.0]])
    assert chosen(values, limbs="lenient") == [(0, 0)]
    # With both of 0.3 the sum is greater than with -2 and 0.9.
    assert chosen(values) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("limbs", ["strict", "lenient"])
def test_pairs_that_are_not_known_are_none(limbs):
    assert chosen([[0.9, 0.8], [0.85, 0.1], [np.nan, np.nan]], limbs=limbs) == [(0, 1), (1, 0)]
    assert chosen([[np.nan, 0.3], [0.3, 0.9]], limbs=limbs) == (
        [(1, 1)] if limbs == "lenient" else [(0, 1), (1, 0)]
    )
    assert chosen([[np.nan]], limbs=limbs) == []


def test_by_the_strict_rule_the_best_choice_of_all_pairs_is_made_first():
    generator = np.random.default_rng(4)
    for shape in ((6, 6), (3, 8), (7, 4)):
        values = generator.uniform(-1, 1, shape)
        i, j = linear_sum_assignment(values, maximize=True)
        good = values[i, j] >= 0.25
        assert chosen(values) == list(zip(i[good].tolist(), j[good].tolist()))


def chosen(values, **rule):
    i, j = choose_pairs(np.array(values), least=0.25, **rule)
    return sorted(zip(i.tolist(), j.tolist()))


def test_long_lines_cost_more_than_short_ones():
    """The same agreement along a line of twice the allowed length is worth half the penalty less."""
    points = torch.zeros((1, 1, 2, 2))
    points[0, 0] = torch.tensor([[40.0, 100.0], [200.0, 100.0]])
    edges = np.array([[0, 1]])
    scores = [decode(points, edges, max_edge_length_ratio=ratio)[0].scores[0] for ratio in (1.0, 80 / WIDTH)]
    assert scores[0] == pytest.approx(1.0, abs=0.01)
    assert scores[0] - scores[1] == pytest.approx(0.5, abs=1e-4)


def test_peaks_everywhere_are_survived():
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand((2, 13, HEIGHT // 2, WIDTH // 2), generator=generator)
    fields = torch.randn((2, 24, HEIGHT // 4, WIDTH // 4), generator=generator)
    peaks = local_peaks(maps, stride=2, most=100)
    assert len(peaks) == 2 * 13 * 100
    found = group_along_fields(peaks, fields, FLY_EDGES, n_nodes=13, stride=4)
    for animals in found:
        assert len(animals) > 0
        assert (np.isfinite(animals.points).all(-1).sum(-1) >= 2).all()
        assert (np.diff(animals.scores) <= 0).all()


def test_fields_that_are_not_numbers_join_nothing():
    points = stack([crowd(FLY, animals=2, seed=1)])
    fields = torch.full_like(fields_of(points, FLY_EDGES), torch.nan)
    assert len(decode(points, FLY_EDGES, fields=fields)[0]) == 0


def test_no_peaks_at_all_give_no_animals():
    none = torch.zeros(0, dtype=torch.long)
    peaks = Peaks(none, none, torch.zeros(0, 2), torch.zeros(0))
    found = group_along_fields(peaks, torch.zeros(2, 24, 8, 8), FLY_EDGES, n_nodes=13, stride=4)
    assert [len(animals) for animals in found] == [0, 0]

"""Pairs of predicted and labelled animals, compared with every possible pairing."""

from itertools import permutations

import numpy as np
import pytest

from sleapnn_engine.evaluation.matching import body_sizes, match_animals, match_poses, mean_distances


def points(*places):
    """Animals of one node."""
    return np.array(places, dtype=float).reshape(-1, 1, 2)


def best_total(gaps, *, limit):
    """Smallest sum over every way to pair rows with columns, where a pair beyond the limit counts as the limit."""
    if gaps.shape[0] > gaps.shape[1]:
        gaps = gaps.T
    return min(
        sum(min(gaps[i, j], limit) for i, j in enumerate(order))
        for order in permutations(range(gaps.shape[1]), gaps.shape[0])
    )


@pytest.mark.parametrize("seed", range(8))
def test_no_other_pairing_is_closer(seed):
    random = np.random.default_rng(seed)
    predicted = random.uniform(0, 100, (random.integers(1, 5), 4, 2))
    truth = random.uniform(0, 100, (random.integers(1, 5), 4, 2))
    predicted[random.random((len(predicted), 4)) < 0.2] = np.nan
    gaps = mean_distances(predicted, truth)
    for limit in (None, 45.0):
        pairs = match_animals(predicted, truth, limit=limit)
        assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
        most = 1e6 if limit is None else limit
        unpaired = min(gaps.shape) - len(pairs)
        total = sum(gaps[i, j] for i, j in pairs) + unpaired * most
        assert total == pytest.approx(best_total(gaps, limit=most))


def test_a_far_pair_does_not_spoil_a_near_one():
    """Two pairs at 60 would sum to less than 10 and 200, but with a limit of 50 only the near one is a pair."""
    predicted, truth = points([0, 0], [-60, 0]), points([10, 0], [60, 0])
    assert match_animals(predicted, truth, limit=50) == [(0, 0)]
    assert sorted(match_animals(predicted, truth)) == [(0, 0), (1, 1)]


def test_a_near_pair_is_not_given_up_for_two_far_ones():
    predicted, truth = points([1, 0], [-45, 0]), points([0, 0], [46, 0])
    assert match_animals(predicted, truth, limit=50) == [(0, 0)]


def test_a_pair_at_the_limit_counts():
    assert match_animals(points([0, 0]), points([3, 4]), limit=5.0) == [(0, 0)]
    assert match_animals(points([0, 0]), points([3, 4]), limit=4.999) == []


def test_only_common_nodes_count():
    predicted = np.array([[[0, 0], [np.nan, np.nan]], [[np.nan, np.nan], [9, 0]]], dtype=float)
    truth = np.array([[[np.nan, np.nan], [9, 1]], [[3, 0], [50, 50]]], dtype=float)
    assert match_animals(predicted, truth) == [(0, 1), (1, 0)]
    assert match_animals(predicted[:1], truth[:1]) == []
    assert mean_distances(predicted, truth).tolist() == [
        [np.inf, 3.0],
        [1.0, pytest.approx(64.6607, abs=1e-3)],
    ]


@pytest.mark.parametrize(("p", "t"), [(0, 2), (2, 0), (0, 0)])
def test_nobody_there(p, t):
    predicted, truth = np.zeros((p, 3, 2)), np.zeros((t, 3, 2))
    assert match_animals(predicted, truth) == []
    assert match_animals(predicted, truth, limit=5) == []
    assert match_poses(predicted, truth, reach=np.ones(t)) == []


def test_a_fragment_does_not_take_the_animal_from_a_whole_prediction():
    truth = np.array([[[0, 0], [10, 0], [20, 0], [30, 0]]], dtype=float)
    whole = truth[0] + [0, 1.0]
    fragment = np.where([[True], [True], [False], [False]], truth[0] + [0, 0.1], np.nan)
    predicted = np.array([fragment, whole])
    assert match_poses(predicted, truth, reach=np.array([15.0])) == [(1, 0)]
    assert match_poses(predicted[:1], truth, reach=np.array([15.0])) == [(0, 0)]
    assert match_animals(predicted, truth) == [(0, 0)]


def test_poses_beyond_the_reach_are_no_pair():
    truth = np.array([[[0, 0], [10, 0]]], dtype=float)
    assert match_poses(truth + np.array([0, 5.0]), truth, reach=np.array([5.0])) == [(0, 0)]
    assert match_poses(truth + np.array([0, 5.1]), truth, reach=np.array([5.0])) == []
    both = np.concatenate([truth + 100, truth + np.array([0, 5.0])])
    assert match_poses(both, truth, reach=np.array([5.0])) == [(1, 0)]


def test_body_sizes_are_diagonals_of_visible_nodes():
    animals = np.array(
        [[[0, 0], [3, 4], [np.nan, np.nan]], [[1, 1], [np.nan, 1], [np.nan, np.nan]]], dtype=float
    )
    assert body_sizes(animals)[0] == 5.0
    assert np.isnan(body_sizes(animals)[1])
    assert body_sizes(np.empty((0, 3, 2))).shape == (0,)

"""Who is who: drawn class maps return every animal to its identity, crops of a frame share no identity."""

from itertools import permutations

import numpy as np
import pytest
import torch

from sleapnn_engine.decoding.identities import assign_classes, group_by_class
from sleapnn_engine.decoding.peaks import Peaks, local_peaks
from tests.engine.inference.poses import (
    FLY,
    HEIGHT,
    WIDTH,
    assert_same_animals,
    classes_of,
    crowd,
    maps_of,
    place,
    stack,
)


def decode(points, tracks, *, classes, maps=None, rule="lenient"):
    peaks = local_peaks(maps_of(points) if maps is None else maps, stride=2, refinement="quadratic")
    return group_by_class(peaks, classes_of(points, tracks, classes=classes), n_nodes=13, stride=4, rule=rule)


@pytest.mark.parametrize("rule", ["strict", "lenient"])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_animals_keep_their_identities_in_every_order(order, rule):
    scene = crowd(FLY, animals=3, seed=7, apart=20)
    found = decode(stack([scene]), [order], classes=3, rule=rule)[0]
    assert sorted(found.classes.tolist()) == [0, 1, 2]
    for row, name in enumerate(order):
        mine = found.classes.tolist().index(name)
        assert_same_animals(found.points[mine : mine + 1], scene[row : row + 1])
    assert (found.class_scores > 0.6).all()
    assert (found.scores > 0.8).all()


def test_fewer_animals_than_identities():
    scenes = [crowd(FLY, animals=2, seed=3, apart=20), crowd(FLY, animals=1, seed=4)]
    found = decode(stack(scenes), [[2, 0], [1, -1]], classes=3)
    assert set(found[0].classes.tolist()) == {0, 2}
    mine = found[0].classes.tolist().index(2)
    assert_same_animals(found[0].points[mine : mine + 1], scenes[0][:1])
    assert found[1].classes.tolist() == [1]
    assert_same_animals(found[1].points, scenes[1])


def test_animals_without_an_identity_are_not_given_one():
    scene = crowd(FLY, animals=2, seed=3, apart=20)
    found = decode(stack([scene]), [[-1, 1]], classes=2)[0]
    assert found.classes.tolist() == [1]
    assert_same_animals(found.points, scene[1:])


def test_the_clearer_of_two_peaks_in_one_animal_is_used():
    scene = place(FLY, at=(150, 120), degrees=30)[None]
    wrong = np.full_like(scene, np.nan)
    wrong[0, 5] = scene[0, 0]
    points = stack([scene])
    maps = torch.maximum(maps_of(points), 0.6 * maps_of(stack([wrong])))
    assert int((local_peaks(maps, stride=2).channels == 5).sum()) == 2
    assert_same_animals(decode(points, [[0]], classes=2, maps=maps)[0].points, scene)


def peaks_at(*places):
    """Peaks of node 0 on one image: (x, y, height)."""
    none = torch.zeros(len(places), dtype=torch.long)
    table = torch.tensor(places, dtype=torch.float32)
    return Peaks(none, none, table[:, :2], table[:, 2])


def test_of_peaks_that_are_alike_the_rule_of_others_takes_the_first_by_place():
    maps = torch.zeros(1, 1, 20, 20)
    maps[0, 0, 8, 6], maps[0, 0, 8, 8], maps[0, 0, 10, 7] = 0.5, 0.6, 0.9
    claims = torch.full((1, 2, 5, 5), 0.1)
    claims[0, 0, 2, 2] = claims[0, 0, 2, 1] = 0.8
    peaks = local_peaks(maps, stride=1, refinement=None)
    for rule, taken in (("strict", [6, 8]), ("lenient", [7, 10])):
        (found,) = group_by_class(peaks, claims, n_nodes=1, stride=4, rule=rule)
        assert found.points[0, 0].tolist() == taken, rule


def claims_at(*places, classes):
    """Class maps at stride 1 with the values of each place (x, y, values)."""
    maps = torch.zeros(1, classes, 20, 20)
    for x, y, values in places:
        maps[0, :, y, x] = torch.tensor(values)
    return maps


def owners(peaks, maps, rule="lenient"):
    """Class -> x of its peak of node 0."""
    found = group_by_class(peaks, maps, n_nodes=1, stride=1, rule=rule)[0]
    return dict(zip(found.classes.tolist(), found.points[:, 0, 0].tolist(), strict=True))


def test_a_place_may_speak_a_little_more_for_the_animal_beside():
    maps = claims_at((3, 3, [0.9, 0.1]), (12, 3, [0.55, 0.45]), classes=2)
    peaks = peaks_at((3, 3, 0.8), (12, 3, 0.8))
    assert owners(peaks, maps) == {0: 3, 1: 12}
    assert owners(peaks, maps, rule="strict") == {0: 3}


def test_strictly_the_height_of_a_peak_does_not_matter():
    """The sum of claims decides, 0.95 + 0.05 over 0.9 + 0.0, as other programs of the family have it."""
    maps = claims_at((3, 3, [0.9, 0.05]), (12, 3, [0.95, 0.0]), classes=2)
    assert owners(peaks_at((3, 3, 0.8), (12, 3, 0.3)), maps, rule="strict") == {0: 12}
    assert owners(peaks_at((3, 3, 0.8)), torch.full((1, 2, 20, 20), torch.nan), rule="strict") == {}


def test_of_two_peaks_with_equal_claims_the_higher_one_is_used():
    maps = claims_at((3, 3, [0.9, 0.0]), (12, 3, [0.95, 0.0]), classes=2)
    assert owners(peaks_at((3, 3, 0.8), (12, 3, 0.3)), maps) == {0: 3}
    assert owners(peaks_at((3, 3, 0.3), (12, 3, 0.8)), maps) == {0: 12}


def test_a_place_that_speaks_for_another_animal_is_not_used():
    maps = claims_at((3, 3, [0.9, 0.1]), (12, 3, [0.8, 0.2]), classes=2)
    assert owners(peaks_at((3, 3, 0.8), (12, 3, 0.8)), maps) == {0: 3}


def test_places_that_speak_for_nobody_are_not_used():
    assert owners(peaks_at((3, 3, 0.8)), torch.zeros(1, 2, 20, 20)) == {}
    assert owners(peaks_at((3, 3, 0.8)), torch.full((1, 2, 20, 20), torch.nan)) == {}


def test_the_nearest_cell_is_read_also_beyond_the_border():
    maps = claims_at((19, 3, [0.0, 0.9]), (19, 19, [0.9, 0.0]), classes=2)
    assert owners(peaks_at((19.4, 2.6, 0.8), (21.0, 30.0, 0.8)), maps) == {0: 21, 1: pytest.approx(19.4)}


def test_missing_nodes_stay_missing():
    scene = crowd(FLY, animals=2, seed=3, apart=20)
    scene[1, [0, 4]] = np.nan
    assert_same_animals(decode(stack([scene]), [[1, 0]], classes=2)[0].points, scene)


def test_empty_and_noisy_images():
    points = stack([np.full((1, 13, 2), np.nan)])
    found = decode(points, [[0]], classes=2)[0]
    assert found.points.shape == (0, 13, 2)
    assert found.classes.shape == (0,)
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand((2, 13, HEIGHT // 2, WIDTH // 2), generator=generator)
    claims = torch.rand((2, 3, HEIGHT // 4, WIDTH // 4), generator=generator)
    noisy = group_by_class(
        local_peaks(maps, stride=2, most=100), claims, n_nodes=13, stride=4, rule="lenient"
    )
    assert [sorted(animals.classes.tolist()) for animals in noisy] == [[0, 1, 2], [0, 1, 2]]


def test_crops_of_one_frame_share_no_identity():
    vectors = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.45, 0.55]])
    classes, scores = assign_classes(vectors, np.array([5, 5, 7, 7, 9]))
    assert classes.tolist() == [1, 0, 1, 0, 1]
    np.testing.assert_allclose(scores, [0.4, 0.9, 0.8, 0.3, 0.55], rtol=1e-6)


def test_the_best_sum_over_the_frame_wins():
    generator = np.random.default_rng(0)
    vectors = generator.dirichlet(np.ones(4), size=40)
    groups = generator.permutation(np.repeat(np.arange(10), 4))
    classes, scores = assign_classes(vectors, groups)
    for group in range(10):
        mine = vectors[groups == group]
        best = max(sum(mine[i, k] for i, k in enumerate(order)) for order in permutations(range(4)))
        assert scores[groups == group].sum() == pytest.approx(best, rel=1e-6)
        assert sorted(classes[groups == group].tolist()) == [0, 1, 2, 3]


def test_crops_beyond_the_identities_get_none():
    vectors = np.array([[0.9, 0.1], [0.7, 0.3], [0.8, 0.2]])
    classes, scores = assign_classes(vectors, np.zeros(3, dtype=int))
    assert classes.tolist() == [0, 1, -1]
    assert np.isnan(scores[2])
    classes, scores = assign_classes(np.empty((0, 2)), np.empty(0, dtype=int))
    assert classes.shape == scores.shape == (0,)

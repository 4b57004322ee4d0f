"""Who is who on a frame with several animals: as the engine pairs them when it counts."""

import numpy as np
import pytest

from sleapnn_engine.evaluation.matching import body_sizes as engine_sizes
from sleapnn_engine.evaluation.matching import match_poses
from sleapnn_gui.monitor.overlay import Overlay
from sleapnn_gui.monitor.pairing import as_points, body_sizes, pair_animals

ONE = [[10.0, 10.0], [20.0, 10.0], [30.0, 10.0]]
TWO = [[10.0, 60.0], [20.0, 60.0], [30.0, 60.0]]


def moved(animal, by):
    return [None if point is None else [point[0], point[1] + by] for point in animal]


def body(truth, predicted, scale=1.0):
    return {"truth": truth, "predicted": predicted, "scale": scale}


def test_animals_in_another_order_are_found_with_their_errors_in_source_pixels():
    pairing = pair_animals(body([ONE, TWO], [moved(TWO, 3.0), moved(ONE, 1.0)], 2.0), one_animal=False)
    assert pairing.pairs == ((0, 1, 2.0), (1, 0, 6.0))
    assert (pairing.missed, pairing.extra, pairing.wrong) == ((), (), 0)
    assert (pairing.predicted_of(1), pairing.labelled_of(1)) == (0, 0)


def test_an_animal_far_from_any_is_missed_and_the_other_is_none():
    pairing = pair_animals(body([ONE], [TWO]), one_animal=False)
    assert (pairing.pairs, pairing.missed, pairing.extra, pairing.wrong) == ((), (0,), (0,), 2)
    assert pairing.predicted_of(0) is None


def test_where_every_image_shows_one_animal_distance_does_not_matter():
    pairing = pair_animals(body([ONE], [TWO]), one_animal=True)
    assert pairing.pairs == ((0, 0, 50.0),)


def test_animals_without_any_visible_part_are_none():
    hidden = [None, None, None]
    pairing = pair_animals(body([hidden, ONE], [hidden]), one_animal=False)
    assert (pairing.pairs, pairing.missed, pairing.extra) == ((), (1,), ())
    assert pair_animals(body([], []), one_animal=True).wrong == 0


@pytest.mark.parametrize(("scale", "found"), [(1.0, True), (2.0, False)])
def test_centres_may_be_fifty_source_pixels_off(scale, found):
    pairing = pair_animals(body([[[0.0, 0.0]]], [[[0.0, 40.0]]], scale), one_animal=False)
    assert bool(pairing.pairs) is found


@pytest.mark.parametrize("seed", range(20))
def test_the_engine_pairs_the_same_animals(seed):
    draw = np.random.default_rng(seed)
    middles = draw.permutation(np.stack(np.meshgrid(range(4), range(3)), -1).reshape(-1, 2))[:6] * 80.0
    truth = middles[:, None] + draw.uniform(-25, 25, (6, 5, 2))
    truth[draw.random((6, 5)) < 0.2] = np.nan
    order = draw.permutation(6)[:5]
    predicted = truth[order] + draw.normal(0, 4, (5, 5, 2))
    sent = body(
        *(
            [[list(p) if np.isfinite(p).all() else None for p in animal] for animal in side]
            for side in (truth, predicted)
        )
    )
    sizes = engine_sizes(truth)
    wanted = match_poses(predicted, truth, reach=np.fmax(sizes, np.nanmedian(sizes)) / 2)
    pairing = pair_animals(sent, one_animal=False)
    assert {(p, t) for t, p, _ in pairing.pairs} == set(wanted)
    np.testing.assert_allclose(body_sizes(as_points(sent["truth"])), np.nan_to_num(sizes))


def test_who_an_animal_is_taken_for_is_told_and_whether_that_is_right():
    body = {"truth": [[[1, 1]], [[9, 9]]], "predicted": [[[1, 1]], [[9, 9]]], "scale": 1.0}
    pairing = pair_animals(body, one_animal=False)
    assert Overlay.of(body, pairing).told(0, 0) == ("", True)
    named = {**body, "true_identities": ["queen", "worker"], "identities": ["queen", None]}
    overlay = Overlay.of(named, pairing)
    assert overlay.told(0, 0) == ("queen", True)
    assert overlay.told(1, 1) == ("nobody, is worker", False)
    unknown = Overlay.of({**named, "true_identities": [None, None]}, pairing)
    assert unknown.told(0, 0) == ("queen", True), "nobody says who it really is"

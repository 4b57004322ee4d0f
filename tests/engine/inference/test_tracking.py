"""Animals keep their tracks while they move, pass each other, and are gone for some frames."""

import numpy as np
import pytest

from sleapnn_engine.config.likeness import Likeness
from sleapnn_engine.decoding.animals import PredictedFrame
from sleapnn_engine.inference.tracking import Tracker, TrackSettings

#: An animal of three nodes, 20 px long, about its middle.
SHAPE = np.array([[-10.0, 0.0], [0.0, 2.0], [10.0, -1.0]])


def frame(*places, number=0, shape=SHAPE):
    points = np.array([shape + np.array(place) for place in places], dtype=float).reshape(-1, len(shape), 2)
    none = np.full(len(points), -1)
    return PredictedFrame(
        video=0,
        frame_index=number,
        points=points,
        node_scores=np.ones(points.shape[:2]),
        scores=np.ones(len(points)),
        classes=none,
        class_scores=none.astype(float),
    )


def followed(frames, *, likeness, **settings):
    tracker = Tracker(TrackSettings(likeness=Likeness(likeness), **settings))
    return [tracker.follow(one).classes.tolist() for one in frames]


@pytest.mark.parametrize("likeness", ["iou", "oks", "centroid"])
def test_two_that_pass_each_other_in_any_order_keep_their_tracks(likeness):
    random = np.random.default_rng(4)
    frames, orders = [], []
    for step in range(40):
        places = [(50 + 4 * step, 60), (206 - 4 * step, 75)]
        order = random.permutation(2)
        orders.append(order.tolist())
        frames.append(frame(*(places[i] for i in order)))
    found = followed(frames, likeness=likeness)
    first = dict(zip(orders[0], found[0], strict=True))
    assert found == [[first[i] for i in order] for order in orders]


@pytest.mark.parametrize("likeness", ["iou", "oks", "centroid"])
def test_one_that_is_gone_for_less_than_the_window_comes_back_as_itself(likeness):
    both, one = frame((50, 50), (150, 50)), frame((50, 50))
    assert followed([both, one, one, both], likeness=likeness, window=5)[-1] == [0, 1]
    assert followed([both, *[one] * 6, both], likeness=likeness, window=5)[-1] == [0, 2]
    # With a limit, a lost track is taken up again, wherever the animal comes back.
    again = frame((50, 50), (90, 150))
    assert followed([both, *[one] * 6, again], likeness=likeness, window=5, most=2)[-1] == [0, 1]


def test_no_more_tracks_begin_than_are_allowed():
    three = frame((50, 50), (150, 50), (250, 50))
    assert followed([three, three], likeness="iou", most=2) == [[0, 1, -1], [0, 1, -1]]


def test_the_best_sum_counts_and_not_the_first_comer():
    """The first animal is nearest to the other's place, and would take it if it chose first."""
    found = followed([frame((50, 50), (62, 50)), frame((60, 50), (72, 50))], likeness="centroid")
    assert found == [[0, 1], [0, 1]]


def test_rows_without_points_have_no_track_and_centres_alone_are_followed():
    empty = np.full_like(SHAPE, np.nan)
    mixed = frame((50, 50), (150, 50))
    mixed.points[0] = empty
    assert followed([mixed], likeness="iou") == [[-1, 0]]
    centre = np.zeros((1, 2))
    frames = [frame((50 + n, 50), (150 - n, 50), shape=centre) for n in range(5)]
    assert followed(frames, likeness="centroid") == [[0, 1]] * 5


def test_an_animal_far_from_all_tracks_begins_one():
    assert followed([frame((50, 50)), frame((250, 50))], likeness="centroid") == [[0], [1]]
    assert followed([frame((50, 50)), frame((250, 50))], likeness="iou") == [[0], [1]]

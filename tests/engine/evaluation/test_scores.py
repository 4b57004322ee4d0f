"""Scores of a validation: hand-made frames whose numbers are known, and limits of what is measured."""

import numpy as np
import pytest

from sleapnn_engine.evaluation.scores import PoseScores

NODES = ("nose", "middle", "tail")
#: An animal 40 px long: found up to 20 px of mean distance.
ANIMAL = np.array([[0, 0], [20, 0], [40, 0]], dtype=float)


def herd(*corners):
    return np.array([ANIMAL + corner for corner in corners])


def scored(predicted, truth, *, nodes=NODES, limit=None, paired=False, **classes):
    scores = PoseScores(nodes=nodes, limit=limit, paired=paired)
    scores.add(predicted, truth, **classes)
    return scores.summary()


def test_a_perfect_frame():
    truth = herd([10, 10], [10, 60])
    summary = scored(truth[::-1], truth)
    assert (summary.median_px, summary.p90_px, summary.percent_of_body) == (0, 0, 0)
    assert summary.by_node == {"nose": 0, "middle": 0, "tail": 0}
    assert (summary.precision, summary.recall, summary.f1) == (1, 1, 1)
    assert summary.class_accuracy is None
    assert (summary.mean_oks, summary.oks_map) == (1, 1)
    assert scored(truth, np.empty((0, 3, 2))).mean_oks is None, "where nothing is labelled nothing is said"


def test_numbers_worked_out_by_hand():
    truth = herd([0, 0], [0, 100], [0, 200])
    predicted = herd([0, 2], [0, 104], [100, 300], [100, 400])
    predicted[1, 2] = np.nan
    summary = scored(predicted, truth)
    # Two of four predictions are animals, two of three animals are found; distances 2, 2, 2 and 4, 4.
    assert summary.precision == 2 / 4
    assert summary.recall == pytest.approx(2 / 3)
    assert summary.f1 == pytest.approx(4 / 7)
    assert summary.median_px == 2
    assert summary.p90_px == pytest.approx(4)
    assert summary.percent_of_body == pytest.approx(5)
    # A body is 40 px: of six labelled points three lie at 2 px, two at 4 px, and one was not predicted.
    assert (summary.pck_5, summary.pck_10) == (3 / 6, 5 / 6)
    assert summary.by_node == {"nose": 3, "middle": 3, "tail": 2}


def test_frames_add_up():
    scores = PoseScores(nodes=NODES)
    scores.add(herd([0, 1]), herd([0, 0]))
    scores.add(np.empty((0, 3, 2)), herd([0, 0]))
    scores.add(herd([0, 3]), np.empty((0, 3, 2)))
    summary = scores.summary()
    assert (summary.precision, summary.recall, summary.f1) == (0.5, 0.5, 0.5)
    assert summary.median_px == 1


def test_found_means_within_half_a_body():
    truth = herd([0, 0])
    assert scored(herd([0, 20]), truth).recall == 1
    assert scored(herd([0, 20.1]), truth).recall == 0
    assert scored(herd([0, 20.1]), truth).median_px is None


def test_an_animal_with_few_visible_nodes_is_not_small():
    truth = herd([0, 0], [0, 100], [0, 200])
    truth[2, 1:] = np.nan
    summary = scored(herd([0, 0], [0, 100], [0, 215]), truth)
    assert summary.recall == 1


def test_two_pieces_of_one_animal_are_one_found_and_one_false():
    front, back = herd([0, 0]), herd([0, 0])
    front[0, 2], back[0, :2] = np.nan, np.nan
    summary = scored(np.concatenate([back, front]), herd([0, 0]))
    assert (summary.precision, summary.recall) == (0.5, 1)
    assert summary.by_node == {"nose": 0, "middle": 0, "tail": None}


def test_rows_without_a_point_are_no_animals():
    nothing = np.full((1, 3, 2), np.nan)
    summary = scored(
        np.concatenate([nothing, herd([0, 0])]), np.concatenate([nothing, herd([0, 0]), nothing])
    )
    assert (summary.precision, summary.recall) == (1, 1)


def test_nothing_predicted_is_no_precision_and_nothing_labelled_no_recall():
    none = np.empty((0, 3, 2))
    summary = scored(none, herd([0, 0]))
    assert (summary.precision, summary.recall, summary.f1) == (None, 0, 0)
    summary = scored(herd([0, 0]), none)
    assert (summary.precision, summary.recall, summary.f1) == (0, None, 0)
    summary = PoseScores(nodes=NODES).summary()
    assert (summary.precision, summary.recall, summary.f1, summary.median_px) == (None, None, None, None)
    assert summary.by_node == dict.fromkeys(NODES)


def test_centroids_count_up_to_the_limit():
    truth = np.array([[[0, 0]], [[200, 0]]], dtype=float)
    predicted = truth + np.array([30, 0])
    summary = scored(predicted, truth, nodes=("centroid",), limit=25)
    assert (summary.precision, summary.recall) == (0, 0)
    summary = scored(predicted, truth, nodes=("centroid",))
    assert (summary.precision, summary.recall, summary.median_px) == (1, 1, 30)
    assert summary.percent_of_body is None
    assert scored(truth + np.array([51, 0]), truth, nodes=("centroid",)).recall == 0


def test_paired_rows_belong_together_however_far():
    truth = herd([0, 0], [0, 100])
    predicted = herd([0, 300], [0, 100])
    predicted[1, 0] = np.nan
    summary = scored(predicted, truth, paired=True)
    assert summary.median_px == 300
    assert summary.by_node == {"nose": 300, "middle": 150, "tail": 150}
    with pytest.raises(ValueError, match="cannot be paired"):
        scored(predicted[:1], truth, paired=True)


def test_paired_rows_without_points_stay_in_their_rows():
    truth, predicted = herd([0, 0], [0, 100]), herd([0, 5], [0, 101])
    predicted[0] = np.nan
    summary = scored(predicted, truth, paired=True)
    assert summary.median_px == 1
    assert summary.recall == 0.5


def test_class_accuracy_is_over_found_animals_with_an_identity():
    truth = herd([0, 0], [0, 100], [0, 200], [0, 300])
    predicted = herd([0, 300], [0, 200], [0, 100])
    summary = scored(
        predicted,
        truth,
        predicted_classes=np.array([0, 1, 0]),
        true_classes=np.array([1, 1, 1, -1]),
    )
    assert summary.class_accuracy == 0.5
    summary = scored(
        predicted, truth, predicted_classes=np.array([-1, -1, -1]), true_classes=np.array([0, 0, 0, 0])
    )
    assert summary.class_accuracy == 0

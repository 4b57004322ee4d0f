"""Metrics of a trained model: worked out by hand in small cases, and recomputed one node at a time in large ones."""

import numpy as np
import pytest
import torch

from sleapnn_engine.evaluation.metrics import EvaluatedFrame, centroid_metrics, pose_metrics
from sleapnn_engine.evaluation.oks import key_point_similarity, match_by_similarity
from sleapnn_engine.evaluation.scores import PoseScores
from sleapnn_engine.models.device import exact_numbers, prepare_cpu
from tests.engine.evaluation.slow_metrics import slow_metrics

#: A box of 40 x 20 px: its area is 800, so that the similarity at d px is exp(-d² / 4).
ANIMAL = np.array([[0, 0], [40, 0], [0, 20]], dtype=float)
NAN = np.nan


def frame(predicted, scores, truth, **place):
    nodes = len(ANIMAL)
    return EvaluatedFrame(
        predicted=np.array(predicted, dtype=float).reshape(-1, nodes, 2),
        scores=np.array(scores, dtype=float),
        truth=np.array(truth, dtype=float).reshape(-1, nodes, 2),
        **place,
    )


def moved(*offset):
    return ANIMAL + np.array(offset)


def random_frames(seed, *, count=12, nodes=5):
    """Frames with found, missed, shifted and invented animals, and with missing nodes on both sides."""
    random = np.random.default_rng(seed)
    frames = []
    for _ in range(count):
        truth = random.uniform(20, 300, (random.integers(1, 4), 1, 2)) + random.normal(0, 15, (1, nodes, 2))
        predicted = truth + random.normal(0, 1, truth.shape) * random.choice([0.3, 1, 3], (len(truth), 1, 1))
        predicted = predicted[random.random(len(predicted)) < 0.85]
        invented = random.uniform(20, 300, (random.integers(0, 2), 1, 2)) + random.normal(
            0, 15, (1, nodes, 2)
        )
        predicted = np.concatenate([predicted, invented])
        for points in (truth, predicted):
            points[random.random(points.shape[:2]) < 0.15] = NAN
            # Every animal keeps a node.
            points[:, 0] = np.where(np.isnan(points[:, 0]), 100.0, points[:, 0])
        frames.append((predicted, random.random(len(predicted)), truth))
    return frames


@pytest.mark.parametrize("seed", range(6))
def test_every_figure_is_the_one_computed_node_by_node(seed):
    frames = random_frames(seed)
    found = pose_metrics([EvaluatedFrame(predicted=p, scores=s, truth=t) for p, s, t in frames], n_nodes=5)
    slow = slow_metrics([(p.tolist(), s.tolist(), t.tolist()) for p, s, t in frames])
    assert {(a, b): found[a][b] for a, b in slow} == pytest.approx(slow, rel=1e-9)
    # What is told at the end of each epoch is the same.
    scores = PoseScores(nodes=list("abcde"))
    for predicted, certain, truth in frames:
        scores.add(predicted, truth, certain=certain)
    summary, animals = scores.summary(), found["animal_metrics"]
    assert (summary.mean_oks, summary.oks_map) == (animals["mOKS"], animals["mAP"])


def test_the_names_are_those_other_programs_ask_for():
    found = pose_metrics([frame([moved(0, 1)], [0.9], [ANIMAL], video="a.mp4", frame_index=7)], n_nodes=3)
    voc = ("match_score_thresholds", "recall_thresholds", "match_scores", "precisions", "recalls")
    voc += ("AP", "AR", "mAP", "mAR")
    assert set(found["voc_metrics"]) == {f"{kind}_voc.{name}" for kind in ("oks", "pck") for name in voc}
    percentiles = {"avg", "p50", "p75", "p90", "p95", "p99"}
    assert set(found["distance_metrics"]) == {"frame_idxs", "video_paths", "dists"} | percentiles
    assert set(found["pck_metrics"]) == {"thresholds", "pcks", "mPCK_parts", "mPCK", "PCK@5", "PCK@10"}
    assert set(found["visibility_metrics"]) == {"tp", "fp", "tn", "fn", "precision", "recall"}
    assert found["distance_metrics"]["frame_idxs"] == [7]
    assert found["distance_metrics"]["video_paths"] == ["a.mp4"]
    shapes = {name.split(".")[1]: np.shape(value) for name, value in found["voc_metrics"].items()}
    assert shapes["precisions"] == (10, 101)
    assert shapes["recalls"] == shapes["AP"] == shapes["match_score_thresholds"] == (10,)
    assert shapes["recall_thresholds"] == (101,)
    assert shapes["match_scores"] == (1,)
    assert found["pck_metrics"]["pcks"].shape == (1, 3, 10)
    assert found["pck_metrics"]["pcks"].dtype == bool


def test_a_case_worked_out_by_hand():
    """One animal met at 1 px with a node missing, one missed, one prediction far from everything."""
    predicted = moved(0, 1)
    predicted[2] = NAN
    found = pose_metrics(
        [frame([predicted, moved(500, 500)], [0.5, 0.9], [ANIMAL, moved(0, 300)])], n_nodes=3
    )
    similarity = 2 / 3 * np.exp(-1 / 4)
    assert found["mOKS"]["mOKS"] == pytest.approx(similarity)
    np.testing.assert_array_equal(found["distance_metrics"]["dists"], [[1, 1, NAN]])
    assert found["distance_metrics"]["avg"] == 1
    # Two of three nodes are nearer than 2, 3, ... 10 px; the missing one never is.
    assert found["pck_metrics"]["mPCK"] == pytest.approx(2 / 3 * 0.9)
    assert found["pck_metrics"]["mPCK_parts"].tolist() == pytest.approx([0.9, 0.9, 0])
    assert found["pck_metrics"]["PCK@5"] == pytest.approx(2 / 3)
    assert found["visibility_metrics"] == {
        "tp": 2,
        "fp": 0,
        "tn": 0,
        "fn": 1,
        "precision": 1,
        "recall": 2 / 3,
    }
    # 0.519 is right at the threshold 0.5 only, where half of the animals are found: recalls 0 ... 0.5 of 101.
    voc = found["voc_metrics"]
    assert voc["oks_voc.AP"].tolist() == pytest.approx([51 / 101] + [0] * 9)
    assert voc["oks_voc.AR"].tolist() == [0.5] + [0] * 9
    assert voc["oks_voc.mAP"] == pytest.approx(5.1 / 101)
    every = found["animal_metrics"]
    assert (every["n_predicted"], every["n_labelled"]) == (2, 2)
    assert (every["precision"], every["recall"], every["f1"]) == (0.5, 0.5, 0.5)
    assert every["mOKS"] == pytest.approx(similarity / 2)
    # The more certain prediction is wrong, so that precision is one half.
    assert every["mAP"] == pytest.approx(5.1 / 101 / 2)
    assert every["mAR"] == pytest.approx(0.05)


def test_predictions_that_are_no_animal_lower_the_added_figures_only():
    alone = pose_metrics([frame([moved(0, 1)], [0.5], [ANIMAL])], n_nodes=3)
    crowded = pose_metrics([frame([moved(0, 1), moved(900, 0)], [0.5, 0.9], [ANIMAL])], n_nodes=3)
    for section in ("voc_metrics", "mOKS", "pck_metrics", "visibility_metrics"):
        for name, value in alone[section].items():
            np.testing.assert_array_equal(crowded[section][name], value)
    assert crowded["animal_metrics"]["mAP"] == pytest.approx(alone["animal_metrics"]["mAP"] / 2)
    assert crowded["animal_metrics"]["precision"] == 0.5


def test_a_certain_prediction_chooses_first():
    near, farther = moved(0, 1), moved(0, 3)
    found = pose_metrics([frame([near, farther], [0.4, 0.8], [ANIMAL])], n_nodes=3)
    assert found["mOKS"]["mOKS"] == pytest.approx(np.exp(-9 / 4))
    assert match_by_similarity(np.array([[0.5, 0.4], [0.9, 0.0]]), scores=np.array([0.1, 0.2])) == [
        (1, 0),
        (0, 1),
    ]


def test_match_scores_are_listed_from_the_most_certain_on():
    frames = [frame([ANIMAL], [0.2], [ANIMAL]), frame([moved(0, 1)], [0.8], [ANIMAL])]
    voc = pose_metrics(frames, n_nodes=3)["voc_metrics"]
    assert voc["oks_voc.match_scores"].tolist() == pytest.approx([np.exp(-1 / 4), 1])
    assert voc["pck_voc.match_scores"].tolist() == pytest.approx([0.9, 1])


def test_settings_of_the_similarity():
    truth = ANIMAL[None]
    assert key_point_similarity(truth + 3, truth)[0, 0] == pytest.approx(np.exp(-18 / 4))
    assert key_point_similarity(truth + 3, truth, stddev=0.05)[0, 0] == pytest.approx(np.exp(-18 / 16))
    assert key_point_similarity(truth + 3, truth, scale=3200)[0, 0] == pytest.approx(np.exp(-18 / 16))
    frames = [frame([moved(3, 3)], [1], [ANIMAL])]
    found = pose_metrics(frames, n_nodes=3, oks_stddev=0.05, oks_scale=3200.0)
    assert found["mOKS"]["mOKS"] == pytest.approx(np.exp(-18 / 64))


def test_animals_whose_box_has_no_area_are_compared_by_distance():
    flat = np.array([[[0, 0], [40, 0], [NAN, NAN]], [[5, 5], [NAN, NAN], [NAN, NAN]]])
    table = key_point_similarity(flat + np.array([[[0, 10]], [[0, 25]]]), flat)
    assert table.diagonal().tolist() == pytest.approx([0.8, 0.5])
    assert key_point_similarity(flat[:1] + 100, flat[:1])[0, 0] == 0
    only_other = np.array([[[NAN, NAN], [1, 1], [NAN, NAN]]])
    assert key_point_similarity(only_other, flat[1:])[0, 0] == 0


def test_without_any_pair_figures_are_not_numbers():
    for frames in ([], [frame([], [], [ANIMAL])], [frame([moved(900, 0)], [0.5], [ANIMAL])]):
        found = pose_metrics(frames, n_nodes=3)
        assert np.isnan(found["mOKS"]["mOKS"])
        assert all(np.isnan(found["distance_metrics"][name]) for name in ("avg", "p50", "p99"))
        assert np.isnan(found["pck_metrics"]["mPCK"])
        assert found["pck_metrics"]["mPCK_parts"].shape == (3,)
        assert found["voc_metrics"]["oks_voc.mAP"] == found["voc_metrics"]["pck_voc.mAR"] == 0
        assert np.isnan(found["visibility_metrics"]["recall"])


def test_frames_without_predictions_lower_recall():
    both = [frame([ANIMAL], [0.5], [ANIMAL]), frame([], [], [ANIMAL])]
    assert pose_metrics(both, n_nodes=3)["voc_metrics"]["oks_voc.mAR"] == 0.5
    assert pose_metrics(both[:1], n_nodes=3)["voc_metrics"]["oks_voc.mAR"] == 1


def test_predictions_without_points_do_not_count_and_labelled_animals_without_are_missed():
    empty = np.full_like(ANIMAL, NAN)
    found = pose_metrics([frame([empty, ANIMAL], [0.9, 0.5], [ANIMAL])], n_nodes=3)
    assert found["voc_metrics"]["oks_voc.mAP"] == pytest.approx(1)
    assert found["animal_metrics"]["n_predicted"] == found["animal_metrics"]["n_labelled"] == 1
    found = pose_metrics([frame([ANIMAL], [0.5], [empty, ANIMAL])], n_nodes=3)
    assert found["voc_metrics"]["oks_voc.mAR"] == 0.5
    assert found["mOKS"]["mOKS"] == 1
    own = found["animal_metrics"]
    assert (own["n_labelled"], own["recall"], own["precision"], own["mOKS"]) == (2, 0.5, 1, 0.5)


def test_frames_that_predictions_lack_count_in_the_additions_only():
    seen, unseen = frame([ANIMAL], [0.5], [ANIMAL]), frame([], [], [ANIMAL])
    found = pose_metrics([seen], n_nodes=3, unseen=[unseen])
    assert found["voc_metrics"]["oks_voc.mAR"] == 1
    assert (found["animal_metrics"]["recall"], found["animal_metrics"]["mAR"]) == (0.5, 0.5)


def test_parts_are_measured_one_by_one():
    off = ANIMAL + np.array([[0, 0], [3, 4], [NAN, NAN]])
    found = pose_metrics([frame([off], [0.5], [ANIMAL])], n_nodes=3)["part_metrics"]
    body = np.linalg.norm(np.ptp(ANIMAL, axis=0))
    np.testing.assert_allclose(found["p50"], [0, 5, NAN])
    np.testing.assert_allclose(found["p50_body_percent"], [0, 500 / body, NAN])
    np.testing.assert_allclose(found["found"], [1, 1, 0])
    assert found["body_px"] == pytest.approx(body)


def test_the_smallest_similarity_makes_a_pair_also_where_the_processor_would_round_it_off():
    far = ANIMAL + 1e-9
    for distance in np.linspace(
        1, 60, 400
    ):  # somewhere on the way are similarities that only denormal numbers hold
        close = pose_metrics([frame([ANIMAL + distance], [0.5], [ANIMAL])], n_nodes=3)
        if 0 < close["mOKS"]["mOKS"] < 1e-308:
            far = ANIMAL + distance
            break
    prepare_cpu()
    try:
        flushed = pose_metrics([frame([far], [0.5], [ANIMAL])], n_nodes=3)
        with exact_numbers():
            exact = pose_metrics([frame([far], [0.5], [ANIMAL])], n_nodes=3)
    finally:
        torch.set_flush_denormal(False)
    assert len(exact["distance_metrics"]["dists"]) == 1
    assert len(flushed["distance_metrics"]["dists"]) == 0


def centroids(*places):
    return np.array(places, dtype=float).reshape(-1, 1, 2)


def test_centroids_worked_out_by_hand():
    frames = [
        EvaluatedFrame(
            predicted=centroids([0, 0], [100, 3], [300, 300]),
            scores=np.array([0.5, 0.6, 0.7]),
            truth=centroids([100, 0], [0, 5]),
            video="a.mp4",
            frame_index=3,
        ),
        EvaluatedFrame(predicted=centroids([0, 0]), scores=np.array([1.0]), truth=centroids([0, 60])),
        EvaluatedFrame(predicted=centroids(), scores=np.array([]), truth=centroids([1, 1])),
    ]
    found = centroid_metrics(frames)
    counts = found["detection_metrics"]
    assert (counts["n_tp"], counts["n_fp"], counts["n_fn"]) == (2, 2, 2)
    assert (counts["precision"], counts["recall"], counts["f1"]) == (0.5, 0.5, 0.5)
    assert sorted(found["distance_metrics"]["dists"].tolist()) == [3, 5]
    assert found["distance_metrics"]["frame_idxs"] == [3, 3]
    assert counts["avg"] == found["distance_metrics"]["avg"] == 4
    assert counts["p90"] == pytest.approx(4.8)
    assert centroid_metrics(frames, limit=60)["detection_metrics"]["n_tp"] == 3
    assert centroid_metrics(frames, limit=4)["detection_metrics"]["n_tp"] == 1


def test_a_program_that_lists_models_finds_the_pose_sections_of_a_centroid_model():
    found = centroid_metrics(
        [EvaluatedFrame(predicted=centroids([0, 0]), scores=np.ones(1), truth=centroids([1, 0]))]
    )
    assert np.isnan(found["mOKS"]["mOKS"])
    for section, names in {
        "voc_metrics": ("oks_voc.mAP", "oks_voc.mAR", "pck_voc.mAP"),
        "pck_metrics": ("mPCK", "PCK@5"),
        "visibility_metrics": ("tp", "precision", "recall"),
    }.items():
        assert all(np.isnan(found[section][name]) for name in names)
    assert np.isnan(found["pck_metrics"]["mPCK_parts"]).all()


def test_nothing_predicted_and_nothing_labelled():
    none = EvaluatedFrame(predicted=centroids(), scores=np.array([]), truth=centroids())
    found = centroid_metrics([none])["detection_metrics"]
    assert (found["precision"], found["recall"], found["f1"], found["n_fn"]) == (0, 0, 0, 0)
    assert np.isnan(found["avg"])

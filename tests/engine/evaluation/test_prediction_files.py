"""Predictions and metrics on disk: read back through the doors that other programs use."""

import json
import os
import pickle
import zipfile

import h5py
import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.decoding.animals import PoseNames, PredictedFrame
from sleapnn_engine.evaluation.files import write_metrics, write_predictions
from sleapnn_engine.evaluation.metrics import EvaluatedFrame, centroid_metrics, pose_metrics

NAMES = PoseNames(
    nodes=("nose", "left", "right"),
    edges=(("nose", "left"), ("nose", "right")),
    symmetries=(("left", "right"),),
    classes=("female", "male"),
)


def predicted(points, *, video=0, frame_index=0, classes=None):
    points = np.array(points, dtype=np.float32).reshape(-1, 3, 2)
    count = len(points)
    classes = np.full(count, -1) if classes is None else np.array(classes)
    return PredictedFrame(
        video=video,
        frame_index=frame_index,
        points=points,
        node_scores=np.where(np.isnan(points).any(-1), 0, 0.75).astype(np.float32),
        scores=np.linspace(0.9, 0.5, count, dtype=np.float32),
        classes=classes,
        class_scores=np.where(classes < 0, np.nan, 0.8).astype(np.float32),
    )


def clip(name="clip.mp4"):
    return sio.Video(filename=name, open_backend=False)


def test_predictions_come_back_with_scores_tracks_and_provenance(tmp_path):
    nan = np.nan
    frames = [
        predicted(
            [[[1, 2], [3, 4.5], [nan, nan]], [[7, 8], [9, 10], [11, 12]]], frame_index=4, classes=[1, 0]
        ),
        predicted([[[5, 5], [6, 6], [7, 7]]], video=1, frame_index=9),
    ]
    provenance = {"model_paths": ["runs/a"], "program": "a test"}
    path = write_predictions(
        tmp_path / "labels_pr.val.0.slp",
        frames,
        videos=[clip(), clip("other.mp4")],
        names=NAMES,
        provenance=provenance,
    )
    stored = sio.load_slp(path.as_posix(), open_videos=False)
    assert stored.skeleton.node_names == list(NAMES.nodes)
    assert [tuple(edge) for edge in stored.skeleton.edge_names] == list(NAMES.edges)
    assert [set(pair) for pair in stored.skeleton.symmetry_names] == [{"left", "right"}]
    assert [video.filename for video in stored.videos] == ["clip.mp4", "other.mp4"]
    assert [track.name for track in stored.tracks] == ["female", "male"]
    assert {name: stored.provenance[name] for name in provenance} == provenance
    first, second = stored.labeled_frames
    assert (first.frame_idx, second.frame_idx) == (4, 9)
    assert second.video is stored.videos[1]
    assert all(isinstance(animal, sio.PredictedInstance) for animal in first.instances)
    np.testing.assert_array_equal(first.instances[0].numpy(), [[1, 2], [3, 4.5], [nan, nan]])
    assert [animal.track.name for animal in first.instances] == ["male", "female"]
    assert [animal.score for animal in first.instances] == pytest.approx([0.9, 0.5])
    assert first.instances[0].tracking_score == pytest.approx(0.8)
    assert first.instances[0].points["score"].tolist() == pytest.approx([0.75, 0.75, 0])
    assert second.instances[0].track is None


def test_frames_without_animals_are_kept_and_rows_without_points_are_not(tmp_path):
    frames = [predicted([], frame_index=1), predicted(np.full((2, 3, 2), np.nan), frame_index=2)]
    path = write_predictions(tmp_path / "a.slp", frames, videos=[clip()], names=NAMES)
    stored = sio.load_slp(path.as_posix(), open_videos=False)
    assert [(frame.frame_idx, len(frame.instances)) for frame in stored.labeled_frames] == [(1, 0), (2, 0)]


@pytest.mark.parametrize("count", [0, 1, 2500])
def test_files_are_those_that_the_familys_own_writer_makes(tmp_path, count):
    """Tables are laid out piece by piece; every row and every word is as sleap-io has it for the same animals."""
    random = np.random.default_rng(3)
    frames = []
    for number in range(count):
        points = random.uniform(0, 90, (random.integers(0, 4), 3, 2))
        points[random.uniform(size=points.shape[:2]) < 0.3] = np.nan
        classes = random.integers(-1, 2, len(points))
        frames.append(predicted(points, video=number % 2, frame_index=number // 2, classes=classes))
    videos = [clip(), clip("other.mp4")]
    made = write_predictions(
        tmp_path / "ours.slp", iter(frames), videos=videos, names=NAMES, provenance={"a": 1}
    )
    skeleton = sio.Skeleton(
        list(NAMES.nodes), edges=[list(e) for e in NAMES.edges], symmetries=[list(NAMES.symmetries[0])]
    )
    skeleton.name = "Skeleton-0"
    tracks = [sio.Track(name) for name in NAMES.classes]
    listed = [
        sio.LabeledFrame(
            videos[frame.video],
            frame.frame_index,
            [
                sio.PredictedInstance.from_numpy(
                    points.astype(np.float64),
                    skeleton=skeleton,
                    point_scores=scores.astype(np.float64),
                    score=float(score),
                    track=None if kind < 0 else tracks[kind],
                    tracking_score=0.0 if np.isnan(sure) else float(sure),
                )
                for points, scores, score, kind, sure in zip(
                    frame.points,
                    frame.node_scores,
                    frame.scores,
                    frame.classes,
                    frame.class_scores,
                    strict=True,
                )
                if np.isfinite(points).any()
            ],
        )
        for frame in frames
    ]
    theirs = tmp_path / "theirs.slp"
    labels = sio.Labels(listed, videos=videos, skeletons=[skeleton], tracks=tracks, provenance={"a": 1})
    sio.save_slp(labels, theirs.as_posix(), embed=False, restore_original_videos=False, verbose=False)
    with h5py.File(made) as ours, h5py.File(theirs) as other:
        assert set(ours) == set(other)
        for name in set(other) - {"metadata"}:
            assert ours[name].dtype == other[name].dtype, name
            if ours[name].dtype.names:
                for field in ours[name].dtype.names:
                    np.testing.assert_array_equal(
                        ours[name][field], other[name][field], err_msg=f"{name}.{field}"
                    )
            else:
                assert ours[name][()].tolist() == other[name][()].tolist(), name
        told, wanted = (dict(file["metadata"].attrs) for file in (ours, other))
        assert told["format_id"] == wanted["format_id"]
        words = [json.loads(one["json"]) for one in (told, wanted)]
        for one in words:
            one["provenance"].pop("filename", None)
            one.pop("skeletons")  # sleap-io has both sides of a symmetry in any order
        assert words[0] == words[1]


def test_centroids_have_a_skeleton_of_one_node(tmp_path):
    frame = PredictedFrame(
        video=0,
        frame_index=0,
        points=np.array([[[3.0, 4.0]]]),
        node_scores=np.array([[0.5]]),
        scores=np.array([0.5]),
        classes=np.array([-1]),
        class_scores=np.array([np.nan]),
    )
    path = write_predictions(tmp_path / "a.slp", [frame], videos=[clip()], names=PoseNames.centroid())
    assert sio.load_slp(path.as_posix(), open_videos=False).skeleton.node_names == ["centroid"]


def some_metrics():
    truth = np.array([[[0, 0], [40, 0], [0, 20]]], dtype=float)
    guess = truth + 1
    guess[0, 1] = np.nan
    return pose_metrics([EvaluatedFrame(predicted=guess, scores=np.ones(1), truth=truth)], n_nodes=3)


def refuse(text):
    raise AssertionError(f"{text} is no JSON")


def test_metrics_come_back_from_both_files(tmp_path):
    metrics = some_metrics()
    packed, plain = write_metrics(tmp_path, split="val", index=0, metrics=metrics)
    assert (packed.name, plain.name) == ("metrics.val.0.npz", "metrics.val.0.json")
    with np.load(packed, allow_pickle=True) as file:
        assert file.files == ["metrics"]
        assert file["metrics"].shape == ()
        read = file["metrics"].item()
    assert read.keys() == metrics.keys()
    for section, values in metrics.items():
        for name, value in values.items():
            np.testing.assert_array_equal(read[section][name], value)
    listed = json.loads(plain.read_text(encoding="utf-8"), parse_constant=refuse)
    assert "pcks" in read["pck_metrics"]
    assert "pcks" not in listed["pck_metrics"]
    assert listed["mOKS"]["mOKS"] == metrics["mOKS"]["mOKS"]
    assert listed["distance_metrics"]["dists"][0][1] is None
    assert listed["voc_metrics"]["oks_voc.AP"] == metrics["voc_metrics"]["oks_voc.AP"].tolist()


class Watching(pickle.Unpickler):
    """Notes what is looked up."""

    def __init__(self, file):
        super().__init__(file)
        self.modules = set()

    def find_class(self, module, name):
        self.modules.add(module.partition(".")[0])
        return super().find_class(module, name)


def test_what_is_pickled_for_others_needs_nothing_but_numpy(tmp_path):
    packed, _ = write_metrics(tmp_path, split="val", index=0, metrics=some_metrics())
    with zipfile.ZipFile(packed) as archive, archive.open("metrics.npy") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        reader = Watching(file)
        assert reader.load().shape == ()
    assert reader.modules == {"numpy"}


def test_figures_that_are_no_numbers_are_null(tmp_path):
    _, plain = write_metrics(tmp_path, split="test", index=2, metrics=centroid_metrics([]))
    assert plain.name == "metrics.test.2.json"
    listed = json.loads(plain.read_text(encoding="utf-8"), parse_constant=refuse)
    assert listed["mOKS"]["mOKS"] is None
    assert listed["detection_metrics"]["n_tp"] == 0


def test_the_settings_stay_the_newest_file_that_sleap_looks_at(tmp_path):
    config = tmp_path / "training_config.yaml"
    config.write_text("model_config: {}\n", encoding="utf-8")
    os.utime(config, (1, 1))
    _, plain = write_metrics(tmp_path, split="val", index=0, metrics=some_metrics())
    assert config.stat().st_mtime_ns >= plain.stat().st_mtime_ns
    assert config.read_text(encoding="utf-8") == "model_config: {}\n"


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UserError, match="metrics cannot be written"):
        write_metrics(tmp_path / "gone", split="val", index=0, metrics=some_metrics())
    with pytest.raises(UserError, match="predictions cannot be written"):
        write_predictions(tmp_path / "gone" / "a.slp", [predicted([])], videos=[clip()], names=NAMES)

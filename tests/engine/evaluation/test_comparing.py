"""Two labels files side by side: the same frames are compared, and what is in only one file is said."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io as sio

from sleapnn_engine.config.centring import Centring
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.evaluation.comparing import compare_files, measured
from tests.engine.commands.in_process import engine

NODES = ("nose", "neck", "tail")
ANIMAL = np.array([[10.0, 10.0], [20.0, 14.0], [34.0, 12.0]])


def write(
    path: Path,
    frames: dict[tuple[int, int], Sequence[Any]],
    *,
    nodes: Sequence[str] = NODES,
    videos: Sequence[str] = ("a.mp4",),
    kind: Any = sio.Instance,
    tracks: Sequence[str] = (),
) -> Path:
    """Write animals, points (N, 2) each, by (number of video, frame); the first have the `tracks`."""
    skeleton = sio.Skeleton(nodes=list(nodes))
    listed = [
        sio.Video(name, open_backend=False, backend_metadata={"shape": (99, 64, 64, 1)}) for name in videos
    ]
    known = [sio.Track(name) for name in tracks]
    made = [
        sio.LabeledFrame(
            listed[video],
            number,
            [
                kind.from_numpy(
                    np.array(points), skeleton=skeleton, track=known[i] if i < len(known) else None
                )
                for i, points in enumerate(animals)
            ],
        )
        for (video, number), animals in frames.items()
    ]
    labels = sio.Labels(made, videos=listed, skeletons=[skeleton], tracks=known)
    sio.save_slp(labels, path.as_posix(), embed=False, restore_original_videos=False)
    return path


def predictions(path: Path, frames: dict[tuple[int, int], Sequence[Any]], **how: Any) -> Path:
    return write(path, frames, kind=sio.PredictedInstance, **how)


def test_frames_are_matched_by_video_and_number_and_the_rest_is_said(tmp_path: Path) -> None:
    truth = write(
        tmp_path / "t.slp",
        {(0, 1): [ANIMAL], (0, 2): [ANIMAL + 5], (1, 1): [ANIMAL + 9]},
        videos=("day1/a.mp4", "day1/b.mp4"),
    )
    found = predictions(
        tmp_path / "p.slp",
        {(0, 1): [ANIMAL + 9], (1, 1): [ANIMAL + 1], (1, 7): [ANIMAL], (2, 1): [ANIMAL]},
        videos=("day1/b.mp4", "elsewhere/a.mp4", "c.mp4"),
    )
    compared = compare_files(truth, found)
    assert [(frame.video, frame.frame_index) for frame in compared.frames] == [
        ("day1/a.mp4", 1),
        ("day1/b.mp4", 1),
    ]
    gaps = [np.abs(frame.predicted - frame.truth).max() for frame in compared.frames]
    np.testing.assert_allclose(gaps, [1, 0])
    assert [frame.frame_index for frame in compared.unseen] == [2]
    told = " ".join(compared.notes)
    assert "1 predicted video not in the labels: c.mp4." in told
    assert "1 labelled frame of 3, with 1 animal, is not in the predictions" in told
    assert "1 predicted frame of 3 has no labelled animal" in told
    figures = measured(compared)
    assert figures["voc_metrics"]["oks_voc.mAR"] == 0.5
    assert figures["animal_metrics"]["n_labelled"] == 3


def test_nodes_are_matched_by_name_and_may_be_fewer(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.slp", {(0, 0): [ANIMAL]})
    found = predictions(tmp_path / "p.slp", {(0, 0): [ANIMAL[[2, 0]]]}, nodes=("tail", "nose"))
    compared = compare_files(truth, found)
    assert compared.nodes == ("tail", "nose")
    np.testing.assert_array_equal(compared.frames[0].truth, compared.frames[0].predicted)
    assert "Labelled but not predicted, and left out: 'neck'." in compared.notes
    other = predictions(tmp_path / "o.slp", {(0, 0): [ANIMAL]}, nodes=("nose", "neck", "wing"))
    with pytest.raises(UserError, match="'wing', which the labels do not have"):
        compare_files(truth, other)


def test_centres_are_compared_with_an_anchor_or_the_middle(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.slp", {(0, 0): [ANIMAL, ANIMAL + 100]})
    found = predictions(tmp_path / "p.slp", {(0, 0): [[[22.0, 12.0]]]}, nodes=("centroid",))
    middle = measured(compare_files(truth, found))["detection_metrics"]
    assert (middle["n_tp"], middle["n_fn"], middle["avg"]) == (1, 1, 0)
    anchored = measured(compare_files(truth, found, centring=Centring("neck")))["detection_metrics"]
    assert anchored["avg"] == pytest.approx(np.hypot(2, 2))
    with pytest.raises(UserError, match="no node “wing”"):
        compare_files(truth, found, centring=Centring("wing"))
    with pytest.raises(UserError, match="predictions are of their parts"):
        compare_files(
            truth, predictions(tmp_path / "parts.slp", {(0, 0): [ANIMAL]}), centring=Centring("neck")
        )


def test_animals_without_a_point_are_missed_and_predictions_are_no_labels(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.slp", {(0, 0): [ANIMAL, np.full((3, 2), np.nan)]})
    found = predictions(tmp_path / "p.slp", {(0, 0): [ANIMAL]})
    figures = measured(compare_files(truth, found))
    assert (figures["voc_metrics"]["oks_voc.mAR"], figures["animal_metrics"]["recall"]) == (0.5, 0.5)
    with pytest.raises(UserError, match="no hand-labelled animals"):
        compare_files(found, found)
    assert len(compare_files(found, found, with_predictions=True).frames) == 1


def test_identities_are_judged_by_the_names_of_tracks(tmp_path: Path) -> None:
    animals = [ANIMAL, ANIMAL + 100]
    truth = write(tmp_path / "t.slp", {(0, n): animals for n in range(2)}, tracks=("her", "him"))
    found = {(0, 0): animals, (0, 1): animals[::-1]}
    named = measured(compare_files(truth, predictions(tmp_path / "p.slp", found, tracks=("her", "him"))))
    assert named["identity_metrics"]["accuracy"] == 0.5
    others = measured(
        compare_files(truth, predictions(tmp_path / "o.slp", found, tracks=("track_0", "track_1")))
    )
    assert np.isnan(others["identity_metrics"]["accuracy"])


def test_the_command_prints_and_writes_figures_that_are_read_without_running_anything(tmp_path: Path) -> None:
    truth = write(tmp_path / "t.slp", {(0, 0): [ANIMAL], (0, 1): [ANIMAL]})
    found = predictions(tmp_path / "p.slp", {(0, 0): [ANIMAL + 3]})
    words = ("evaluate", "--truth", truth, "--predicted", found)
    said = engine(*words, "-o", tmp_path)
    assert said.code == 0
    assert "is not in the predictions" in said.err
    lines = {line.split()[0]: line.split() for line in said.out.splitlines()}
    assert lines["neck"][1:3] == ["4.243", "4.243"]
    with np.load(tmp_path / "metrics.npz", allow_pickle=False) as packed:
        assert packed["part_metrics/p50"] == pytest.approx([np.hypot(3, 3)] * 3)
        assert packed["distance_metrics/video_paths"].tolist() == ["a.mp4"]
    plain = json.loads((tmp_path / "metrics.json").read_text())
    printed = json.loads(engine(*words, "--json").out)
    assert printed["metrics"] == plain
    assert printed["nodes"] == list(NODES)
    assert printed["notes"]


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--truth", "no.slp", "--predicted", "p.slp"), "does not exist"),
        (("--truth", "p.slp", "--predicted", "p.slp", "-o", "none"), "There is no such folder"),
        (("--truth", "p.slp", "--predicted", "p.slp", "--oks-stddev", "0"), "outside of what makes sense"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], saying: str
) -> None:
    monkeypatch.chdir(tmp_path)
    predictions(tmp_path / "p.slp", {(0, 0): [ANIMAL]})
    said = engine("evaluate", *words)
    assert said.code in (1, 2)
    assert saying in said.err

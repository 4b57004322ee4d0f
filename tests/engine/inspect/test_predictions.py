"""A file of predictions is looked at frame by frame, with the labels of the same frame beside them."""

import os
from pathlib import Path

import numpy as np
import pytest

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.video_frames import VideoFrames
from sleapnn_engine.evaluation.comparing import compare_files
from sleapnn_engine.evaluation.report import evaluation_of
from sleapnn_engine.inspect.predictions import Predictions, evaluation
from sleapnn_engine.inspect.questions import make_answers
from sleapnn_engine.inspect.wanted import NotWanted, never
from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.fields import complaint
from sleapnn_engine.protocol.questions import QUESTIONS
from tests.engine.data import drawn
from tests.engine.evaluation.test_comparing import ANIMAL, NODES, predictions, write


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Labels of frames 2 and 4 of a video, and predictions of 2 to 4, the first with a wrong animal beside the right one."""
    video = drawn.write_video(tmp_path / "a.avi", 99, size=(64, 64))
    truth = write(tmp_path / "t.slp", {(0, 2): [ANIMAL], (0, 4): [ANIMAL]}, videos=(str(video),))
    given = {
        (0, 4): [ANIMAL],
        (0, 2): [ANIMAL + np.array([50.0, 0.0]), ANIMAL + np.array([3.0, 4.0])],
        (0, 3): [ANIMAL],
    }
    return truth, predictions(tmp_path / "p.slp", given, videos=(str(video),), tracks=("one", "two"))


def test_frames_come_in_order_with_image_points_and_tracks(files: tuple[Path, Path], tmp_path: Path) -> None:
    shelf = Predictions()
    bodies = [shelf.frame({"file": str(files[1]), "index": place}, never) for place in (0, 1, 2, 99)]
    assert [body["frame"] for body, _ in bodies] == [2, 3, 4, 4]
    first, arrays = bodies[0]
    assert np.array_equal(arrays["image"], VideoFrames(str(tmp_path / "a.avi")).read(2))
    assert (first["count"], first["nodes"], first["tracks"]) == (3, list(NODES), ["one", "two"])
    assert first["identities"] == ["one", "two"]
    assert first["predicted"][1][0] == [13.0, 14.0]
    assert first["truth"] == []
    assert Frame.read(first).pairs is None, "without labels nobody counts as extra"


def test_labels_stand_beside_them_with_who_is_who(files: tuple[Path, Path]) -> None:
    asked = {"file": str(files[1]), "truth": str(files[0])}
    shelf = Predictions()
    said = Frame.read(shelf.frame({**asked, "frame": 2}, never)[0])
    assert said.pairs is not None
    assert [(pair.labelled, pair.predicted, pair.error_px) for pair in said.pairs] == [(0, 1, 5.0)]
    assert said.error_px == 5.0
    assert said.truth == [[[10.0, 10.0], [20.0, 14.0], [34.0, 12.0]]]
    assert Frame.read(shelf.frame({**asked, "frame": 3}, never)[0]).pairs is None
    with pytest.raises(UserError, match="Frame 7 is not in the predictions"):
        shelf.frame({**asked, "frame": 7}, never)


def test_a_file_that_was_written_anew_is_read_anew(files: tuple[Path, Path], tmp_path: Path) -> None:
    shelf, asked = Predictions(), {"file": str(files[1])}
    assert shelf.frame(asked, never)[0]["count"] == 3
    predictions(files[1], {(0, 1): [ANIMAL]}, videos=(str(tmp_path / "a.avi"),))
    os.utime(files[1], ns=(1, 1))
    assert shelf.frame(asked, never)[0]["count"] == 1


def test_what_is_wrong_is_a_sentence(files: tuple[Path, Path], tmp_path: Path) -> None:
    shelf = Predictions()
    with pytest.raises(UserError, match="does not exist"):
        shelf.frame({"file": str(tmp_path / "none.slp")}, never)
    empty = predictions(tmp_path / "empty.slp", {}, videos=(str(tmp_path / "a.avi"),))
    with pytest.raises(UserError):
        shelf.frame({"file": str(empty)}, never)
    (tmp_path / "a.avi").unlink()
    with pytest.raises(UserError, match="not found"):
        shelf.frame({"file": str(files[1])}, never)
    with pytest.raises(NotWanted):
        evaluation({"file": str(files[1]), "truth": str(files[0])}, lambda: True)


def test_the_figures_are_those_of_the_command(files: tuple[Path, Path]) -> None:
    asked = {"file": str(files[1]), "truth": str(files[0]), "with_predictions": False}
    assert complaint(QUESTIONS["evaluation"].fields, asked, mode="wire") is None
    body, arrays = make_answers()["evaluation"](asked, never)
    assert arrays == {}
    assert body == evaluation_of(*files, compare_files(*files))
    assert body["report"]["animals"]["extra"] == 1

"""Frames set aside as whole videos or stretches: nothing is lost, neighbours stay together, and files say the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.records import LabeledFrame, LabelSet, VideoSource
from sleapnn_engine.data.split_rules import SPLIT_RULES
from sleapnn_engine.inspect.questions import make_answers
from sleapnn_engine.inspect.wanted import never
from tests.engine.training.rendered import job, write_labels


def labels_of(*videos: list[int]) -> LabelSet:
    frames = tuple(
        LabeledFrame(0, video, number, np.zeros((1, 1, 2), np.float32), np.array([-1]), np.array([True]))
        for video, numbers in enumerate(videos)
        for number in numbers
    )
    known = tuple(VideoSource(0, video, f"{video}.mp4", "film") for video in range(len(videos)))
    return LabelSet((Path("a.slp"),), ("x",), (), (), (), known, frames)


LONG = list(range(0, 200, 2))


@pytest.mark.parametrize("rule", SPLIT_RULES)
@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5, 0.9])
def test_nothing_is_lost_and_both_parts_have_frames(rule: str, fraction: float) -> None:
    for labels in (labels_of(LONG, LONG[:7], [1]), labels_of([3], [5]), labels_of(*([n] for n in range(9)))):
        found = SPLIT_RULES[rule](labels, validation_fraction=fraction)
        assert sorted((*found.train, *found.val)) == list(range(len(labels)))
        assert found.train
        assert found.val
        assert found == SPLIT_RULES[rule](labels, validation_fraction=fraction), "the same each time"


def test_no_video_is_on_both_sides() -> None:
    labels = labels_of(*([*range(n, n + 10)] for n in range(20)))
    found = SPLIT_RULES["video"](labels, validation_fraction=0.2)
    videos = [{labels.frames[index].video_index for index in part} for part in (found.train, found.val)]
    assert not videos[0] & videos[1]
    assert len(found.val) == 40
    with pytest.raises(UserError, match="of one video"):
        SPLIT_RULES["video"](labels_of(LONG), validation_fraction=0.2)


def test_neighbouring_frames_stay_together() -> None:
    labels = labels_of(LONG, [1000, 1002, 1004, 5000, 5002])
    found = SPLIT_RULES["stretch"](labels, validation_fraction=0.2)
    assert 15 <= len(found.val) <= 25
    sides = np.isin(np.arange(len(labels)), found.val)
    assert np.count_nonzero(np.diff(sides[:100])) <= 6, "a few stretches, not single frames"
    assert len(set(sides[100:103])) == len(set(sides[103:])) == 1, "what is close together in time is not cut"


@pytest.mark.parametrize("rule", ["stretch"])
def test_a_split_is_written_as_labels_that_train_the_same_way(tmp_path: Path, rule: str) -> None:
    files = [write_labels(tmp_path, f"{name}.slp", frames=10) for name in ("a", "b")]
    values = job(tmp_path, files, data_config__validation_fraction=0.4)
    answers = make_answers()
    said, arrays = answers["split"]({"values": values, "rule": rule}, never)
    assert said["learned"] + said["measured"] == 20
    assert not said["separate"]
    folder = tmp_path / "split"
    folder.mkdir()
    asked: dict[str, Any] = {"values": values, "rule": rule, "folder": str(folder)}
    written, _ = answers["save_split"](asked, never)
    counts = {
        name: sum(len(read_labels([path]).labels) for path in written[name]) for name in ("train", "val")
    }
    assert counts == {"train": said["learned"], "val": said["measured"]}
    places = [(str(file), number) for file in files for number in range(10)]
    for name, flag in (("train", 1), ("val", 2)):
        shown = {place for place, part in zip(places, arrays["parts"], strict=True) if part == flag}
        found = {
            (f"{tmp_path / Path(path).name.split('.')[0]}.slp", frame.frame_index)
            for path in written[name]
            for frame in read_labels([path]).labels.frames
        }
        assert found == shown
    values["data_config"] |= {"train_labels_path": written["train"], "val_labels_path": written["val"]}
    again, _ = answers["split"]({"values": values, "rule": "random"}, never)
    assert (again["learned"], again["measured"], again["separate"]) == (
        said["learned"],
        said["measured"],
        True,
    )
    with pytest.raises(UserError, match="files of their own"):
        answers["split"]({"values": values, "rule": rule}, never)


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    values = job(tmp_path, write_labels(tmp_path, frames=10))
    (tmp_path / "labels.val.slp").write_text("mine")
    answer = make_answers()["save_split"]
    with pytest.raises(UserError, match="is there already"):
        answer({"values": values, "rule": "stretch", "folder": str(tmp_path)}, never)
    assert (tmp_path / "labels.val.slp").read_text() == "mine"
    assert not (tmp_path / "labels.train.slp").exists()
    with pytest.raises(UserError, match="no way to split called 'odd'"):
        answer({"values": values, "rule": "odd", "folder": str(tmp_path)}, never)
    with pytest.raises(UserError, match="not written"):
        answer({"values": values, "rule": "stretch", "folder": str(tmp_path / "gone" / "away")}, never)

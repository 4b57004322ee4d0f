"""The frames of the labels one by one: which are there, what each is for, and their pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.findings import Findings
from sleapnn_engine.data.records import LabelSet
from sleapnn_engine.inspect import known_labels
from sleapnn_engine.inspect.questions import make_answers
from sleapnn_engine.inspect.wanted import never
from sleapnn_engine.training.prepare import plan_samples
from tests.engine.training.rendered import job, write_labels


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("labelled")
    return {
        "first": write_labels(folder, "first.slp", frames=9, animals=2, tracks=("a", "b")),
        "second": write_labels(folder, "second.slp", frames=5, animals=2, tracks=("b", "c")),
        "other": write_labels(folder, "other.slp", frames=2, nodes=("x", "y")),
    }


def asked(kind: str, values: dict[str, Any], **more: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    return make_answers()[kind]({"values": values, **more}, never)


def frame_keys(labels: LabelSet) -> set[tuple[str, int]]:
    return {(labels.files[frame.file_index].name, frame.frame_index) for frame in labels.frames}


@pytest.mark.parametrize("model_type", ["centroid", "bottomup"])
@pytest.mark.parametrize(
    ("fraction", "same", "separate"), [(0.25, False, False), (0.5, True, False), (0.25, False, True)]
)
def test_frames_are_for_what_a_training_has_them_for(
    tmp_path: Path, files: dict[str, Path], model_type: str, fraction: float, same: bool, separate: bool
) -> None:
    values = job(
        tmp_path,
        files["first"] if separate else [files["first"], files["second"]],
        model_type=model_type,
        data_config__validation_fraction=fraction,
        data_config__use_same_data_for_val=same,
        **({"data_config__val_labels_path": [str(files["second"])]} if separate else {}),
    )
    found = Findings()
    data = plan_samples(build_job(values), found=found).data
    assert data is not None, found.refusals
    body, arrays = asked("frames", values)
    rows = arrays["frames"]
    named = [(Path(body["videos"][video]["file"]).name, int(number)) for video, number in rows[:, :2]]
    parts = rows[:, 3]
    assert {key for key, part in zip(named, parts, strict=True) if part & 1} == frame_keys(data.train)
    assert {key for key, part in zip(named, parts, strict=True) if part & 2} == frame_keys(data.val)
    assert body["count"] == 14
    assert body["own"] == (9 if separate else 14)


def test_validation_frames_follow_with_their_tracks_by_name(tmp_path: Path, files: dict[str, Path]) -> None:
    values = job(tmp_path, files["first"], data_config__val_labels_path=[str(files["second"])])
    body, arrays = asked("frames", values)
    assert body["tracks"] == ["a", "b", "c"]
    of_last = arrays["animals"][arrays["animals"][:, 0] == 13]
    assert [body["tracks"][track] for track in of_last[:, 2]] == ["b", "c"]
    shown, pictures = asked("frame", values, index=13)
    assert shown["tracks"] == ["b", "c"]
    assert (shown["learned"], shown["measured"]) == (False, True)
    assert pictures["image"].shape == (64, 64, 1)


def test_labels_of_another_skeleton_are_left_to_the_checks(tmp_path: Path, files: dict[str, Path]) -> None:
    values = job(tmp_path, files["first"], data_config__val_labels_path=[str(files["other"])])
    assert asked("frames", values)[0]["count"] == 9


def test_a_config_without_model_or_with_a_foolish_split_still_shows_frames(files: dict[str, Path]) -> None:
    for fraction in (7, "half"):
        data = {"train_labels_path": str(files["first"]), "validation_fraction": fraction}
        body, arrays = asked("frames", {"data_config": data})
        assert body["count"] == 9
        assert "fraction" in body["reason"]
        assert not arrays["frames"][:, 3].any()


def test_small_pictures_come_by_their_place(tmp_path: Path, files: dict[str, Path]) -> None:
    values = job(tmp_path, files["first"])
    body, pictures = asked("thumbnails", values, indices=[4, 0])
    assert set(pictures) == {"4", "0"}
    assert body["failed"] == []
    with pytest.raises(UserError, match="17 pictures cannot"):
        asked("thumbnails", values, indices=list(range(17)))
    assert asked("thumbnails", values, indices=[9, 1])[0]["failed"] == [9]
    with pytest.raises(UserError, match="There is no frame 9"):
        asked("frame", values, index=9)


def test_labels_with_an_unreadable_image_are_not_read_for_each_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_labels(tmp_path, frames=6)
    (tmp_path / "labels" / "003.png").write_bytes(b"no picture")
    read: list[Any] = []
    act = known_labels.read_labels
    monkeypatch.setattr(
        known_labels, "read_labels", lambda *words, **named: (read.append(words), act(*words, **named))[1]
    )
    answers, values = make_answers(), job(tmp_path, path)
    facts, _ = answers["describe"]({"values": values}, never)
    assert facts["unreadable_frames"] == 1
    for index in range(5):
        answers["frame"]({"values": values, "index": index}, never)
    assert len(read) == 1
    answers["describe"]({"values": values}, never)
    assert len(read) == 2, "who asks for facts has it looked at again"
    (tmp_path / "labels.slp").touch()
    answers["frames"]({"values": values}, never)
    assert len(read) == 3

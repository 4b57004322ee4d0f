"""A package of labels reads exactly as the labels did that it was made from."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from sleapnn_engine.data.label_packing import holds_its_images, pack_labels, package_bytes
from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.records import LabelSet
from tests.engine.training.rendered import write_labels

#: Labels of every kind of video: video files, lists, packages; gray, in colour, deep, of several sizes, listed twice, damaged.
KINDS = (
    "projects/robot2/small_robot_minimal.slp",
    "bad/02_missing_video/image_list_some_missing/labels.slp",
    "bad/06_damaged/broken_image_inside.pkg.slp",
    "bad/07_damaged_video/shorter_than_labels/labels.slp",
    "bad/11_images/mixed_channels.pkg.slp",
    "bad/11_images/mixed_sizes.pkg.slp",
    "bad/11_images/uint16_images.pkg.slp",
    "bad/12_positions/at_image_corner.pkg.slp",
    "bad/13_structure/user_and_predicted_mixed.pkg.slp",
    "bad/14_old_files/windows_single_image_video/small_robot_siv.slp",
    "bad/15_reports/film_damaged_in_the_middle/l.slp",
    "bad/15_reports/negative_frames/l.slp",
    "bad/15_reports/same_film_listed_twice/l.slp",
    "bad/15_reports/same_name_two_folders/l.slp",
)


def same(first: LabelSet, second: LabelSet, *, file: int = 0) -> None:
    """Whether the frames of one file of a set are those of a set of that file alone, images included."""
    frames = [(row, frame) for row, frame in enumerate(first.frames) if frame.file_index == file]
    assert len(frames) == len(second)
    for number, ((row, a), b) in enumerate(zip(frames, second.frames, strict=True)):
        assert (first.videos[a.video_index].number, a.frame_index, a.size) == (
            second.videos[b.video_index].number,
            b.frame_index,
            b.size,
        )
        np.testing.assert_array_equal(a.points, b.points)
        assert [first.tracks[t] if t >= 0 else "" for t in a.track_index] == [
            second.tracks[t] if t >= 0 else "" for t in b.track_index
        ]
        np.testing.assert_array_equal(first.read_image(row), second.read_image(number))
    assert (first.nodes, first.edges, first.symmetries) == (second.nodes, second.edges, second.symmetries)


def packed(labels: LabelSet, path: Path, *, file: int = 0) -> LabelSet:
    """The package of one file, read again."""
    pack_labels(labels, file=file, path=path)
    assert path.stat().st_size <= package_bytes(labels, file=file)
    reading = read_labels([path])
    assert reading.problems == ()
    assert holds_its_images(reading.labels, file=0)
    return reading.labels


@pytest.mark.parametrize("name", KINDS)
def test_real_labels_read_the_same(shared_data: Path, tmp_path: Path, name: str) -> None:
    labels = read_labels([shared_data / name]).labels
    again = packed(labels, tmp_path / "p.pkg.slp")
    same(labels, again)
    # What was told of frames left out is told where they are left out, and not once more.
    assert not [text for text in again.warnings if "without a readable image" in text]
    labels.close()
    again.close()


@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_one_set_are_packed_each_for_itself(tmp_path: Path, channels: int) -> None:
    files = [
        write_labels(tmp_path, f"{name}.slp", channels=channels, frames=frames, tracks=tracks)
        for name, frames, tracks in (("a", 3, ["one"]), ("b", 4, ["two"]))
    ]
    labels = read_labels(files).labels
    assert not holds_its_images(labels, file=1)
    again = packed(labels, tmp_path / "p.pkg.slp", file=1)
    same(labels, again, file=1)
    shutil.rmtree(tmp_path / "b")  # its images come from the package alone
    assert again.read_image(0).shape == (64, 64, channels)
    again.close()


def test_predictions_come_along_only_where_they_are_learned_from(tmp_path: Path) -> None:
    file = write_labels(tmp_path, frames=6, predicted=2)
    for only_user, frames in ((True, 4), (False, 6)):
        labels = read_labels([file], user_instances_only=only_user).labels
        told: list[tuple[int, int]] = []
        path = tmp_path / f"{frames}.pkg.slp"
        pack_labels(labels, file=0, path=path, progress=lambda *done: told.append(done))  # noqa: B023
        assert told == [(number + 1, frames) for number in range(frames)]
        assert len(read_labels([path], user_instances_only=False).labels) == frames

"""Videos: the frame that comes is the one asked for, and what cannot be read is found before anything starts."""

import cv2
import numpy as np
import pytest

from sleapnn_engine.data.labels import read_labels
from sleapnn_engine.data.video_frames import VideoFrames
from tests.engine.data.drawn import labels, picture, shown, spoil, write_video
from tests.engine.data.opened import open_labels


def read_in(path, order):
    """Numbers that the frames show, None where one cannot be read."""
    frames, got = VideoFrames(str(path)), []
    for number in order:
        try:
            got.append(shown(frames.read(int(number))))
        except ValueError:
            got.append(None)
    frames.close()
    return got


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.mov", "a.m4v"])
@pytest.mark.parametrize("frames", [1, 2, 60])
def test_every_frame_is_the_one_asked_for_in_any_order(tmp_path, name, frames):
    path = write_video(tmp_path / name, frames)
    for order in (range(frames), range(frames)[::-1], np.random.default_rng(frames).permutation(frames)):
        assert read_in(path, order) == [int(number) for number in order]


@pytest.mark.parametrize("damaged", [[0], [0, 1, 2], [5], [5, 6, 7], [11], [0, 4, 11], [*range(6)]])
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_no_frame_is_taken_for_a_damaged_one(tmp_path, damaged, seed):
    path = spoil(write_video(tmp_path / "a.avi"), damaged)
    order = range(12) if seed is None else np.random.default_rng(seed).permutation(12)
    for number, got in zip(order, read_in(path, order), strict=True):
        assert got in ({None} if number in damaged else {None, number})


@pytest.mark.parametrize("damaged", [[0], [4], [4, 6], [11], [0, 2]])
def test_damaged_frames_are_left_out_with_their_places_and_the_rest_is_right(tmp_path, damaged):
    spoil(write_video(tmp_path / "a.avi"), damaged)
    every = [0, 2, 4, 6, 8, 11]
    reading = open_labels([labels(tmp_path / "l.slp", ["a.avi"], frames=every)])
    assert [frame.frame_index for frame in reading.frames] == [f for f in every if f not in damaged]
    assert [shown(reading.read_image(i)) for i in range(len(reading))] == [
        f for f in every if f not in damaged
    ]
    (said,) = [text for text in reading.warnings if "without a readable image" in text]
    assert f"(a.avi) frame {damaged[0]}: " in said
    assert reading.counts.unreadable_frames == len(damaged)


def test_a_video_whose_file_is_cut_off_is_read_up_to_there(tmp_path):
    path = write_video(tmp_path / "a.avi", 40)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    reading = open_labels([labels(tmp_path / "l.slp", ["a.avi"], frames=range(40), shape=None)])
    numbers = [frame.frame_index for frame in reading.frames]
    assert 10 < len(numbers) < 30
    # The image that the cut goes through is patched by the decoder, which does not say so.
    assert [shown(reading.read_image(i)) for i in range(len(reading) - 1)] == numbers[:-1]
    assert reading.counts.unreadable_frames == 40 - len(numbers)


def test_a_video_of_one_frame_is_read(tmp_path):
    write_video(tmp_path / "a.mp4", 1, first=9)
    reading = open_labels([labels(tmp_path / "l.slp", ["a.mp4"], frames=[0], shape=(1, 64, 96, 1))])
    assert [shown(reading.read_image(0)) for _ in range(3)] == [9, 9, 9]


def test_a_video_of_which_nothing_can_be_read_is_a_problem(tmp_path):
    spoil(write_video(tmp_path / "a.avi"), range(12))
    (problem,) = [
        p for p in read_labels([labels(tmp_path / "l.slp", ["a.avi"])]).problems if "a.avi" in str(p)
    ]
    assert "No labelled frame" in str(problem)


def test_progress_counts_the_frames_that_are_looked_at_and_may_end_it(tmp_path):
    write_video(tmp_path / "a.mp4")
    write_video(tmp_path / "b.mp4")
    path, seen = labels(tmp_path / "l.slp", ["a.mp4", "b.mp4"]), []
    open_labels([path], progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (6, 6)

    def stop(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        open_labels([path], progress=stop)


def test_one_broken_image_of_a_list_does_not_condemn_it(tmp_path):
    for number in range(4):
        cv2.imwrite((tmp_path / f"{number}.png").as_posix(), picture(number))
    (tmp_path / "0.png").write_bytes((tmp_path / "0.png").read_bytes()[:90])
    names = [f"{number}.png" for number in range(4)]
    reading = open_labels([labels(tmp_path / "l.slp", [names], frames=range(4), shape=(4, 64, 96, 3))])
    assert [shown(reading.read_image(i)) for i in range(3)] == [1, 2, 3]


def test_stacks_and_array_files_are_read_frame_by_frame(tmp_path):
    import h5py

    images = np.stack([picture(number)[..., 0] for number in range(5)])
    cv2.imwritemulti((tmp_path / "a.tif").as_posix(), list(images))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("images", data=images[..., None])
    for name in ("a.tif", "a.h5"):
        path = labels(tmp_path / "l.slp", [name], frames=[0, 3, 4, 7], shape=(5, 64, 96, 1))
        reading = open_labels([path])
        assert len(reading) == 3, reading.warnings
        assert [shown(reading.read_image(i)) for i in range(3)] == [0, 3, 4], name
        assert any("frame 7" in said for said in reading.warnings), name
        reading.close()

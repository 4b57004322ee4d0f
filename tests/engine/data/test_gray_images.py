"""Gray images in colour files are read as gray, and nothing that has a colour is."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import sleap_io as sio

from tests.engine.data.opened import open_labels

PROGRAMS = ("sleap", "sleap-io")


def shades(number: int) -> np.ndarray:
    """Noise of one channel, another for each number."""
    return np.random.default_rng(number).integers(1, 256, (20, 30), dtype=np.uint8)


def gray(number: int) -> np.ndarray:
    return np.repeat(shades(number)[..., None], 3, axis=-1)


def green(number: int) -> np.ndarray:
    image = np.zeros((20, 30, 3), dtype=np.uint8)
    image[..., 1] = shades(number)
    return image


def write(folder: Path, images: Sequence[np.ndarray], *, program: str) -> Path:
    """Write RGB images as PNGs beside labels over them, as SLEAP or sleap-io makes them.

    SLEAP notes the size of the first image; sleap-io notes what it takes the images for, by red and blue of the first.
    """
    files = [(folder / f"{number}.png").as_posix() for number in range(len(images))]
    for file, image in zip(files, images, strict=True):
        cv2.imwrite(file, image[..., ::-1])
    video, skeleton = sio.Video.from_filename(files), sio.Skeleton(nodes=["a"])
    animal = sio.Instance.from_numpy(np.array([[3.0, 4.0]]), skeleton=skeleton)
    frames = [
        sio.LabeledFrame(video=video, frame_idx=number, instances=[animal]) for number in range(len(images))
    ]
    path = folder / "labels.slp"
    labels = sio.Labels(frames, videos=[video], skeletons=[skeleton])
    sio.save_slp(labels, path.as_posix(), embed=False, restore_original_videos=False)
    if program == "sleap":
        backend = {"filename": files[0], "filenames": files, "height_": 20, "width_": 30, "channels_": 3}
        with h5py.File(path, "r+") as file:
            del file["videos_json"]
            file.create_dataset("videos_json", data=[np.bytes_(json.dumps({"backend": backend}))])
    return path


def test_green_images_keep_their_colour(tmp_path: Path) -> None:
    drawn = [green(number) for number in range(3)]
    labels = open_labels([write(tmp_path, drawn, program="sleap")])
    for index, image in enumerate(drawn):
        assert labels.frames[index].size == (20, 30, 3)
        np.testing.assert_array_equal(labels.read_image(index), image)


@pytest.mark.parametrize("coloured", [0, 1, 2])
def test_a_file_that_calls_coloured_images_gray_is_followed_and_told_of(
    tmp_path: Path, coloured: int
) -> None:
    drawn = [gray(0), gray(1), gray(2)]
    drawn[coloured] = green(coloured)
    labels = open_labels([write(tmp_path, drawn, program="sleap-io")])
    assert [frame.size for frame in labels.frames] == [(20, 30, 1)] * 3
    assert any("says that its images are gray, but they have colours" in text for text in labels.warnings)


@pytest.mark.parametrize("coloured", [1, 2])
def test_colour_that_comes_after_gray_images_is_kept(tmp_path: Path, coloured: int) -> None:
    drawn = [gray(0), gray(1), gray(2)]
    drawn[coloured] = green(coloured)
    labels = open_labels([write(tmp_path, drawn, program="sleap")])
    for index, image in enumerate(drawn):
        assert labels.frames[index].size == (20, 30, 3)
        np.testing.assert_array_equal(labels.read_image(index), image)


@pytest.mark.parametrize("program", PROGRAMS)
def test_gray_images_in_colour_files_are_gray(tmp_path: Path, program: str) -> None:
    labels = open_labels([write(tmp_path, [gray(number) for number in range(3)], program=program)])
    assert not any("colours" in text for text in labels.warnings)
    for index in range(3):
        assert labels.frames[index].size == (20, 30, 1)
        np.testing.assert_array_equal(labels.read_image(index), shades(index)[..., None])
